package main

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable shows what a project chose to call itself or to run: control
// characters, by which it could draw over what it asks consent for, become
// visible.
func printable(s string) string {
	plain := true
	for _, r := range s {
		plain = plain && r != utf8.RuneError && (unicode.IsPrint(r) || r == '\t')
	}
	if plain {
		return s
	}
	quoted := strconv.Quote(s)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}
