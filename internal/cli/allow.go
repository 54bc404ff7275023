package cli

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/term"
	"github.com/locald/locald/internal/view"
	"github.com/locald/locald/internal/wire"
)

func allowCommand(a *app) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "allow [DIR]",
		Short: "review a project and let entering it start its services",
		Args:  atMostOne("directory"),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				a.dir = args[0]
			}
			return allowProject(a, yes)
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	a.jsonFlag(cmd)
	return cmd
}

func allowProject(a *app, yes bool) error {
	dir, err := a.workingDir()
	if err != nil {
		return err
	}
	seen, err := call(a, wire.Allow, wire.AllowRequest{Dir: dir})
	if err != nil {
		return err
	}
	if !a.json {
		if err := showContent(a, seen); err != nil { // what was not shown is not allowed
			return err
		}
	}
	if seen.Trust != wire.TrustAllowed && !yes {
		if err := confirmAllow(a, seen); err != nil {
			return err
		}
	}
	done, err := call(a, wire.Allow,
		wire.AllowRequest{Dir: dir, Digest: seen.Digest, Env: a.environment()})
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(done)
	}
	switch {
	case len(done.Started) > 0:
		fmt.Fprintf(a.out, "allowed; starting %s · locald status\n",
			strings.Join(done.Started, ", "))
	case seen.Trust == wire.TrustAllowed:
		fmt.Fprintln(a.out, "allowed already")
	default:
		fmt.Fprintln(a.out, "allowed; entering the directory starts it, and so does: locald up")
	}
	return nil
}

const allowQuestion = "Start these whenever the directory is entered? [y/N] "

// confirmAllow asks whether to allow.
func confirmAllow(a *app, seen wire.AllowReply) error {
	yes, err := a.askAbout(allowQuestion)
	switch {
	case err != nil:
		return &wire.Error{
			Code: wire.CodeNotAllowed,
			Msg:  fmt.Sprintf("cannot allow %s: %v", seen.Project, err),
			Hint: "review it, then: locald allow --yes",
		}
	case yes:
		return nil
	}
	fmt.Fprintln(a.err, "not allowed; to stop being asked: locald deny")
	return exitStatus(wire.CodeNotAllowed.ExitStatus())
}

var errNoTerminal = errors.New("there is no terminal to ask on")

func (a *app) canAsk() bool {
	return !a.json && isatty.IsTerminal(os.Stdin.Fd()) && a.err.TTY
}

// ask asks on the terminal. Nothing in the environment answers for a person: a
// project could have set it.
func (a *app) ask(question string) (yes bool, err error) {
	if !a.canAsk() {
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

// askAbout asks about what has been printed on stdout: who answers must have it before their eyes.
func (a *app) askAbout(question string) (yes bool, err error) {
	if !a.canAsk() {
		return false, errNoTerminal
	}
	if err := a.out.Unfit(a.err); err != nil {
		return false, err
	}
	return a.ask(question)
}

// showContent prints what would run: commands so that nothing in them can be overlooked, of .env
// only names. The commands come last, for they must be on the screen when the question is.
func showContent(a *app, r wire.AllowReply) error {
	p := a.out
	errs := []error{
		p.Block(4, term.Cell{Text: r.Project, Style: term.Title, Command: true},
			term.Cell{Text: "  "}, term.Cell{Text: tilde(string(r.Root)), Command: true}),
		names(p, "locald.toml sets ", r.Settings),
		names(p, ".env sets ", r.EnvNames),
		warn(p, r.Warnings),
	}
	entries, note := view.Entries(r)
	for _, e := range entries {
		errs = append(errs, p.Block(6, view.Entry(e)...))
	}
	errs = append(errs, items(p, note, view.Unmarked(r)))
	rows, note := view.Changes(r.Services)
	errs = append(errs, p.Table("", rows), items(p, note))
	if cut := view.Cut(r.Services); len(cut) > 0 {
		errs = append(errs, items(p, "to see all of "+plain.List(cut)+": locald check --json"))
	}
	return errors.Join(errs...)
}

// mostWarnings are shown; whoever has more of them reads them elsewhere.
const mostWarnings = 10

func warn(p *term.Printer, warnings []string) error {
	var errs []error
	shown := min(len(warnings), mostWarnings)
	for _, w := range warnings[:shown] {
		errs = append(errs, remark(p, term.Busy, w))
	}
	if more := len(warnings) - shown; more > 0 {
		errs = append(errs, remark(p, term.Busy, fmt.Sprintf("%d more: locald check", more)))
	}
	return errors.Join(errs...)
}

// names is a line of names, of which none is cut away however many there are.
func names(p *term.Printer, title string, list []string) error {
	if len(list) == 0 {
		return nil
	}
	cells := []term.Cell{{Text: "  " + title}}
	for i, name := range list {
		if i > 0 {
			cells = append(cells, term.Cell{Text: ", "})
		}
		cells = append(cells, term.Cell{Text: name})
	}
	return p.Block(4, cells...)
}

// items are lines about a project, but for those that are empty.
func items(p *term.Printer, texts ...string) error {
	var errs []error
	for _, text := range texts {
		if text != "" {
			errs = append(errs, p.Block(4, term.Cell{Text: "  "}, term.Cell{Text: text}))
		}
	}
	return errors.Join(errs...)
}

// remark is one that should be noticed.
func remark(p *term.Printer, style term.Style, text string) error {
	return p.Block(6, term.Cell{Text: "  "}, term.Cell{Text: "!", Style: style},
		term.Cell{Text: " " + text})
}

func denyCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "deny [DIR]",
		Short: "never start a project on entering it, and stay silent about it",
		Args:  atMostOne("directory"),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				a.dir = args[0]
			}
			dir, err := a.workingDir()
			if err != nil {
				return err
			}
			reply, err := call(a, wire.Deny, wire.DenyRequest{Dir: dir})
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(reply)
			}
			fmt.Fprintf(a.out, "denied; entering %s no longer starts anything\n",
				tilde(plain.Text(string(reply.Root))))
			if len(reply.Up) > 0 {
				fmt.Fprintf(a.out, "still up: %s · locald down\n", strings.Join(reply.Up, ", "))
			}
			return nil
		},
	}
	a.jsonFlag(cmd)
	return cmd
}
