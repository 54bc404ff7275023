package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/term"
)

func (a *app) statusCommand() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:     "status [SERVICE...]",
		Aliases: []string{"ps"},
		Short:   "show services: state, PID, port, address",
		RunE: func(_ *cobra.Command, args []string) error {
			dir, err := a.workingDir()
			if err != nil {
				return err
			}
			var reply ipc.StatusReply
			if err := a.call(ipc.OpStatus, ipc.Scope{Dir: dir, All: all, Targets: args}, &reply); err != nil {
				return err
			}
			if a.json {
				return a.printJSON(reply)
			}
			return a.showStatus(reply)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "every project")
	a.jsonFlag(cmd)
	cmd.ValidArgsFunction = a.completeServices
	return cmd
}

func (a *app) showStatus(reply ipc.StatusReply) error {
	if len(reply.Projects) == 0 {
		fmt.Fprintln(a.out, "no project here, and none known; go to a directory with a Procfile")
		return nil
	}
	for i, p := range reply.Projects {
		if i > 0 {
			fmt.Fprintln(a.out)
		}
		if err := a.showProject(p); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) showProject(p ipc.Project) error {
	note := a.trustNote(p.Trust)
	if p.Trust == "gone" {
		note += a.out.Paint(term.Busy, " · locald forget "+printable(p.Name))
	}

	fmt.Fprintf(a.out, "%s  %s%s\n", a.out.Paint(term.Title, printable(p.Name)), tilde(printable(string(p.Root))), note)
	var rows [][]term.Cell
	now := time.Now()
	for _, s := range p.Services {
		rows = append(rows, serviceRow(s, now))
	}
	if err := a.out.Table("  ", rows); err != nil {
		return err
	}
	for _, w := range p.Warnings {
		fmt.Fprintf(a.out, "  %s %s\n", a.out.Paint(term.Busy, "!"), w)
	}
	if p.Note != "" {
		fmt.Fprintf(a.out, "  %s %s\n", a.out.Paint(term.Bad, "!"), p.Note)
	}
	for _, line := range presence(p, now) {
		fmt.Fprintf(a.out, "  %s\n", a.out.Paint(term.Quiet, line))
	}
	return nil
}

// presence says who is in a project and what happens when nobody is.
func presence(p ipc.Project, now time.Time) (lines []string) {
	var here []string
	for _, s := range p.Shells {
		here = append(here, fmt.Sprintf("%s %d", s.Name, s.PID))
	}
	if len(here) > 0 {
		lines = append(lines, "here: "+enumerate(here))
	}
	stop := p.AutoStop
	switch {
	case stop == nil:
	case stop.At == nil:
		lines = append(lines, fmt.Sprintf("auto_stop: %s, %s after the last shell has left", enumerate(stop.Services), age(time.Duration(stop.AfterMS)*time.Millisecond)))
	default:
		lines = append(lines, fmt.Sprintf("auto_stop: nobody is here; %s in %s", enumerate(stop.Services), age(max(stop.At.Sub(now), 0))))
	}
	return lines
}

// enumerate joins names for a line.
func enumerate(names []string) string {
	const shown = 6
	if len(names) > shown {
		names = append(names[:shown-1:shown-1], fmt.Sprintf("%d more", len(names)-shown+1))
	}
	return strings.Join(names, ", ")
}

// trustNote is shown where entering the directory would start nothing.
func (a *app) trustNote(trust string) string {
	switch trust {
	case "allowed":
		return ""
	case "unknown":
		trust = "not allowed yet · locald allow"
	case "changed":
		trust = "changed since allowed · locald allow"
	case "gone":
		trust = "its directory or Procfile is gone"
	}
	return "  " + a.out.Paint(term.Busy, trust)
}

func serviceRow(s ipc.Service, now time.Time) []term.Cell {
	style := term.Quiet
	switch s.State {
	case "running":
		style = term.Good
	case "starting", "stopping", "backoff":
		style = term.Busy
	case "failed":
		style = term.Bad
	}
	var pid, up, restarts string
	if s.PID != 0 {
		pid = fmt.Sprintf("PID %d", s.PID)
	}
	if s.Started != nil {
		up = age(now.Sub(*s.Started))
	}
	if s.Restarts > 0 {
		restarts = fmt.Sprintf("restarts %d", s.Restarts)
	}
	address := s.URL
	if address == "" && s.PID != 0 && len(s.Listening) > 0 {
		address = fmt.Sprintf("port %d", s.Listening[0])
	}
	return []term.Cell{{Text: s.Name}, {Text: stateWord(s), Style: style}, {Text: address}, {Text: pid}, {Text: up}, {Text: restarts}, {Text: noteOf(s)}}
}

// noteOf is what a person should know of a service.
func noteOf(s ipc.Service) string {
	switch {
	case len(s.Changed) == 0:
		return s.Note
	case strings.HasPrefix(s.Changed[0], "Procfile"):
		return "no longer in the " + s.Changed[0] + ": locald up stops it"
	}
	note := "changed: restart to apply (" + enumerate(s.Changed) + ")"
	if s.Note != "" {
		note = s.Note + "; " + note
	}
	return note
}

// stateWord is the state for a person: a service that runs but is not ready is
// not yet what they wait for.
func stateWord(s ipc.Service) string {
	switch {
	case s.State == "running":
		return "ready"
	case s.State == "exited":
		return "exited 0"
	}
	return s.State
}

// age is a duration to glance at.
func age(d time.Duration) string {
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
