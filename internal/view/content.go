package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

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

// Entries are what is approved beside the commands and should be noticed: what decides what runs,
// and what differs from what was allowed last. If some differ, only these are shown, for they must
// not be lost among the others, and those that decide come last, next to the commands. The note
// says how many others there are.
func Entries(r wire.AllowReply) (shown []wire.Entry, note string) {
	differ := slices.DeleteFunc(slices.Clone(r.Entries), func(e wire.Entry) bool {
		return e.Change == wire.MarkSame
	})
	slices.SortStableFunc(differ, func(a, b wire.Entry) int {
		return min(len(a.Reason), 1) - min(len(b.Reason), 1)
	})
	same := len(r.Entries) - len(differ)
	switch {
	case len(differ) > 0 && same > 0:
		return differ, fmt.Sprintf("%d more of .env and locald.toml are as you allowed them", same)
	case len(differ) > 0:
		return differ, ""
	}
	return slices.DeleteFunc(slices.Clone(r.Entries), func(e wire.Entry) bool {
		return e.Reason == ""
	}), ""
}

// Entry is one of them, with its mark in the first column.
func Entry(e wire.Entry) []term.Cell {
	style := markStyles[e.Change]
	cells := []term.Cell{{Text: cmp.Or(string(e.Change), " "), Style: style}, {Text: " "}}
	if e.Reason != "" || e.Name == "" {
		cells = append(cells, term.Cell{Text: "!", Style: term.Bad})
	} else {
		cells = append(cells, term.Cell{Text: " "})
	}
	cells = append(cells, term.Cell{Text: " "})
	if e.Name == "" {
		return append(cells, term.Cell{Text: e.File + " " + cmp.Or(e.Reason, "counted as a whole")})
	}
	place := e.File
	if e.Line > 0 {
		place = fmt.Sprintf("%s:%d", e.File, e.Line)
	}
	return append(cells, term.Cell{Text: e.Name, Style: style},
		term.Cell{Text: strings.TrimRight(" ("+place+") "+e.Reason, " ")})
}

// Unmarked says why content that is not allowed shows no mark; "" if there is nothing to say.
func Unmarked(r wire.AllowReply) string {
	marked := slices.ContainsFunc(r.Services, func(c wire.Change) bool {
		return c.Change != wire.MarkSame
	}) || slices.ContainsFunc(r.Entries, func(e wire.Entry) bool {
		return e.Change != wire.MarkSame
	})
	switch {
	case r.Trust != wire.TrustChanged:
		return ""
	case !r.Compared:
		return "what changed in .env and locald.toml is not known: " +
			"an older version recorded what you allowed"
	case !marked:
		return "only comments, blanks or the order of lines changed since you allowed it"
	}
	return ""
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
