package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/term"
)

func (a *app) allowCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "allow [DIR]",
		Short: "review a project and let entering it start its services",
		Args:  atMostOne("directory"),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				a.dir = args[0]
			}
			return a.allow(yes)
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	a.jsonFlag(cmd)
	return cmd
}

func (a *app) allow(yes bool) error {
	dir, err := a.workingDir()
	if err != nil {
		return err
	}
	var seen ipc.AllowReply
	if err := a.call(ipc.OpAllow, ipc.Allow{Dir: dir}, &seen); err != nil {
		return err
	}
	if !a.json {
		a.showContent(seen)
	}
	if seen.Trust != "allowed" && !yes {
		if err := a.confirm(seen); err != nil {
			return err
		}
	}
	var done ipc.AllowReply
	if err := a.call(ipc.OpAllow, ipc.Allow{Dir: dir, Digest: seen.Digest, Env: a.environment()}, &done); err != nil {
		return err
	}
	if a.json {
		return a.printJSON(done)
	}
	switch {
	case len(done.Started) > 0:
		fmt.Fprintf(a.out, "allowed; starting %s · locald status\n", strings.Join(done.Started, ", "))
	case seen.Trust == "allowed":
		fmt.Fprintln(a.out, "allowed already")
	default:
		fmt.Fprintln(a.out, "allowed; entering the directory starts it, and so does: locald up")
	}
	return nil
}

// confirm asks whether to allow.
func (a *app) confirm(seen ipc.AllowReply) error {
	yes, err := a.ask("Start these whenever the directory is entered? [y/N] ")
	switch {
	case err != nil:
		return &ipc.Error{Code: ipc.CodeNotAllowed, Msg: fmt.Sprintf("cannot allow %s: there is no terminal to ask on", seen.Project), Hint: "review it, then: locald allow --yes"}
	case yes:
		return nil
	}
	fmt.Fprintln(a.err, "not allowed; to never be asked about it: locald deny")
	return exitStatus(6)
}

var errNoTerminal = errors.New("there is no terminal to ask on")

// ask asks on the terminal. Nothing in the environment answers for a person: a
// project could have set it.
func (a *app) ask(question string) (yes bool, err error) {
	if a.json || !isatty.IsTerminal(os.Stdin.Fd()) || !a.err.TTY {
		return false, errNoTerminal
	}
	fmt.Fprint(a.err, question)
	answer, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil {
		fmt.Fprintln(a.err)
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true, nil
	}
	return false, nil
}

// showContent prints what would run: commands in full, of .env only names.
func (a *app) showContent(r ipc.AllowReply) {
	p := a.out
	fmt.Fprintf(p, "%s  %s\n", p.Paint(term.Title, printable(r.Project)), tilde(printable(string(r.Root))))
	var rows [][]term.Cell
	for _, s := range r.Services {
		style := map[string]term.Style{"+": term.Good, "-": term.Bad, "~": term.Busy}[s.Change]
		mark := s.Change
		if mark == "" {
			mark = " "
		}
		rows = append(rows, []term.Cell{{Text: mark, Style: style}, {Text: s.Name + ":", Style: style}, {Text: printable(s.Command)}})
	}
	_ = p.Table("", rows)
	if len(r.EnvNames) > 0 {
		fmt.Fprintf(p, "  .env sets %s\n", strings.Join(r.EnvNames, ", "))
	}
	for _, d := range r.Dangers {
		fmt.Fprintf(p, "  %s %s decides which program runs\n", p.Paint(term.Bad, "!"), d)
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(p, "  %s %s\n", p.Paint(term.Busy, "!"), w)
	}
}
