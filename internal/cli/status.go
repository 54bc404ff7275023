package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/term"
	"github.com/locald/locald/internal/view"
	"github.com/locald/locald/internal/wire"
)

func statusCommand(a *app) *cobra.Command {
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
			reply, err := call(a, wire.Status, wire.Scope{Dir: dir, All: all, Targets: args})
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(reply)
			}
			return showStatus(a, reply)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "every project")
	a.jsonFlag(cmd)
	cmd.ValidArgsFunction = a.completeServices
	return cmd
}

func showStatus(a *app, reply wire.StatusReply) error {
	if len(reply.Projects) == 0 {
		fmt.Fprintln(a.out, "no project here, and none is known; go to a directory with a Procfile")
		return nil
	}
	for i, p := range reply.Projects {
		if i > 0 {
			fmt.Fprintln(a.out)
		}
		if err := showProject(a, p); err != nil {
			return err
		}
	}
	return nil
}

func showProject(a *app, p wire.Project) error {
	note := view.TrustNote(p)
	if note != "" {
		note = "  " + a.out.Paint(term.Busy, note)
	}
	fmt.Fprintf(a.out, "%s%s\n", title(a, p.Name, p.Root), note)
	var rows [][]term.Cell
	now := time.Now()
	for _, s := range p.Services {
		rows = append(rows, view.ServiceRow(s, now))
	}
	if err := a.out.Table("  ", rows); err != nil {
		return err
	}
	for _, w := range p.Warnings {
		if err := remark(a.out, term.Busy, w); err != nil {
			return err
		}
	}
	if p.Note != "" {
		if err := remark(a.out, term.Bad, p.Note); err != nil {
			return err
		}
	}
	for _, line := range view.Presence(p, now) {
		fmt.Fprintf(a.out, "  %s\n", a.out.Paint(term.Quiet, line))
	}
	return nil
}

// title is the first line about a project.
func title(a *app, name string, root bytestr.String) string {
	return a.out.Paint(term.Title, plain.Text(name)) + "  " + tilde(plain.Text(string(root)))
}
