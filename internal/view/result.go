package view

import (
	"fmt"

	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/term"
	"github.com/locald/locald/internal/wire"
)

// ResultRow is the one line in which an order ends for a service.
func ResultRow(r wire.Result, withProject bool) []term.Cell {
	name := r.Service.Name
	if withProject {
		name = r.Project + "/" + name
	}
	word, style := string(r.Outcome), term.Good
	switch r.Outcome {
	case wire.OutcomeFailed:
		style = term.Bad
	case wire.OutcomeWaiting, wire.OutcomeWithdrawn, wire.OutcomeElsewhere:
		word, style = State(r.Service), term.Busy
	case wire.OutcomeStopped:
		style = term.Quiet
	}
	if r.Was && (r.Outcome == wire.OutcomeReady || r.Outcome == wire.OutcomeStopped) {
		word += " already"
	}
	return []term.Cell{{Text: name}, {Text: word, Style: style}, {Text: detail(r)}}
}

// detail is what matters most about a service at the end of an order.
func detail(r wire.Result) string {
	note := Note(r.Service)
	switch {
	case r.Line != "":
		return r.Line
	case note != "":
		return note
	case r.Service.URL != "":
		return r.Service.URL
	case r.Service.PID != 0:
		return fmt.Sprintf("PID %d", r.Service.PID)
	}
	return ""
}

// Differ reports whether results are of more than one project.
func Differ(results []wire.Result) bool {
	for _, r := range results {
		if r.Project != results[0].Project {
			return true
		}
	}
	return false
}

// Left names a process that a stop did not end. One that left the session, holds nothing of the
// service and listens nowhere is spared, for it may be an editor with unsaved work.
func Left(service string, l wire.LeftProcess) string {
	if l.Stuck {
		return fmt.Sprintf("PID %d (%s) of %s cannot be killed: it hangs in the kernel", l.PID,
			plain.Marked(l.Command), service)
	}
	return fmt.Sprintf(
		"left alive: PID %d (%s), started by %s and detached from it; to end it: kill %d",
		l.PID, plain.Marked(l.Command), service, l.PID)
}
