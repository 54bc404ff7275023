package proc

import (
	"bytes"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxCommand is how much of a command line a message shows.
const maxCommand = 60

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

// findMarker searches an environment block, in which entries end in NUL.
func findMarker(env []byte) string {
	for entry := range bytes.SplitSeq(env, []byte{0}) {
		if value, ok := bytes.CutPrefix(entry, []byte(MarkerName+"=")); ok {
			return string(value)
		}
	}
	return ""
}

// NameOf returns the name of a live process's program, without the "-" of a
// login shell and without its arguments.
func NameOf(pid int) string {
	program, _, _ := strings.Cut(strings.TrimPrefix(CommandOf(pid), "-"), " ")
	return path.Base(program)
}
