package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/client"
	"github.com/locald/locald/internal/loginservice"
	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/wire"
)

func daemonInstall(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "install", Short: "start the daemon at login, by systemd or launchd", Args: none,
		RunE: func(*cobra.Command, []string) error { return installLogin(a) },
	}
}

func daemonUninstall(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "uninstall", Short: "no longer start the daemon at login", Args: none,
		RunE: func(*cobra.Command, []string) error { return uninstallLogin(a) },
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
	setup := loginservice.Setup{
		Executable: exe, Home: p.Home, ConfigHome: filepath.Dir(p.ConfigDir), Log: p.DaemonLog(),
		UID: os.Geteuid(),
	}
	for _, name := range []string{"XDG_DATA_HOME", "XDG_CONFIG_HOME"} {
		if value := os.Getenv(name); value != "" {
			setup.Env = append(setup.Env, name+"="+value)
		}
	}
	return loginservice.For(runtime.GOOS, setup), nil
}

// install hands over from a daemon that runs by itself: what is up comes up
// again under the new one.
func installLogin(a *app) error {
	s, err := loginService()
	if err != nil {
		return err
	}
	before, err := os.ReadFile(s.File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot install: %w", err)
	}
	if string(before) == s.Text && loginservice.Command(s.Active) == nil {
		return sayInstalled(a, "installed already", s)
	}
	if err := s.Write(); err != nil {
		return err
	}
	if err := loginservice.Command(s.Reload); err != nil {
		return errors.Join(notInstalled(err), s.PutBack(before))
	}
	if _, err := stopKeeping(); err != nil && !errors.Is(err, client.ErrAbsent) {
		return errors.Join(err, s.PutBack(before))
	}
	// launchd accepts no second service of the same name.
	if loginservice.Command(s.Active) == nil && s.Reload == nil {
		_ = loginservice.Command(s.Stop)
	}
	if err := loginservice.Command(s.Start); err != nil {
		_ = loginservice.Command(s.Stop)
		err = errors.Join(notInstalled(err), s.PutBack(before))
		if c, again := a.connect(); again == nil { // what was up must not stay down
			c.Close()
		}
		return err
	}
	return sayInstalled(a, "installed", s)
}

// stopKeeping ends the daemon and leaves what is up wanted.
func stopKeeping() (wire.StopReply, error) {
	p, err := paths.Discover()
	if err != nil {
		return wire.StopReply{}, err
	}
	return client.StopDaemon(p, true)
}

func notInstalled(err error) error {
	return &wire.Error{
		Code: wire.CodeFailure,
		Msg:  fmt.Sprintf("cannot install the daemon as a login service: %v", err),
		Hint: "without it, the first command starts the daemon, which outlives the terminal",
	}
}

func sayInstalled(a *app, word string, s loginservice.Service) error {
	fmt.Fprintf(a.out, "%s: the daemon is started at login (%s)\n", word, tilde(s.File))
	if s.Linger == nil {
		return nil
	}
	out, err := exec.Command(s.Linger[0], s.Linger[1:]...).Output()
	if err == nil && strings.TrimSpace(string(out)) == "no" {
		fmt.Fprintln(a.out, "your last logout ends it; to keep it: loginctl enable-linger")
	}
	return nil
}

// uninstall leaves up what is up: a daemon of the old kind takes over.
func uninstallLogin(a *app) error {
	s, err := loginService()
	if err != nil {
		return err
	}
	if _, err := os.Stat(s.File); errors.Is(err, fs.ErrNotExist) {
		_, err := fmt.Fprintln(a.out, "not installed")
		return err
	}
	_, stopErr := stopKeeping()
	if stopErr != nil && !errors.Is(stopErr, client.ErrAbsent) {
		return stopErr
	}
	failed := loginservice.Command(s.Stop)
	if err := os.Remove(s.File); err != nil {
		return fmt.Errorf("cannot uninstall: %w", err)
	}
	if err := errors.Join(failed, loginservice.Command(s.Reload)); err != nil {
		fmt.Fprintf(a.err, "locald: removed %s, but: %v\n", tilde(s.File), err)
	}
	if stopErr == nil { // it ran
		c, err := a.connect()
		if err != nil {
			return err
		}
		c.Close()
	}
	_, err = fmt.Fprintln(a.out,
		"uninstalled: the daemon is started by the first command that needs it")
	return err
}
