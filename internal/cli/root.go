// Package cli has the verbs of the command line: one file for each turns flags into a request to
// the daemon and shows the answer. No decision is taken here, and no sentence about a service is
// made up: those are the daemon's and package view's.
//
// Goroutines: those of attach (keys, signals), of logs -f (one that notices that nobody reads any
// more) and of up --foreground (logs, the end of the services, stopping them).
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/locald/locald/internal/at"
	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/client"
	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/term"
	"github.com/locald/locald/internal/version"
	"github.com/locald/locald/internal/wire"
)

// app is what the verbs share: streams, and the flags that every verb takes.
type app struct {
	out, err *term.Printer
	dir      string // -C
	json     bool   // --json, where the verb has it
}

// Run is the program without its exit. It returns the exit status.
func Run(args []string) int {
	a := &app{out: term.New(os.Stdout), err: term.New(os.Stderr)}
	if len(args) > 0 && args[0] == "at" { // a prompt is waiting
		return at.Run(args[1:], a.err)
	}
	// A habit, kept without the library's templates.
	if len(args) == 1 && (args[0] == "--version" || args[0] == "-v") {
		args = []string{"version"}
	}
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		// The library's complaints quote what was typed, past every gate. No shell shows them.
		os.Stderr, _ = os.Open(os.DevNull)
	}
	root := newRoot(a, args)
	root.SetArgs(args)
	err := root.Execute()
	if err == nil {
		return 0
	}
	return a.fail(err)
}

// fail says what is wrong on stderr and, under --json, also as JSON, so that
// whatever reads stdout always gets JSON. It returns the exit status.
func (a *app) fail(err error) int {
	if status, ok := errors.AsType[exitStatus](err); ok {
		return int(status)
	}
	e := client.Explain(err)
	if a.json {
		_ = a.encoder().Encode(map[string]*wire.Error{"error": e})
	}
	fmt.Fprintf(a.err, "locald: %s\n", inset(e.Msg))
	if e.Hint != "" {
		fmt.Fprintf(a.err, "  %s\n", inset(e.Hint))
	}
	return e.Code.ExitStatus()
}

// inset is a message, which may quote what was typed or read. Its further lines, if it has any, do
// not begin where those of locald do.
func inset(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = plain.Text(line)
	}
	return strings.Join(lines, "\n  ")
}

// exitStatus ends the program with a status after everything has been said.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// NewCommand is the tree of commands, for those who describe it, such as the man pages.
func NewCommand() *cobra.Command {
	return newRoot(&app{out: term.New(os.Stdout), err: term.New(os.Stderr)}, nil)
}

func newRoot(a *app, args []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "locald",
		Short: "cd into a project and its services are up",
		Long: "locald starts the services of a project's Procfile when its directory is\n" +
			"entered, keeps them running, and keeps what they print.\n\n" +
			"Put this into your shell's rc file, once:\n" +
			"  eval \"$(locald hook zsh)\"       (bash: the same; fish: locald hook fish | source)",
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return showWhere(a)
		},
	}
	root.SetOut(a.data())
	root.SetErr(a.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		isWord := func(arg string) bool { return !strings.HasPrefix(arg, "-") }
		if i := slices.IndexFunc(args, isWord); !cmd.HasParent() && i >= 0 {
			return unknownCommand(cmd, args[i]) // its flags are unknown too
		}
		return &wire.Error{
			Code: wire.CodeUsage, Msg: "cannot read the command line: " + flagTrouble(err),
			Hint: "see: " + cmd.CommandPath() + " --help",
		}
	})
	root.PersistentFlags().StringVarP(&a.dir, "directory", "C", "", "act as if started in `DIR`")
	root.AddCommand(
		hookCommand(a), initCommand(a), allowCommand(a), denyCommand(a),
		upCommand(a), downCommand(a), restartCommand(a), waitCommand(a),
		statusCommand(a), logsCommand(a), attachCommand(a), runCommand(a),
		envCommand(a), checkCommand(a), doctorCommand(a),
		forgetCommand(a), daemonCommand(a), versionCommand(a),
	)
	root.InitDefaultCompletionCmd() // early, so that its words can be replaced by ours
	if completion, _, err := root.Find([]string{"completion"}); err == nil {
		completion.Short = "print the completion script of a shell"
		completion.Args = cobra.ArbitraryArgs
		completion.RunE = func(*cobra.Command, []string) error {
			return &wire.Error{
				Code: wire.CodeUsage, Msg: "cannot print a completion script: name a shell",
				Hint: "locald completion bash, zsh, fish or powershell",
			}
		}
	}
	return root
}

// flagTrouble says what is wrong with a flag, in words of a person.
func flagTrouble(err error) string {
	invalid, ok := errors.AsType[*pflag.InvalidValueError](err)
	if !ok {
		return err.Error()
	}
	f := invalid.GetFlag()
	what := map[string]string{
		"int": "a whole number", "duration": "a time such as 30s or 5m", "bool": "true or false",
	}[f.Value.Type()]
	if what == "" {
		return err.Error()
	}
	return fmt.Sprintf("--%s takes %s, not %q", f.Name, what, invalid.GetValue())
}

func unknownCommand(cmd *cobra.Command, name string) error {
	hint := "see the commands: locald --help"
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		hint = "did you mean: locald " + strings.Join(near, ", locald ") + "?"
	} else if cmd.HasParent() {
		hint = "see: " + cmd.CommandPath() + " --help"
	}
	return &wire.Error{
		Code: wire.CodeUsage, Msg: fmt.Sprintf("cannot run %q: unknown command", name), Hint: hint,
	}
}

// none refuses arguments.
func none(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return &wire.Error{
		Code: wire.CodeUsage,
		Msg: fmt.Sprintf("cannot read the command line: %s takes no arguments, and was given %q",
			cmd.CommandPath(), args[0]),
		Hint: "see: " + cmd.CommandPath() + " --help",
	}
}

// atMostOne takes one optional argument.
func atMostOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) <= 1 {
			return nil
		}
		return &wire.Error{
			Code: wire.CodeUsage,
			Msg: fmt.Sprintf("cannot read the command line: %s takes one %s, and was given %d",
				cmd.CommandPath(), what, len(args)),
			Hint: "see: " + cmd.CommandPath() + " --help",
		}
	}
}

// jsonFlag adds --json to a verb.
func (a *app) jsonFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&a.json, "json", false, "print JSON")
}

// printJSON prints one value, indented for a person, valid for a program.
func (a *app) printJSON(v any) error {
	enc := a.encoder()
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// encoder writes JSON, which a terminal shows without obeying it.
func (a *app) encoder() *json.Encoder {
	enc := json.NewEncoder(visibleJSON{a.out.Writer})
	enc.SetEscapeHTML(false)
	return enc
}

type visibleJSON struct{ to io.Writer }

func (w visibleJSON) Write(text []byte) (int, error) {
	if _, err := w.to.Write(plain.JSON(text)); err != nil {
		return 0, err
	}
	return len(text), nil
}

// data is where goes what is meant for a program: every byte of it, unless a person looks.
func (a *app) data() io.Writer {
	if a.out.TTY {
		return a.out
	}
	return a.out.Writer
}

// workingDir is where the command acts: -C, or the directory as the shell
// spells it, whose links the walk to a Procfile tries first.
func (a *app) workingDir() (bytestr.String, error) {
	dir, err := logicalDir()
	if err != nil && !filepath.IsAbs(a.dir) {
		return "", &wire.Error{
			Code: wire.CodeFailure, Msg: "cannot find the current directory: it has been removed",
			Hint: "go to another one, or name the project's: -C DIR",
		}
	}
	if a.dir == "" {
		return bytestr.String(dir), nil
	}
	if !filepath.IsAbs(a.dir) {
		dir = filepath.Join(dir, a.dir)
	} else {
		dir = a.dir
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", wire.Usagef("cannot use -C %s: there is no such directory", plain.Text(a.dir))
	}
	return bytestr.String(filepath.Clean(dir)), nil
}

// logicalDir trusts $PWD where it names the current directory (os.Getwd does).
func logicalDir() (string, error) { return os.Getwd() }

// environment is that of the shell, for the services.
func (a *app) environment() wire.Environ { return client.Environment() }

// connect reaches the daemon, and starts it if none is running.
func (a *app) connect() (*client.Conn, error) {
	p, err := paths.Discover()
	if err != nil {
		return nil, err
	}
	return client.Connect(context.Background(), p)
}

// call makes a request that is answered at once.
func call[Req, Rep any](a *app, op wire.Op[Req, wire.None, Rep], req Req) (reply Rep, err error) {
	c, err := a.connect()
	if err != nil {
		return reply, err
	}
	defer c.Close()
	return client.Call(c, op, req)
}

// tilde shortens a path below the home directory.
func tilde(path string) string { return plain.Tilde(path, os.Getenv("HOME")) }

func versionCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "print the version",
		Args:  none,
		RunE: func(*cobra.Command, []string) error {
			if a.json {
				return a.printJSON(map[string]string{
					"version": version.String(), "go": runtime.Version(),
					"platform": runtime.GOOS + "/" + runtime.GOARCH,
				})
			}
			_, err := fmt.Fprintf(a.out, "locald %s (%s/%s)\n", version.String(), runtime.GOOS,
				runtime.GOARCH)
			return err
		},
	}
	a.jsonFlag(cmd)
	return cmd
}
