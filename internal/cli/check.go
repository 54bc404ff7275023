package cli

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/term"
	"github.com/locald/locald/internal/view"
	"github.com/locald/locald/internal/wire"
)

func checkCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "say what is wrong with Procfile, .env, trust and ports",
		Args:  none,
		RunE: func(*cobra.Command, []string) error {
			dir, err := a.workingDir()
			if err != nil {
				return err
			}
			reply, err := call(a, wire.Check, wire.CheckRequest{Dir: dir, Env: a.environment()})
			if err != nil {
				return err
			}
			if a.json {
				err = a.printJSON(reply)
			} else {
				err = showCheck(a, reply)
			}
			if err != nil {
				return err
			}
			if view.Wrong(reply) {
				return exitStatus(wire.CodeFailure.ExitStatus())
			}
			return nil
		},
	}
	a.jsonFlag(cmd)
	return cmd
}

func showCheck(a *app, reply wire.CheckReply) error {
	fmt.Fprintln(a.out, title(a, reply.Project, reply.Root))
	var rows [][]term.Cell
	for _, s := range reply.Services {
		rows = append(rows, []term.Cell{
			{Text: s.Name},
			{Text: portOf(s)},
			{Text: string(s.Command), Style: term.Quiet, Command: true},
		})
	}
	if err := a.out.Table("  ", rows); err != nil {
		return err
	}
	for _, f := range reply.Findings {
		style := term.Busy
		if f.Level == wire.LevelError {
			style = term.Bad
		}
		err := a.out.Block(6, term.Cell{Text: "  "},
			term.Cell{Text: string(f.Level) + ":", Style: style},
			term.Cell{Text: " " + view.Place(f) + f.Reason})
		if err != nil {
			return err
		}
		if f.Hint != "" {
			fmt.Fprintf(a.out, "      %s\n", f.Hint)
		}
	}
	if len(reply.Findings) == 0 {
		fmt.Fprintln(a.out, "  nothing is wrong")
	}
	return nil
}

// portOf is empty where a service gets its port only when it is first started.
func portOf(s wire.CheckService) string {
	if s.Port == 0 {
		return "-"
	}
	return strconv.Itoa(s.Port)
}
