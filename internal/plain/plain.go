// Package plain makes text that somebody else chose safe and short enough to be read by a person:
// nothing that it returns can move a cursor, hide a word or be taken for another command. It starts
// no goroutine.
package plain

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text shows what a project chose to call itself or to run: control characters, by which it could
// draw over what it asks consent for, become visible. Tabs stay.
func Text(s string) string {
	return escape(s, func(r rune) bool { return r == '\t' || unicode.IsPrint(r) })
}

// Visible writes every byte of what is not printable, and of the runes in special, as \xNN.
func Visible(s, special string) string {
	return escape(s, func(r rune) bool {
		return unicode.IsPrint(r) && !strings.ContainsRune(special, r)
	})
}

func escape(s string, keep func(rune) bool) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		broken := r == utf8.RuneError && size == 1
		if !broken && keep(r) {
			b.WriteString(s[:size])
		} else {
			for _, c := range []byte(s[:size]) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		}
		s = s[size:]
	}
	return b.String()
}

// Word quotes a string so that it can be pasted into a command line. One with control bytes needs
// $'...', which bash, zsh and ksh understand.
func Word(s string) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%"
	switch {
	case s != "" && strings.Trim(s, safe) == "":
		return s
	case Visible(s, "") == s:
		return Quote(s)
	}
	return "$'" + Visible(s, `'\`) + "'"
}

// Quote quotes for a POSIX shell, which reads back every byte as it was: nothing is special between
// single quotes but the quote itself.
func Quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Tilde shortens a path below the home directory. A home that is the root, or unknown, shortens
// nothing.
func Tilde(path, home string) string {
	if home == "" || home == "/" {
		return path
	}
	if rest, ok := strings.CutPrefix(path, home); ok && (rest == "" || rest[0] == '/') {
		return "~" + rest
	}
	return path
}

// listed is how many names fit a line of 80 columns.
const listed = 6

// List joins names for a sentence: "web, worker" or, of many, "a, b, c, d, e and 7 more".
func List(names []string) string {
	if len(names) <= listed {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:listed-1], ", "), len(names)-listed+1)
}
