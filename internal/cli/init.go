package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/landmark"
	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/scaffold"
	"github.com/locald/locald/internal/term"
	"github.com/locald/locald/internal/wire"
)

// proposed is what init shows, and prints under --json.
type proposed struct {
	File bytestr.String `json:"file"`
	scaffold.Proposal
	Written bool `json:"written"`
}

func initCommand(a *app) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "write a Procfile for what is in a directory",
		Long: "Looks at what is in the directory (package.json, manage.py, go.mod and so on),\n" +
			"shows a Procfile for it, and writes it after asking. It runs nothing, and never\n" +
			"writes over a Procfile.",
		Args: atMostOne("directory"),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				a.dir = args[0]
			}
			return proposeProcfile(a, yes)
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	a.jsonFlag(cmd)
	return cmd
}

func proposeProcfile(a *app, yes bool) error {
	found, err := a.workingDir()
	if err != nil {
		return err
	}
	dir := string(found)
	if err := vacant(dir); err != nil {
		return err
	}
	seen := proposed{
		File:     bytestr.String(filepath.Join(dir, "Procfile")),
		Proposal: scaffold.Look(os.DirFS(dir)),
	}
	if len(seen.Services) == 0 {
		return nothingToStart(dir, seen.Notes)
	}
	if !a.json {
		if err := showProposal(a, seen); err != nil { // what was not shown is not written
			return err
		}
	}
	if !yes {
		if err := confirmInit(a, seen); err != nil {
			return err
		}
	}
	if err := writeNew(string(seen.File), seen.Procfile()); err != nil {
		return err
	}
	if seen.Written = true; a.json {
		return a.printJSON(seen)
	}
	next := "locald allow"
	if a.dir != "" {
		next = "locald allow " + plain.Word(a.dir)
	}
	_, err = fmt.Fprintf(a.out, "written; the next step: %s\n", next)
	return err
}

// vacant refuses a directory that is a project already, and the home, in which
// a Procfile is never looked for.
func vacant(dir string) error {
	where := tilde(plain.Text(dir))
	if home, err := os.Stat(os.Getenv("HOME")); err == nil {
		if here, err := os.Stat(dir); err == nil && os.SameFile(home, here) {
			return &wire.Error{
				Code: wire.CodeFailure,
				Msg:  "cannot make a project of the home directory: all your files are below it",
				Hint: "go to the directory of a project, or name it: locald init DIR",
			}
		}
	}
	for _, name := range landmark.Procfiles() {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return taken(where + " has a " + name)
		}
	}
	return nil
}

func taken(why string) error {
	return &wire.Error{
		Code: wire.CodeFailure, Msg: "cannot write a Procfile: " + why + " already",
		Hint: "see whether it is right: locald check; then: locald allow",
	}
}

// nothingToStart says what to write where no line could be proposed.
func nothingToStart(dir string, notes []string) error {
	why := "there is nothing in it that locald knows how to start"
	if len(notes) > 0 {
		why = plain.Text(strings.Join(notes, "; "))
	}
	return &wire.Error{
		Code: wire.CodeFailure,
		Msg:  fmt.Sprintf("cannot propose a Procfile for %s: %s", tilde(plain.Text(dir)), why),
		Hint: "write one: a file called Procfile with a line for each service, such as\n" +
			"  web: npm run dev -- --port $PORT\n" +
			"  worker: python worker.py",
	}
}

func showProposal(a *app, p proposed) error {
	out := a.out
	errs := []error{out.Block(4,
		term.Cell{Text: tilde(string(p.File)), Style: term.Title, Command: true})}
	for _, s := range p.Services {
		errs = append(errs, out.Block(6,
			term.Cell{Text: "  "}, term.Cell{Text: s.Name + ":", Style: term.Good},
			term.Cell{Text: " "}, term.Cell{Text: s.Command, Command: true}),
			out.Block(6, term.Cell{Text: "    "},
				term.Cell{Text: "from " + s.Reason, Style: term.Quiet}))
	}
	for _, n := range p.Notes {
		errs = append(errs, remark(out, term.Busy, n))
	}
	return errors.Join(errs...)
}

func confirmInit(a *app, p proposed) error {
	yes, err := a.askAbout("Write this file? [y/N] ")
	switch {
	case err != nil && a.json:
		if err := a.printJSON(p); err != nil {
			return err
		}
		return exitStatus(wire.CodeNotAllowed.ExitStatus())
	case err != nil:
		return &wire.Error{
			Code: wire.CodeNotAllowed, Msg: "cannot write a Procfile: " + err.Error(),
			Hint: "if it is right: locald init --yes",
		}
	case yes:
		return nil
	}
	fmt.Fprintln(a.err, "nothing was written")
	return exitStatus(1)
}

// writeNew writes a file that must not be there, not even as a link. One that
// could not be written whole is removed again.
func writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return taken("a file of that name")
	}
	if err != nil {
		return fmt.Errorf("cannot write a Procfile: %w", err)
	}
	_, err = f.WriteString(text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		os.Remove(path)
		return fmt.Errorf("cannot write a Procfile: %w", err)
	}
	return nil
}
