package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/wire"
)

func runCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run [SERVICE] -- CMD [ARG...]",
		Short: "run a command with a service's environment",
		Long: "Replaces itself with CMD, in this directory and on this terminal, with the\n" +
			"environment that the service (or any command of the project) gets.",
		RunE: func(cmd *cobra.Command, args []string) error {
			dash := cmd.ArgsLenAtDash()
			if dash < 0 || dash == len(args) || dash > 1 {
				return &wire.Error{
					Code: wire.CodeUsage, Msg: "cannot run anything: no command was given",
					Hint: "put it after two dashes: locald run [SERVICE] -- CMD",
				}
			}
			service := ""
			if dash == 1 {
				service = args[0]
			}
			return runAs(a, service, args[dash:])
		},
	}
	cmd.ValidArgsFunction = a.completeServices
	return cmd
}

// runAs becomes the command, so that its signals and exit status are its own.
func runAs(a *app, service string, argv []string) error {
	reply, err := envOf(a, service, true)
	if err != nil {
		return err
	}
	for _, w := range reply.Warnings {
		fmt.Fprintf(a.err, "locald: %s\n", w)
	}
	env := make([]string, 0, len(reply.Vars))
	for _, v := range reply.Vars {
		env = append(env, v.Name+"="+string(v.Value))
		if v.Name == "PATH" { // the command is looked up on the PATH that it will have
			os.Setenv("PATH", string(v.Value))
		}
	}
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return cannotRun(a, argv[0], err)
	}
	return cannotRun(a, argv[0], syscall.Exec(path, argv, env))
}

// cannotRun gives the exit statuses of a shell: 127 not found, 126 found but
// not to be run.
func cannotRun(a *app, name string, err error) error {
	status := exitStatus(126)
	why := err.Error()
	if execErr, ok := errors.AsType[*exec.Error](err); ok {
		why = execErr.Err.Error()
	}
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		status, why = 127, "it is not on the PATH that it would get"
		if strings.Contains(name, "/") {
			why = "there is no such file"
		}
	}
	fmt.Fprintf(a.err, "locald: cannot run %s: %s\n", plain.Text(name), why)
	return status
}

func envOf(a *app, service string, lease bool) (wire.EnvReply, error) {
	dir, err := a.workingDir()
	if err != nil {
		return wire.EnvReply{}, err
	}
	reply, err := call(a, wire.Env,
		wire.EnvRequest{Dir: dir, Target: service, Env: a.environment(), Lease: lease})
	slices.SortFunc(reply.Vars, func(x, y wire.Var) int { return strings.Compare(x.Name, y.Name) })
	return reply, err
}
