// Package plain makes text that somebody else chose safe and short enough to be read by a person:
// nothing that it returns can move a cursor, hide a word or be taken for another command. It starts
// no goroutine.
package plain

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Text shows what a project chose to call itself: what could draw over something else, or cannot be
// seen, becomes visible.
func Text(s string) string { return Visible(s, "") }

// Visible writes every byte of what cannot be seen, and of the runes in special, as \xNN.
func Visible(s, special string) string {
	var b strings.Builder
	heap := maxHeap
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		heap = heaped(heap, r)
		switch {
		case r == utf8.RuneError && size == 1, !seen(r), heap > maxHeap,
			strings.ContainsRune(special, r):
			for _, c := range []byte(s[:size]) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		default:
			b.WriteString(s[:size])
		}
		s = s[size:]
	}
	return b.String()
}

// maxHeap is how many combining marks a letter may have: more than one is rare, and a heap of them
// covers the lines above.
const maxHeap = 2

// heaped counts the marks of a letter. What is no letter can have none.
func heaped(heap int, r rune) int {
	switch {
	case unicode.IsMark(r):
		return heap + 1
	case unicode.IsLetter(r):
		return 0
	}
	return maxHeap
}

// seen reports whether a character can be seen. Some that count as printable are empty: fillers,
// the braille pattern without a dot, a note without a head.
func seen(r rune) bool {
	return unicode.IsPrint(r) && r != '\u2800' && r != '\U0001d159' &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// JSON writes the characters of a JSON text that cannot be seen, or join others, by their numbers.
// It is the same text to whoever parses it.
func JSON(text []byte) []byte {
	if !bytes.ContainsFunc(text, hidden) {
		return text
	}
	out := make([]byte, 0, 2*len(text))
	for _, r := range string(text) {
		if !hidden(r) {
			out = utf8.AppendRune(out, r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			out = fmt.Appendf(out, `\u%04x`, unit)
		}
	}
	return out
}

// hidden is for JSON, whose line ends are its own.
func hidden(r rune) bool {
	return r >= '\x7f' && (!seen(r) || unicode.IsMark(r))
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

// Path is a path for a command line: ~ only where that needs no quotes, as a shell would not expand
// it between them.
func Path(path, home string) string {
	if word := Word(path); word != path {
		return word
	}
	return Tilde(path, home)
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
