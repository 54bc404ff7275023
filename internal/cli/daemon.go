package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/client"
	"github.com/locald/locald/internal/daemon"
	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/pidfile"
	"github.com/locald/locald/internal/view"
	"github.com/locald/locald/internal/wire"
)

func daemonCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "daemon",
		Short: "the background process: start, stop, restart, status, run, install, uninstall",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(
		daemonVerb(a, "start", "start the daemon, if it is not running", startDaemon),
		daemonVerb(a, "stop", "stop all services and the daemon", stopDaemon),
		daemonVerb(a, "restart",
			"stop the daemon and start it again, with the services that are up", restartDaemon),
		daemonVerb(a, "status", "say whether the daemon runs; exit status 3 if it does not",
			showDaemon),
		daemonRun(), daemonInstall(a), daemonUninstall(a),
	)
	return cmd
}

func daemonVerb(a *app, use, short string, do func(*app, paths.Paths) error) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Args: none,
		RunE: func(*cobra.Command, []string) error {
			p, err := paths.Discover()
			if err != nil {
				return err
			}
			return do(a, p)
		},
	}
	a.jsonFlag(cmd)
	return cmd
}

func startDaemon(a *app, p paths.Paths) error {
	c, err := client.Connect(context.Background(), p)
	if err != nil {
		return err
	}
	defer c.Close()
	return sayDaemon(a, "running", c.Daemon.PID)
}

func stopDaemon(a *app, p paths.Paths) error {
	reply, err := client.StopDaemon(p, false)
	if errors.Is(err, client.ErrAbsent) {
		return sayDaemon(a, "not running", 0)
	}
	if err != nil {
		return err
	}
	if !a.json && len(reply.Stopped) > 0 {
		fmt.Fprintf(a.out, "stopped %s\n", strings.Join(reply.Stopped, ", "))
	}
	return sayDaemon(a, "stopped", reply.PID)
}

func restartDaemon(a *app, p paths.Paths) error {
	if _, err := client.StopDaemon(p, true); err != nil && !errors.Is(err, client.ErrAbsent) {
		return err
	}
	return startDaemon(a, p)
}

func sayDaemon(a *app, state string, pid int) error {
	if a.json {
		return a.printJSON(map[string]any{"state": state, "pid": pid})
	}
	text := "the daemon is " + state
	if state == "stopped" {
		text = "the daemon has stopped"
	}
	if pid != 0 {
		text += fmt.Sprintf(" (PID %d)", pid)
	}
	_, err := fmt.Fprintln(a.out, text)
	return err
}

func showDaemon(a *app, p paths.Paths) error {
	reply, err := daemonNow(p)
	switch {
	case errors.Is(err, client.ErrAbsent):
		return showAbsent(a, p)
	case errors.Is(err, client.ErrSilent):
		return silent(p)
	case err != nil:
		return err
	}
	state := "running"
	if reply.Stopping {
		state = "stopping"
	}
	if a.json {
		return a.printJSON(struct {
			State string `json:"state"`
			wire.DaemonReply
		}{state, reply})
	}
	fmt.Fprintf(a.out, "the daemon is %s (PID %d, %s, up %s)\n", state, reply.PID, reply.Version,
		view.Age(time.Since(reply.Started)))
	fmt.Fprintf(a.out, "  projects up  %d, with %d services\n", reply.Projects, reply.Services)
	fmt.Fprintf(a.out, "  socket       %s\n", reply.Socket)
	_, err = fmt.Fprintf(a.out, "  log          %s\n", reply.Log)
	if reply.Panics > 0 {
		_, err = fmt.Fprintf(a.out,
			"  panics       %d requests ended in one; please report the end of its log\n",
			reply.Panics)
	}
	return err
}

func daemonNow(p paths.Paths) (wire.DaemonReply, error) {
	c, err := client.Dial(context.Background(), p)
	if err != nil {
		return wire.DaemonReply{}, err
	}
	defer c.Close()
	return client.Call(c, wire.DaemonStatus, wire.None{})
}

// showAbsent says that there is no daemon, unless one lives and cannot be reached.
func showAbsent(a *app, p paths.Paths) error {
	if id, alive := pidfile.Live(p.PIDFile()); alive {
		return client.Lost(id)
	}
	if err := client.Elsewhere(p); err != nil {
		return err
	}
	if err := sayDaemon(a, "not running", 0); err != nil {
		return err
	}
	return exitStatus(wire.CodeNotReady.ExitStatus())
}

// silent names the process that listens and does not answer, if it is known for certain.
func silent(p paths.Paths) error {
	e := &wire.Error{
		Code: wire.CodeUnreachable, Msg: "cannot reach the daemon: it does not answer",
		Hint: "its log is " + p.DaemonLog(),
	}
	if id, alive := pidfile.Live(p.PIDFile()); alive { // else the number may be a stranger's
		e.Msg = fmt.Sprintf("cannot reach the daemon: PID %d does not answer", id.PID)
		e.Hint = fmt.Sprintf("if it was stopped: kill -CONT %d; "+
			"to end it: kill -KILL %d (the next command cleans up after it)", id.PID, id.PID)
	}
	return e
}

func daemonRun() *cobra.Command {
	var readyFD int
	cmd := &cobra.Command{
		Use: "run", Short: "run the daemon in the foreground", Args: none,
		RunE: func(*cobra.Command, []string) error {
			p, err := paths.Discover()
			if err != nil {
				return err
			}
			if socket := os.Getenv("NOTIFY_SOCKET"); socket != "" {
				os.Unsetenv("NOTIFY_SOCKET")
				return daemon.Run(p, daemon.SystemdNotifier(socket))
			}
			if readyFD < 3 {
				return daemon.Run(p, nobody{io.Discard})
			}
			if err := daemon.Run(p, os.NewFile(uintptr(readyFD), "ready")); err != nil {
				return exitStatus(wire.CodeFailure.ExitStatus()) // the daemon has said why
			}
			return nil
		},
	}
	cmd.Flags().IntVar(&readyFD, "ready-fd", 0, "say on this descriptor when it listens")
	_ = cmd.Flags().MarkHidden("ready-fd")
	return cmd
}

// nobody waits for the first word of a daemon that was started by hand.
type nobody struct{ io.Writer }

func (nobody) Close() error { return nil }
