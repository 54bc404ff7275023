package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable shows what a project chose to call itself or to run: control
// characters, by which it could draw over what it asks consent for, become
// visible.
func printable(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if r == '\t' || unicode.IsPrint(r) && (r != utf8.RuneError || size > 1) {
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
