package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/client"
	"github.com/locald/locald/internal/doctor"
	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/term"
	"github.com/locald/locald/internal/view"
	"github.com/locald/locald/internal/wire"
)

// here is locald alone: where the person is, and the next sensible command. It
// starts nothing, the daemon included.
func showWhere(a *app) error {
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
	case err != nil && !errors.Is(err, client.ErrAbsent):
		return err
	case !inProject:
		showNowhere(a, string(dir), reply)
	case err != nil:
		fmt.Fprintf(a.out, "%s  %s\n", a.out.Paint(term.Title, plain.Text(filepath.Base(root))),
			tilde(plain.Text(root)))
		showStep(a, view.Step{
			Command: "locald up",
			Why: "no daemon is running: this starts it and the services; " +
				"entering the directory does, too, once it is allowed",
		})
	default:
		if err := showHere(a, root, reply); err != nil {
			return err
		}
	}
	for _, f := range doctor.Hook(doctor.Real(p), p) {
		if f.State == doctor.Problem {
			fmt.Fprintf(a.out, "%s %s\n  %s\n", a.out.Paint(term.Busy, "hook:"),
				plain.Text(f.Evidence), plain.Text(f.Remedy))
			break // what else is wrong with the hook follows from this
		}
	}
	_, err = fmt.Fprintf(a.out, "%s\n", a.out.Paint(term.Quiet, "all commands: locald --help"))
	return err
}

// statusNow asks a daemon that runs.
func statusNow(p paths.Paths, dir bytestr.String) (wire.StatusReply, error) {
	c, err := client.Dial(context.Background(), p)
	if err != nil {
		return wire.StatusReply{}, err
	}
	defer c.Close()
	return askStatus(c, wire.Scope{Dir: dir})
}

func showStep(a *app, s view.Step) {
	fmt.Fprintf(a.out, "next: %s  %s\n", a.out.Paint(term.Title, s.Command),
		a.out.Paint(term.Quiet, s.Why))
}

func showHere(a *app, root string, reply wire.StatusReply) error {
	for _, project := range reply.Projects {
		if string(project.Root) == root {
			if err := showProject(a, project); err != nil {
				return err
			}
			showStep(a, view.Next(project))
		}
	}
	return nil
}

// showNowhere is for a directory in no project: how to make one, and which are
// up elsewhere.
func showNowhere(a *app, dir string, reply wire.StatusReply) {
	fmt.Fprintf(a.out, "no project here: there is no Procfile in %s or above it\n",
		tilde(plain.Text(dir)))
	for _, p := range reply.Projects {
		if slices.ContainsFunc(p.Services, func(s wire.Service) bool { return s.PID != 0 }) {
			fmt.Fprintf(a.out, "up elsewhere: %s  %s\n", plain.Text(p.Name),
				tilde(plain.Text(string(p.Root))))
		}
	}
	showStep(a, view.Step{
		Command: "locald init",
		Why:     "writes a Procfile for what is in this directory, after asking",
	})
}
