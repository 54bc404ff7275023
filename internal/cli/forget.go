package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/wire"
)

func forgetCommand(a *app) *cobra.Command {
	var req wire.ForgetRequest
	var yes bool
	cmd := &cobra.Command{
		Use:   "forget [PROJECT...]",
		Short: "drop a project's logs, ports, record and approvals",
		RunE: func(_ *cobra.Command, args []string) error {
			if req.Gone && len(args) > 0 {
				return wire.Usagef("cannot take both --gone and names of projects")
			}
			dir, err := a.workingDir()
			if err != nil {
				return err
			}
			req.Dir, req.Names = dir, args
			return forgetProjects(a, req, yes)
		},
	}
	cmd.Flags().BoolVar(&req.Gone, "gone", false,
		"every project whose directory or Procfile is gone")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	a.jsonFlag(cmd)
	cmd.ValidArgsFunction = a.completeProjects
	return cmd
}

func forgetProjects(a *app, req wire.ForgetRequest, yes bool) error {
	seen, err := call(a, wire.Forget, req)
	if err != nil {
		return err
	}
	if !yes {
		if err := confirmForget(a, seen); err != nil {
			return err
		}
	}
	req.Sure = true
	done, err := call(a, wire.Forget, req)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(done)
	}
	for _, p := range done.Projects {
		fmt.Fprintf(a.out, "forgot %s  %s\n", plain.Text(p.Name), tilde(plain.Text(string(p.Root))))
	}
	if len(done.Projects) == 0 {
		fmt.Fprintln(a.out, "nothing to forget: every project is where it was")
	}
	return nil
}

// confirmForget asks if something that could still be wanted is lost: the logs of a project that is
// still there.
func confirmForget(a *app, seen wire.ForgetReply) error {
	for _, p := range seen.Projects {
		if p.Gone {
			continue
		}
		name := plain.Text(p.Name)
		question := fmt.Sprintf("Forget %s (%s) with its logs, ports and what you allowed? [y/N] ",
			name, tilde(plain.Text(string(p.Root))))
		yes, err := a.ask(question)
		if err != nil {
			return &wire.Error{
				Code: wire.CodeFailure,
				Msg:  "cannot forget " + name + ": there is no terminal to ask on",
				Hint: "locald forget --yes " + plain.Word(p.Name),
			}
		}
		if !yes {
			fmt.Fprintln(a.err, "nothing was forgotten")
			return exitStatus(wire.CodeFailure.ExitStatus())
		}
	}
	return nil
}
