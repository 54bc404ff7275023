package main

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

	"github.com/locald/locald/internal/ipc"
)

func (a *app) runCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run [SERVICE] -- CMD [ARG...]",
		Short: "run a command with a service's environment",
		Long:  "Replaces itself by CMD, in this directory and on this terminal, with the environment that the service (or any command of the project) gets.",
		RunE: func(cmd *cobra.Command, args []string) error {
			dash := cmd.ArgsLenAtDash()
			if dash < 0 || dash == len(args) || dash > 1 {
				return &ipc.Error{Code: ipc.CodeUsage, Msg: "cannot tell the command to run", Hint: "put it after two dashes: locald run [SERVICE] -- CMD"}
			}
			service := ""
			if dash == 1 {
				service = args[0]
			}
			return a.run(service, args[dash:])
		},
	}
	cmd.ValidArgsFunction = a.completeServices
	return cmd
}

// run becomes the command, so that its signals and exit status are its own.
func (a *app) run(service string, argv []string) error {
	reply, err := a.envOf(service)
	if err != nil {
		return err
	}
	for _, w := range reply.Warnings {
		fmt.Fprintf(a.err, "locald: %s\n", w)
	}
	env := make([]string, 0, len(reply.Vars))
	for _, v := range reply.Vars {
		env = append(env, v.Name+"="+string(v.Value))
		if v.Name == "PATH" { // the command is looked for where it will look itself
			os.Setenv("PATH", string(v.Value))
		}
	}
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return a.cannotRun(argv[0], err)
	}
	return a.cannotRun(argv[0], syscall.Exec(path, argv, env))
}

// cannotRun gives the exit statuses of a shell: 127 not found, 126 found but
// not to be run.
func (a *app) cannotRun(name string, err error) error {
	status := exitStatus(126)
	why := err.Error()
	if execErr, ok := errors.AsType[*exec.Error](err); ok {
		why = execErr.Err.Error()
	}
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		status, why = 127, "there is no such command on the PATH that it would get"
		if strings.Contains(name, "/") {
			why = "there is no such file"
		}
	}
	fmt.Fprintf(a.err, "locald: cannot run %s: %s\n", name, why)
	return status
}

func (a *app) envOf(service string) (ipc.EnvReply, error) {
	var reply ipc.EnvReply
	dir, err := a.workingDir()
	if err != nil {
		return reply, err
	}
	err = a.call(ipc.OpEnv, ipc.EnvOf{Dir: dir, Target: service, Env: a.environment()}, &reply)
	slices.SortFunc(reply.Vars, func(x, y ipc.Var) int { return strings.Compare(x.Name, y.Name) })
	return reply, err
}
