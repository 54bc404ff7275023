package view

import (
	"fmt"
	"slices"

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
// last: they must not be lost among the others. The note says how many there are.
func Changes(all []wire.Change) (rows [][]term.Cell, note string) {
	differs := func(c wire.Change) bool { return c.Change != wire.MarkSame }
	summed := len(all) > glance && slices.ContainsFunc(all, differs)
	for _, c := range all {
		if differs(c) || !summed {
			rows = append(rows, changeRow(c))
		}
	}
	switch {
	case summed && len(rows) < len(all):
		note = fmt.Sprintf("%d more are as you allowed them", len(all)-len(rows))
	case len(all) > glance:
		note = fmt.Sprintf("these are %d services", len(all))
	}
	return rows, note
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
