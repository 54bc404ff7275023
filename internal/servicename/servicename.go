// Package servicename says what a service may be called: its name is part of file names, of
// variables and of every line of output. It starts no goroutine.
package servicename

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/locald/locald/internal/plain"
)

const (
	// MaxLen is how many bytes a name has at most.
	MaxLen = 64
	// Release is what platforms run once per deployment: a Procfile has no service of this name.
	Release = "release"
)

// Check returns why a name cannot be a service's, for a sentence; "" where it can be.
func Check(name string) (reason string) {
	switch i := strings.IndexFunc(name, func(r rune) bool { return !Allowed(r) }); {
	case name == "":
		return "there is no name"
	case len(name) > MaxLen:
		return fmt.Sprintf("the name is longer than %d bytes", MaxLen)
	case i >= 0:
		_, size := utf8.DecodeRuneInString(name[i:])
		return fmt.Sprintf("\"%s\" cannot be in a name: use letters, digits, _ and -",
			plain.Visible(name[i:i+size], ""))
	case name == Release:
		return "release is a deploy step, not a service"
	}
	return ""
}

// Allowed reports whether a name may hold r.
func Allowed(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' ||
		r == '_' || r == '-'
}

// Variable is a name, or that of one of several instances, as a part of a variable's name. Two
// services of a project must not share it.
func Variable(name string) string {
	return strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(name))
}
