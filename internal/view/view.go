// Package view says in words what the daemon answers: rows, states, ages, notes and the next step.
// Its functions are pure: they take types of package wire and the time, and print nothing, so that
// every face of locald says the same. It starts no goroutine.
package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/term"
	"github.com/locald/locald/internal/wire"
)

// ServiceRow is a service in a status.
func ServiceRow(s wire.Service, now time.Time) []term.Cell {
	var pid, up, restarts string
	if s.PID != 0 {
		pid = fmt.Sprintf("PID %d", s.PID)
	}
	if s.Started != nil {
		up = Age(now.Sub(*s.Started))
	}
	if s.Restarts > 0 {
		restarts = fmt.Sprintf("restarts %d", s.Restarts)
	}
	address := s.URL
	if address == "" && s.PID != 0 && len(s.Listening) > 0 {
		address = fmt.Sprintf("port %d", s.Listening[0])
	}
	return []term.Cell{
		{Text: s.Name},
		{Text: State(s), Style: stateStyle(s.State)},
		{Text: address},
		{Text: pid},
		{Text: up},
		{Text: restarts},
		{Text: Note(s)},
	}
}

func stateStyle(s wire.State) term.Style {
	switch s {
	case wire.Running:
		return term.Good
	case wire.Starting, wire.Stopping, wire.Backoff:
		return term.Busy
	case wire.Failed:
		return term.Bad
	}
	return term.Quiet
}

// State is the state for a person, who waits for a service to be ready and not for it to run.
func State(s wire.Service) string {
	switch s.State {
	case wire.Running:
		return "ready"
	case wire.Exited:
		return "exited 0"
	}
	return string(s.State)
}

// Note is what a person should know of a service.
func Note(s wire.Service) string {
	switch {
	case len(s.Changed) == 0:
		return s.Note
	case strings.HasPrefix(s.Changed[0], "Procfile"):
		return "no longer in the " + s.Changed[0] + ": locald up stops it"
	}
	note := "changed: restart to apply (" + plain.List(s.Changed) + ")"
	if s.Note != "" {
		note = s.Note + "; " + note
	}
	return note
}

// TrustNote is shown where entering the directory would start nothing; "" elsewhere.
func TrustNote(p wire.Project) string {
	switch p.Trust {
	case wire.TrustAllowed, wire.TrustUnreadable: // whose note says it all
		return ""
	case wire.TrustUnknown:
		return "not allowed yet · locald allow"
	case wire.TrustChanged:
		return "changed since allowed · locald allow"
	case wire.TrustGone:
		return "its directory or Procfile is gone · locald forget " + plain.Word(p.Name)
	}
	return string(p.Trust)
}

// Presence says who is in a project and what happens when nobody is.
func Presence(p wire.Project, now time.Time) (lines []string) {
	var here []string
	for _, s := range p.Shells {
		here = append(here, fmt.Sprintf("%s %d", s.Name, s.PID))
	}
	if len(here) > 0 {
		lines = append(lines, "here: "+plain.List(here))
	}
	stop := p.AutoStop
	switch {
	case stop == nil:
	case stop.At == nil:
		after := time.Duration(stop.AfterMS) * time.Millisecond
		lines = append(lines,
			fmt.Sprintf("auto_stop: %s, %s after the last shell has left",
				plain.List(stop.Services), Age(after)))
	default:
		lines = append(lines,
			fmt.Sprintf("auto_stop: nobody is here; %s in %s", plain.List(stop.Services),
				Age(max(stop.At.Sub(now), 0))))
	}
	return lines
}

// Age is a duration to glance at.
func Age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd", int(d.Hours())/24)
}
