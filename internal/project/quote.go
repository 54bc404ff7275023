package project

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible writes every byte of what is not printable, and of the runes in special, as \xNN.
func visible(text, special string) string {
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		broken := r == utf8.RuneError && size == 1
		if broken || !unicode.IsPrint(r) || strings.ContainsRune(special, r) {
			for _, c := range []byte(text[:size]) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		} else {
			b.WriteString(text[:size])
		}
		text = text[size:]
	}
	return b.String()
}

// shellWord quotes a path so that it can be pasted after a command. Paths with control bytes need $'...', which bash,
// zsh and ksh understand.
func shellWord(path string) string {
	safe := func(r rune) bool {
		return r < utf8.RuneSelf && (isNameByte(byte(r)) || strings.ContainsRune("/.,+@%", r))
	}
	switch {
	case path != "" && strings.TrimLeftFunc(path, safe) == "":
		return path
	case visible(path, "") == path:
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	default:
		return "$'" + visible(path, `'\`) + "'"
	}
}
