package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/ipc"
)

func (a *app) forgetCommand() *cobra.Command {
	var req ipc.Forget
	var yes bool
	cmd := &cobra.Command{
		Use:   "forget [PROJECT...]",
		Short: "drop a project's logs, ports, record and what was allowed",
		RunE: func(_ *cobra.Command, args []string) error {
			if req.Gone && len(args) > 0 {
				return usage("cannot take both --gone and names of projects")
			}
			dir, err := a.workingDir()
			if err != nil {
				return err
			}
			req.Dir, req.Names = dir, args
			return a.forget(req, yes)
		},
	}
	cmd.Flags().BoolVar(&req.Gone, "gone", false, "every project whose directory or Procfile is gone")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	a.jsonFlag(cmd)
	cmd.ValidArgsFunction = a.completeProjects
	return cmd
}

func (a *app) forget(req ipc.Forget, yes bool) error {
	var seen ipc.ForgetReply
	if err := a.call(ipc.OpForget, req, &seen); err != nil {
		return err
	}
	if !yes {
		if err := a.confirmForget(seen); err != nil {
			return err
		}
	}
	req.Sure = true
	var done ipc.ForgetReply
	if err := a.call(ipc.OpForget, req, &done); err != nil {
		return err
	}
	if a.json {
		return a.printJSON(done)
	}
	for _, p := range done.Projects {
		fmt.Fprintf(a.out, "forgot %s  %s\n", printable(p.Name), tilde(printable(string(p.Root))))
	}
	if len(done.Projects) == 0 {
		fmt.Fprintln(a.out, "nothing to forget: every project is where it was")
	}
	return nil
}

// confirmForget asks where something is lost that could still be wanted: the
// logs of a project that is there.
func (a *app) confirmForget(seen ipc.ForgetReply) error {
	for _, p := range seen.Projects {
		if p.Gone {
			continue
		}
		name := printable(p.Name)
		yes, err := a.ask(fmt.Sprintf("Forget %s (%s) with its logs, ports and what you allowed? [y/N] ", name, tilde(printable(string(p.Root)))))
		if err != nil {
			return &ipc.Error{Code: ipc.CodeFailure, Msg: "cannot forget " + name + ": there is no terminal to ask on", Hint: "locald forget --yes " + name}
		}
		if !yes {
			fmt.Fprintln(a.err, "nothing was forgotten")
			return exitStatus(1)
		}
	}
	return nil
}
