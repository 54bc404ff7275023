package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/term"
)

func (a *app) checkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "say what is wrong with Procfile, .env, trust and ports",
		Args:  none,
		RunE: func(*cobra.Command, []string) error {
			dir, err := a.workingDir()
			if err != nil {
				return err
			}
			var reply ipc.CheckReply
			if err := a.call(ipc.OpCheck, ipc.Check{Dir: dir, Env: a.environment()}, &reply); err != nil {
				return err
			}
			if a.json {
				err = a.printJSON(reply)
			} else {
				err = a.showCheck(reply)
			}
			if err != nil {
				return err
			}
			if wrong(reply) {
				return exitStatus(1)
			}
			return nil
		},
	}
	a.jsonFlag(cmd)
	return cmd
}

// wrong reports whether anything keeps the project from starting.
func wrong(reply ipc.CheckReply) bool {
	for _, f := range reply.Findings {
		if f.Level == "error" {
			return true
		}
	}
	return false
}

func (a *app) showCheck(reply ipc.CheckReply) error {
	fmt.Fprintf(a.out, "%s  %s\n", a.out.Paint(term.Title, printable(reply.Project)), tilde(printable(string(reply.Root))))
	var rows [][]term.Cell
	for _, s := range reply.Services {
		rows = append(rows, []term.Cell{{Text: s.Name}, {Text: fmt.Sprint(s.Port)}, {Text: printable(s.Command), Style: term.Quiet}})
	}
	if err := a.out.Table("  ", rows); err != nil {
		return err
	}
	for _, f := range reply.Findings {
		style := term.Busy
		if f.Level == "error" {
			style = term.Bad
		}
		fmt.Fprintf(a.out, "  %s %s%s\n", a.out.Paint(style, f.Level+":"), place(f), f.Reason)
		if f.Hint != "" {
			fmt.Fprintf(a.out, "      %s\n", f.Hint)
		}
	}
	if len(reply.Findings) == 0 {
		fmt.Fprintln(a.out, "  nothing is wrong")
	}
	return nil
}

// place is "Procfile:3: ", as compilers write it.
func place(f ipc.Finding) string {
	switch {
	case f.File == "":
		return ""
	case f.Line == 0:
		return f.File + ": "
	}
	return fmt.Sprintf("%s:%d: ", f.File, f.Line)
}
