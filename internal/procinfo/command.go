package procinfo

import (
	"bytes"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxCommand is how much of a command line a message shows, in characters.
const maxCommand = 60

// CommandOf is a process's command line for a person to read, "" where the system does not say.
func CommandOf(pid int) string {
	args, _ := arguments(pid)
	return commandLine(args)
}

// NameOf is the name of a live process's program, without the "-" of a login shell and without its
// arguments; "" where the system does not say.
func NameOf(pid int) string {
	args, _ := arguments(pid)
	return programName(args)
}

// commandLine joins arguments for a person to read.
func commandLine(args [][]byte) string {
	return printable(bytes.Join(trimTitle(args), []byte{' '}))
}

// trimTitle drops empty arguments at the end. A program that writes a title over its arguments
// fills what it does not need of them with NULs.
func trimTitle(args [][]byte) [][]byte {
	for len(args) > 0 && len(args[len(args)-1]) == 0 {
		args = args[:len(args)-1]
	}
	return args
}

// programName is the last part of the path in the first argument. A program that has written a
// title over its arguments leaves a single one, of which the first word is its name.
func programName(args [][]byte) string {
	args = trimTitle(args)
	if len(args) == 0 || len(args[0]) == 0 {
		return ""
	}
	program := strings.TrimPrefix(string(args[0]), "-")
	if len(args) == 1 && !strings.HasPrefix(program, "/") {
		program, _, _ = strings.Cut(program, " ")
	}
	return printable([]byte(path.Base(program)))
}

// printable makes a foreign process's words safe to show on a terminal.
func printable(raw []byte) string {
	s := string(raw)
	if utf8.RuneCountInString(s) > maxCommand {
		s = string([]rune(s)[:maxCommand-1]) + "…"
	}
	quoted := strconv.Quote(s)
	if quoted == `"`+s+`"` {
		return s
	}
	return quoted
}

// lookup returns the value of a variable in an environment, the first one as getenv(3) does.
func lookup(env [][]byte, name string) string {
	for _, variable := range env {
		if value, ok := bytes.CutPrefix(variable, []byte(name+"=")); ok {
			return string(value)
		}
	}
	return ""
}

// splitStrings cuts a block of strings, each of which ends in NUL. The last one may be cut off.
func splitStrings(block []byte) [][]byte {
	if len(block) == 0 {
		return nil
	}
	return bytes.Split(bytes.TrimSuffix(block, []byte{0}), []byte{0})
}
