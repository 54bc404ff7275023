// Package sgr knows the one kind of terminal sequence that a log keeps: colours and other text
// attributes, "select graphic rendition" of ECMA-48. It starts no goroutine.
package sgr

import "strings"

// Strip drops every sequence. What follows one that does not end is dropped with it: a terminal
// would swallow it too.
func Strip(text string) string {
	if !strings.Contains(text, "\x1b[") {
		return text
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "\x1b[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		_, text, _ = strings.Cut(rest, "m")
	}
}
