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

// ChangeRow is a command that is to be allowed, in full, and how it differs from what was.
func ChangeRow(c wire.Change) []term.Cell {
	mark := string(c.Change)
	if c.Change == wire.MarkSame {
		mark = " "
	}
	style := markStyles[c.Change]
	return []term.Cell{
		{Text: mark, Style: style},
		{Text: c.Name + ":", Style: style},
		{Text: plain.Text(c.Command)},
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
