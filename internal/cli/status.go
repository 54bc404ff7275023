package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/client"
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
			c, err := a.connect()
			if err != nil {
				return err
			}
			defer c.Close()
			scope := wire.Scope{Dir: dir, All: all, Targets: args}
			if !a.json {
				return showStatus(a, c, scope)
			}
			reply, err := askStatus(c, scope)
			if err != nil {
				return err
			}
			return a.printJSON(reply)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "every project")
	a.jsonFlag(cmd)
	cmd.ValidArgsFunction = a.completeServices
	return cmd
}

// askStatus is a status in one piece.
func askStatus(c *client.Conn, scope wire.Scope) (wire.StatusReply, error) {
	projects := []wire.Project{}
	reply, err := eachProject(c, scope, func(p wire.Project) error {
		projects = append(projects, p)
		return nil
	})
	reply.Projects = projects
	return reply, err
}

// eachProject calls show with each project of a status, as it comes. A daemon that does not know
// of that yet sends all of them at once.
func eachProject(
	c *client.Conn, scope wire.Scope, show func(wire.Project) error,
) (wire.StatusReply, error) {
	req := wire.StatusRequest{Scope: scope, Stream: true}
	reply, err := client.Stream(c, wire.Status, req, func(ev wire.StatusEvent) error {
		return show(ev.Project)
	})
	if err != nil {
		return reply, err
	}
	for _, p := range reply.Projects {
		if err := show(p); err != nil {
			return reply, err
		}
	}
	return reply, nil
}

func showStatus(a *app, c *client.Conn, scope wire.Scope) error {
	shown := 0
	_, err := eachProject(c, scope, func(p wire.Project) error {
		if shown++; shown > 1 {
			fmt.Fprintln(a.out)
		}
		return showProject(a, p)
	})
	if err == nil && shown == 0 {
		fmt.Fprintln(a.out, "no project here, and none is known; go to a directory with a Procfile")
	}
	return err
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
