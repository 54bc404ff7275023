package view

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/term"
	"github.com/locald/locald/internal/wire"
)

var markStyles = map[wire.Mark]term.Style{
	wire.MarkNew: term.Good, wire.MarkGone: term.Bad,
}

// glance is how many services are seen at once: with more, the first have left the screen when the
// question comes.
const glance = 20

// Changes are the commands to be allowed. Of many, only those that differ from what was allowed
// last: they must not be lost among the others. The note says how many there are.
func Changes(all []wire.Change) (rows [][]term.Cell, note string) {
	differs := func(c wire.Change) bool { return c.Change != wire.MarkSame }
	summed := len(all) > glance && slices.ContainsFunc(all, differs)
	shown := 0
	for _, c := range all {
		if differs(c) || !summed {
			rows = append(rows, changeRows(c)...)
			shown++
		}
	}
	switch {
	case summed && shown < len(all):
		note = fmt.Sprintf("%d more are as you allowed them", len(all)-shown)
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

// changeRows are a command that is to be allowed, below the one that it replaces if there is one.
func changeRows(c wire.Change) [][]term.Cell {
	if c.Change != wire.MarkOther {
		return [][]term.Cell{changeRow(c.Change, c.Name, string(c.Command))}
	}
	return [][]term.Cell{
		changeRow(wire.MarkGone, c.Name, string(c.Was)),
		changeRow(wire.MarkNew, c.Name, string(c.Command)),
	}
}

func changeRow(mark wire.Mark, name string, command string) []term.Cell {
	style := markStyles[mark]
	return []term.Cell{
		{Text: cmp.Or(string(mark), " "), Style: style},
		{Text: name + ":", Style: style},
		{Text: command, Command: true},
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
