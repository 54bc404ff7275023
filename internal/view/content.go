package view

import (
	"fmt"

	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/term"
	"github.com/locald/locald/internal/wire"
)

var markStyles = map[wire.Mark]term.Style{
	wire.MarkNew: term.Good, wire.MarkGone: term.Bad, wire.MarkOther: term.Busy,
}

// glance is how many services are seen at once: with more, the first have left the screen when the
// question comes.
const glance = 20

// Changes are the commands to be allowed. Of many, only those that differ from what was allowed
// last: they must not be lost among the others, of which the number is returned.
func Changes(all []wire.Change) (rows [][]term.Cell, unchanged int) {
	for _, c := range all {
		if c.Change == wire.MarkSame {
			unchanged++
		}
	}
	if len(all) <= glance || unchanged == len(all) {
		unchanged = 0
	}
	for _, c := range all {
		if c.Change != wire.MarkSame || unchanged == 0 {
			rows = append(rows, changeRow(c))
		}
	}
	return rows, unchanged
}

// Cut names the services whose commands are too long to be shown whole.
func Cut(all []wire.Change) (names []string) {
	for _, c := range all {
		if plain.Long(string(c.Command)) {
			names = append(names, c.Name)
		}
	}
	return names
}

// changeRow is a command that is to be allowed, and how it differs from what was.
func changeRow(c wire.Change) []term.Cell {
	mark := string(c.Change)
	if c.Change == wire.MarkSame {
		mark = " "
	}
	style := markStyles[c.Change]
	return []term.Cell{
		{Text: mark, Style: style},
		{Text: c.Name + ":", Style: style},
		{Text: string(c.Command), Command: true},
	}
}

// Place is "Procfile:3: ", as compilers write it; "" where a finding is about no line.
func Place(f wire.Finding) string {
	switch {
	case f.File == "":
		return ""
	case f.Line == 0:
		return f.File + ": "
	}
	return fmt.Sprintf("%s:%d: ", f.File, f.Line)
}

// Wrong reports whether anything keeps the project from starting.
func Wrong(r wire.CheckReply) bool {
	for _, f := range r.Findings {
		if f.Level == wire.LevelError {
			return true
		}
	}
	return false
}
