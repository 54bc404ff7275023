package proc

import (
	"path"
	"slices"
	"strings"
)

// shells are those that people use, and what a terminal starts before one of them.
var shells = []string{
	"sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "yash", "fish", "csh", "tcsh", "nu",
	"elvish", "xonsh", "pwsh", "login",
}

// valued are the options of these shells whose value is an argument of its own, and which leave the
// shell interactive.
var valued = []string{"--rcfile", "--init-file", "--init-command", "-C", "-o", "+o", "-O", "+O"}

// usedByHand reports whether a program, the first of a terminal's session, is a shell that takes
// what it does from a person: a login shell, or one that was given neither a command nor a script.
func usedByHand(args []string) bool {
	if len(args) == 0 {
		return false
	}
	name, login := strings.CutPrefix(path.Base(args[0]), "-")
	if !slices.Contains(shells, name) {
		return false
	}
	if login || name == "login" {
		return true
	}
	for i := 1; i < len(args); i++ {
		switch arg := args[i]; {
		case slices.Contains(valued, arg):
			i++
		case strings.HasPrefix(arg, "--"):
			if strings.HasPrefix(arg, "--command") {
				return false
			}
		case strings.HasPrefix(arg, "-"):
			if strings.Contains(arg, "c") {
				return false
			}
		case !strings.HasPrefix(arg, "+"):
			return false // a script
		}
	}
	return true
}
