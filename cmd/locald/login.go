package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/atomicfile"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/loginservice"
	"github.com/locald/locald/internal/paths"
)

func (a *app) daemonInstall() *cobra.Command {
	return &cobra.Command{
		Use: "install", Short: "have the daemon started at login, by systemd or launchd", Args: none,
		RunE: func(*cobra.Command, []string) error { return a.install() },
	}
}

func (a *app) daemonUninstall() *cobra.Command {
	return &cobra.Command{
		Use: "uninstall", Short: "no longer have the daemon started at login", Args: none,
		RunE: func(*cobra.Command, []string) error { return a.uninstall() },
	}
}

// loginService is the service for this user on this system.
func loginService() (loginservice.Service, error) {
	p, err := paths.Discover()
	if err != nil {
		return loginservice.Service{}, err
	}
	exe, err := os.Executable()
	if err != nil {
		return loginservice.Service{}, fmt.Errorf("cannot find this program: %w", err)
	}
	setup := loginservice.Setup{Executable: exe, Home: p.Home, ConfigHome: filepath.Dir(p.ConfigDir), Log: p.DaemonLog(), UID: os.Geteuid()}
	for _, name := range []string{"XDG_DATA_HOME", "XDG_CONFIG_HOME"} {
		if value := os.Getenv(name); value != "" {
			setup.Env = append(setup.Env, name+"="+value)
		}
	}
	return loginservice.For(runtime.GOOS, setup), nil
}

// install hands over from a daemon that runs by itself: what is up comes up
// again under the new one.
func (a *app) install() error {
	s, err := loginService()
	if err != nil {
		return err
	}
	before, err := os.ReadFile(s.File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot install: %w", err)
	}
	if string(before) == s.Text && command(s.Active) == nil {
		return a.sayInstalled("installed already", s)
	}
	if err := writeService(s); err != nil {
		return err
	}
	if err := command(s.Reload); err != nil {
		return errors.Join(notInstalled(err), putBack(s, before))
	}
	if _, err := a.stopDaemon(true); err != nil && !errors.Is(err, ipc.ErrAbsent) {
		return errors.Join(err, putBack(s, before))
	}
	if command(s.Active) == nil && s.Reload == nil { // launchd takes no second one of a name
		_ = command(s.Stop)
	}
	if err := command(s.Start); err != nil {
		_ = command(s.Stop)
		err = errors.Join(notInstalled(err), putBack(s, before))
		if c, again := a.connect(); again == nil { // what was up must not stay down
			c.Close()
		}
		return err
	}
	return a.sayInstalled("installed", s)
}

func notInstalled(err error) error {
	return &ipc.Error{
		Code: ipc.CodeFailure, Msg: fmt.Sprintf("cannot install the daemon as a login service: %v", err),
		Hint: "without it the daemon is started by the first command that needs it, and outlives the terminal",
	}
}

func writeService(s loginservice.Service) error {
	if err := os.MkdirAll(filepath.Dir(s.File), 0o755); err != nil {
		return fmt.Errorf("cannot install: %w", err)
	}
	return atomicfile.Write(s.File, []byte(s.Text))
}

// putBack undoes writeService. The init need not be told: it refused to hear.
func putBack(s loginservice.Service, before []byte) error {
	if before != nil {
		return atomicfile.Write(s.File, before)
	}
	return os.Remove(s.File)
}

func (a *app) sayInstalled(word string, s loginservice.Service) error {
	fmt.Fprintf(a.out, "%s: the daemon is started at login (%s)\n", word, tilde(s.File))
	if s.Linger == nil {
		return nil
	}
	if out, err := exec.Command(s.Linger[0], s.Linger[1:]...).Output(); err == nil && strings.TrimSpace(string(out)) == "no" {
		fmt.Fprintln(a.out, "your last logout ends it; to keep it: loginctl enable-linger")
	}
	return nil
}

// uninstall leaves up what is up: a daemon of the old kind takes over.
func (a *app) uninstall() error {
	s, err := loginService()
	if err != nil {
		return err
	}
	if _, err := os.Stat(s.File); errors.Is(err, fs.ErrNotExist) {
		_, err := fmt.Fprintln(a.out, "it is not installed")
		return err
	}
	_, stopErr := a.stopDaemon(true)
	if stopErr != nil && !errors.Is(stopErr, ipc.ErrAbsent) {
		return stopErr
	}
	failed := command(s.Stop)
	if err := os.Remove(s.File); err != nil {
		return fmt.Errorf("cannot uninstall: %w", err)
	}
	if err := errors.Join(failed, command(s.Reload)); err != nil {
		fmt.Fprintf(a.err, "locald: removed %s, but: %v\n", tilde(s.File), err)
	}
	if stopErr == nil { // it ran
		c, err := a.connect()
		if err != nil {
			return err
		}
		c.Close()
	}
	_, err = fmt.Fprintln(a.out, "uninstalled: the daemon is started by the first command that needs it")
	return err
}

// command runs one command of the init. Its error has what that printed.
func command(words []string) error {
	if words == nil {
		return nil
	}
	cmd := exec.Command(words[0], words[1:]...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	if err == nil {
		return nil
	}
	if line, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n"); line != "" {
		return fmt.Errorf("%s: %s", strings.Join(words, " "), printable(line))
	}
	return fmt.Errorf("%s: %w", strings.Join(words, " "), err)
}

// notifier tells systemd that the daemon listens (sd_notify(3)).
type notifier struct{ socket string }

func (n notifier) Write(said []byte) (int, error) {
	if string(said) != ipc.Ready {
		return os.Stderr.Write(said)
	}
	conn, err := net.Dial("unixgram", n.socket)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("READY=1")); err != nil {
		return 0, err
	}
	return len(said), nil
}

func (notifier) Close() error { return nil }
