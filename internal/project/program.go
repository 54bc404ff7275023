package project

import (
	"slices"
	"strings"
)

// shellWords are what POSIX's shell does itself: its reserved words, special built-in utilities and
// those that are usually built in (XCU 2.4, 2.14 and 1.6). "command" and "exec" are looked through.
var shellWords = strings.Fields(`! { } case do done elif else esac fi for if in then until while
	. : break continue eval exit export readonly return set shift times trap unset
	[ alias bg cd echo false fc fg getopts hash jobs kill printf pwd read test true type ulimit
	umask unalias wait`)

// Program returns the program that a service's command starts first, "" where the shell does that
// itself or only a shell could tell: after expansions, quotes and the like.
func (s Service) Program() string {
	for _, word := range strings.Fields(s.Command) {
		name, _, assigns := strings.Cut(word, "=")
		switch {
		case strings.ContainsAny(word, "$`'\"\\*?[](){}<>|&;#~!"):
			return ""
		case assigns && name != "" && nameLength(name) == len(name),
			word == "exec", word == "command":
			continue
		case slices.Contains(shellWords, word), strings.HasPrefix(word, "-"):
			return ""
		}
		return word
	}
	return ""
}
