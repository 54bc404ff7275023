// Package decisive owns which variables decide what runs: by their name, in one table of families,
// and by their value, whatever their name. What is decisive is part of what a person approves;
// everything else in a .env may change freely.
//
// It is pure: it looks at text only, never at the disk, for what a value names can be put there
// later. It starts no goroutine.
package decisive

import (
	"slices"
	"strings"
)

// Family is a kind of variable that decides what runs.
type Family struct {
	Title  string
	Reason string // completes "NAME decides …"
	// Names in upper case: a '*' at the start, at the end or at both stands for any text. "*_CMD"
	// is also CMD.
	Names []string
}

// ByName returns what a variable of this name decides, "" if nothing. Case does not matter: npm
// reads its own names in any.
func ByName(name string) (reason string) {
	name = strings.ToUpper(name)
	if matches(harmless, name) {
		return ""
	}
	for _, f := range families {
		if matches(f.Names, name) {
			return f.Reason
		}
	}
	return ""
}

// Families returns the table of names that decide.
func Families() []Family { return families }

// Harmless returns the names that some family would have and that decide nothing.
func Harmless() []string { return harmless }

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match(p, name) })
}

func match(pattern, name string) bool {
	text := strings.Trim(pattern, "*")
	starts, ends := strings.HasSuffix(pattern, "*"), strings.HasPrefix(pattern, "*")
	switch {
	case starts && ends:
		return strings.Contains(name, text)
	case starts:
		return strings.HasPrefix(name, text)
	case ends:
		return strings.HasSuffix(name, text) || "_"+name == text
	}
	return name == text
}
