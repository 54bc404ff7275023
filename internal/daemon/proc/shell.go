package proc

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// shells are those that people use, and what a terminal starts before one of them.
var shells = regexp.MustCompile(
	`^(r?(sh|bash|dash|ash|zsh|ksh)|[lm]ksh|yash|fish|t?csh|nu|elvish|xonsh|pwsh|login)[0-9.]*$`,
)

// Options of these shells that leave them interactive: valued ones have their value in an argument
// of its own, and words are written with one dash or two, so that a c in them is no option.
var (
	valued = []string{"rcfile", "init-file", "init-command", "C", "o", "O"}
	words  = []string{
		"login", "norc", "noprofile", "posix", "restricted", "verbose", "noediting", "private",
		"no-config", "interactive",
	}
)

// usedByHand reports whether a program is a shell that takes what it does from a person: a login
// shell, or one that was given neither a command nor a script.
func usedByHand(args []string) bool {
	if len(args) > 1 && path.Base(args[0]) == "busybox" {
		args = args[1:]
	}
	if len(args) == 0 {
		return false
	}
	name, login := strings.CutPrefix(path.Base(args[0]), "-")
	if login && name != "" { // nobody else calls himself so (login(1))
		return true
	}
	if !shells.MatchString(name) {
		return false
	}
	for i := 1; i < len(args) && name != "login"; i++ {
		option := strings.TrimLeft(args[i], "-+")
		switch {
		case option == args[i]:
			return false // a script
		case slices.Contains(valued, option):
			i++
		case !slices.Contains(words, option) && isCommand(args[i]):
			return false
		}
	}
	return true
}

// isCommand reports whether what a shell is to run follows an option.
func isCommand(option string) bool {
	if word, long := strings.CutPrefix(option, "--"); long {
		return strings.HasPrefix(word, "command")
	}
	return strings.Contains(option, "c")
}
