package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/daemon"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/paths"
)

func (a *app) daemonCommand() *cobra.Command {
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
	cmd.AddCommand(a.daemonStart(), a.daemonStop(), a.daemonRestart(), a.daemonStatus(), a.daemonRun(), a.daemonInstall(), a.daemonUninstall())
	return cmd
}

func (a *app) daemonStart() *cobra.Command {
	cmd := &cobra.Command{
		Use: "start", Short: "start the daemon, if it is not running", Args: none,
		RunE: func(*cobra.Command, []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			defer c.Close()
			return a.sayDaemon("running", c.Daemon.PID)
		},
	}
	a.jsonFlag(cmd)
	return cmd
}

func (a *app) daemonStop() *cobra.Command {
	cmd := &cobra.Command{
		Use: "stop", Short: "stop all services and the daemon", Args: none,
		RunE: func(*cobra.Command, []string) error {
			reply, err := a.stopDaemon(false)
			if errors.Is(err, ipc.ErrAbsent) {
				return a.sayDaemon("not running", 0)
			}
			if err != nil {
				return err
			}
			if !a.json && len(reply.Stopped) > 0 {
				fmt.Fprintf(a.out, "stopped %s\n", strings.Join(reply.Stopped, ", "))
			}
			return a.sayDaemon("stopped", reply.PID)
		},
	}
	a.jsonFlag(cmd)
	return cmd
}

func (a *app) daemonRestart() *cobra.Command {
	cmd := &cobra.Command{
		Use: "restart", Short: "stop the daemon and start it again, with the services that are up", Args: none,
		RunE: func(*cobra.Command, []string) error {
			if _, err := a.stopDaemon(true); err != nil && !errors.Is(err, ipc.ErrAbsent) {
				return err
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			defer c.Close()
			return a.sayDaemon("running", c.Daemon.PID)
		},
	}
	a.jsonFlag(cmd)
	return cmd
}

// stopDaemon returns when the process has ended: it holds the connection open
// until then.
func (a *app) stopDaemon(keep bool) (ipc.StopReply, error) {
	var reply ipc.StopReply
	p, err := paths.Discover()
	if err != nil {
		return reply, err
	}
	c, err := ipc.Dial(context.Background(), p)
	if err != nil {
		return reply, err
	}
	defer c.Close()
	if err := c.Call(ipc.OpStop, ipc.StopDaemon{Keep: keep}, &reply); err != nil {
		return reply, err
	}
	c.AwaitClose()
	return reply, nil
}

func (a *app) sayDaemon(state string, pid int) error {
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

func (a *app) daemonStatus() *cobra.Command {
	cmd := &cobra.Command{
		Use: "status", Short: "say whether the daemon runs; exit status 3 where it does not", Args: none,
		RunE: func(*cobra.Command, []string) error {
			p, err := paths.Discover()
			if err != nil {
				return err
			}
			var reply ipc.DaemonReply
			c, err := ipc.Dial(context.Background(), p)
			if err == nil {
				defer c.Close()
				err = c.Call(ipc.OpDaemon, nil, &reply)
			}
			switch {
			case errors.Is(err, ipc.ErrAbsent):
				if err := a.sayDaemon("not running", 0); err != nil {
					return err
				}
				return exitStatus(3)
			case errors.Is(err, ipc.ErrSilent):
				return a.silent(p)
			case err != nil:
				return err
			case a.json:
				return a.printJSON(struct {
					State string `json:"state"`
					ipc.DaemonReply
				}{"running", reply})
			}
			fmt.Fprintf(a.out, "the daemon is running (PID %d, %s, up %s)\n", reply.PID, reply.Version, age(time.Since(reply.Started)))
			fmt.Fprintf(a.out, "  projects up  %d, with %d services\n", reply.Projects, reply.Services)
			fmt.Fprintf(a.out, "  socket       %s\n", reply.Socket)
			_, err = fmt.Fprintf(a.out, "  log          %s\n", reply.Log)
			return err
		},
	}
	a.jsonFlag(cmd)
	return cmd
}

// silent names the process that listens and does not answer.
func (a *app) silent(p paths.Paths) error {
	e := &ipc.Error{Code: ipc.CodeUnreachable, Msg: "cannot reach the daemon: it does not answer", Hint: "its log is " + p.DaemonLog()}
	if data, err := os.ReadFile(p.PIDFile()); err == nil {
		if pid, _, ok := strings.Cut(string(data), "\n"); ok {
			e.Msg = "cannot reach the daemon: PID " + pid + " does not answer"
			e.Hint = "if it was stopped: kill -CONT " + pid + "; to end it: kill -KILL " + pid + " (the next command cleans up after it)"
		}
	}
	return e
}

func (a *app) daemonRun() *cobra.Command {
	var readyFD int
	cmd := &cobra.Command{
		Use: "run", Short: "be the daemon, in the foreground", Args: none,
		RunE: func(*cobra.Command, []string) error {
			p, err := paths.Discover()
			if err != nil {
				return err
			}
			if socket := os.Getenv("NOTIFY_SOCKET"); socket != "" {
				os.Unsetenv("NOTIFY_SOCKET")
				return daemon.Run(p, notifier{socket})
			}
			if readyFD < 3 {
				return daemon.Run(p, nobody{io.Discard})
			}
			if err := daemon.Run(p, os.NewFile(uintptr(readyFD), "ready")); err != nil {
				return exitStatus(1) // it has been said
			}
			return nil
		},
	}
	cmd.Flags().IntVar(&readyFD, "ready-fd", 0, "say on this descriptor when it listens")
	_ = cmd.Flags().MarkHidden("ready-fd")
	return cmd
}

// nobody waits for a daemon that was started by hand.
type nobody struct{ io.Writer }

func (nobody) Close() error { return nil }
