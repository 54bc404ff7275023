package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/doctor"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/term"
)

// step is what to do next: the command, and what it is good for.
type step struct{ command, why string }

// here is locald alone: where the person is, and the next sensible command. It
// starts nothing, the daemon included.
func (a *app) here() error {
	dir, err := a.workingDir()
	if err != nil {
		return err
	}
	p, err := paths.Discover()
	if err != nil {
		return err
	}
	root, inProject := doctor.RootAround(string(dir), p)
	reply, err := statusNow(p, dir)
	switch {
	case err != nil && !errors.Is(err, ipc.ErrAbsent):
		return err
	case !inProject:
		a.showNowhere(string(dir), reply)
	case err != nil:
		fmt.Fprintf(a.out, "%s  %s\n", a.out.Paint(term.Title, printable(filepath.Base(root))), tilde(printable(root)))
		a.showStep(step{"locald up", "no daemon is running: this starts it and the services; entering the directory does, too, once it is allowed"})
	default:
		if err := a.showHere(root, reply); err != nil {
			return err
		}
	}
	for _, f := range doctor.Hook(doctor.Real(p), p) {
		if f.State == doctor.Problem {
			fmt.Fprintf(a.out, "%s %s\n  %s\n", a.out.Paint(term.Busy, "hook:"), printable(f.Evidence), printable(f.Remedy))
			break // the one follows from the other
		}
	}
	_, err = fmt.Fprintf(a.out, "%s\n", a.out.Paint(term.Quiet, "all commands: locald --help"))
	return err
}

// statusNow asks a daemon that runs.
func statusNow(p paths.Paths, dir bytestr.String) (ipc.StatusReply, error) {
	var reply ipc.StatusReply
	c, err := ipc.Dial(context.Background(), p)
	if err != nil {
		return reply, err
	}
	defer c.Close()
	err = c.Call(ipc.OpStatus, ipc.Scope{Dir: dir}, &reply)
	return reply, err
}

func (a *app) showStep(s step) {
	fmt.Fprintf(a.out, "next: %s  %s\n", a.out.Paint(term.Title, s.command), a.out.Paint(term.Quiet, s.why))
}

func (a *app) showHere(root string, reply ipc.StatusReply) error {
	for _, project := range reply.Projects {
		if string(project.Root) == root {
			if err := a.showProject(project); err != nil {
				return err
			}
			a.showStep(nextStep(project))
		}
	}
	return nil
}

// showNowhere is for a directory in no project: how to make one, and which are
// up elsewhere.
func (a *app) showNowhere(dir string, reply ipc.StatusReply) {
	fmt.Fprintf(a.out, "no project here: there is no Procfile in %s or above it\n", tilde(printable(dir)))
	for _, p := range reply.Projects {
		if slices.ContainsFunc(p.Services, func(s ipc.Service) bool { return s.PID != 0 }) {
			fmt.Fprintf(a.out, "up elsewhere: %s  %s\n", printable(p.Name), tilde(printable(string(p.Root))))
		}
	}
	a.showStep(step{"locald init", "writes a Procfile for what is in this directory, after asking"})
}

// nextStep is what a person most likely wants with a project.
func nextStep(p ipc.Project) step {
	for _, s := range p.Services {
		if s.State == "failed" {
			return step{"locald logs " + s.Name, "it has failed; then: locald restart " + s.Name}
		}
	}
	switch {
	case p.Trust == "unsafe" || p.Trust == "gone" || len(p.Services) == 0:
		return step{"locald check", "says what is wrong with it"}
	case p.Trust == "unknown":
		return step{"locald allow", "shows what would run, and lets entering the directory start it"}
	case p.Trust == "changed":
		return step{"locald allow", "shows what has changed since it was allowed"}
	case p.Wanted:
		return step{"locald logs -f", "follows what they print"}
	case p.Trust == "denied":
		return step{"locald up", "starts them this once; to lift the denial: locald allow"}
	}
	return step{"locald up", "starts them"}
}
