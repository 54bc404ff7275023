// Package paths says where locald keeps things: one data directory per user, one socket. It reads
// the environment and creates directories.
//
// Goroutines and locks: none.
package paths

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/locald/locald/internal/writers"
)

// Paths are absolute. All but the socket and the configuration lie under Data.
type Paths struct {
	Home      string // the user's home, "" where there is none
	Data      string // $XDG_DATA_HOME/locald or ~/.local/share/locald
	ConfigDir string // $XDG_CONFIG_HOME/locald or ~/.config/locald
	// RuntimeDir holds the socket: $XDG_RUNTIME_DIR, else /tmp/locald-<uid>.
	RuntimeDir string
	// Refused is why $XDG_RUNTIME_DIR is not used; nil if it is, and where it is not set.
	Refused error
}

// Discover reads the environment and touches nothing.
func Discover() (Paths, error) {
	var p Paths
	p.Home = home()
	switch data := os.Getenv("XDG_DATA_HOME"); {
	case filepath.IsAbs(data):
		p.Data = filepath.Join(data, "locald")
	case p.Home != "":
		p.Data = filepath.Join(p.Home, ".local", "share", "locald")
	default:
		return p, fmt.Errorf("cannot find a data directory: neither HOME nor XDG_DATA_HOME is set")
	}
	switch config := os.Getenv("XDG_CONFIG_HOME"); {
	case filepath.IsAbs(config):
		p.ConfigDir = filepath.Join(config, "locald")
	case p.Home != "":
		p.ConfigDir = filepath.Join(p.Home, ".config", "locald")
	}
	p.RuntimeDir, p.Refused = runtimeDir()
	return p, nil
}

// home prefers $HOME, as every shell does, and falls back to the user database: a service manager
// starts programs without HOME.
func home() string {
	if h := os.Getenv("HOME"); filepath.IsAbs(h) {
		return filepath.Clean(h)
	}
	if u, err := user.Current(); err == nil && filepath.IsAbs(u.HomeDir) {
		return u.HomeDir
	}
	return ""
}

// runtimeDir never follows TMPDIR: two terminals of one user often differ in it, and would then not
// find each other's daemon.
//
// One that others can write to is not used either: whoever makes a socket there first is asked in
// our place.
func runtimeDir() (dir string, refused error) {
	switch dir = os.Getenv("XDG_RUNTIME_DIR"); {
	case dir == "":
		return FallbackRuntimeDir(), nil
	case !filepath.IsAbs(dir):
		refused = fmt.Errorf("cannot use %q: it is not an absolute path; set XDG_RUNTIME_DIR "+
			"to a directory of yours", dir)
	default:
		refused = CheckRuntime(dir)
	}
	if refused != nil {
		return FallbackRuntimeDir(), refused
	}
	return filepath.Clean(dir), nil
}

// CheckRuntime is CheckPrivate for a directory that the system gave us, perhaps by way of a link.
func CheckRuntime(dir string) error {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return fmt.Errorf("cannot use %s: %w; log in again to have it back", dir, bare(err))
	}
	return CheckPrivate(real)
}

// FallbackRuntimeDir holds the socket where the system gives us no runtime directory, or has taken
// it away at a logout.
func FallbackRuntimeDir() string { return "/tmp/locald-" + strconv.Itoa(os.Geteuid()) }

// The files of the data directory.
func (p Paths) Lock() string      { return filepath.Join(p.Data, "daemon.lock") }
func (p Paths) StartLock() string { return filepath.Join(p.Data, "start.lock") }
func (p Paths) PIDFile() string   { return filepath.Join(p.Data, "daemon.pid") }
func (p Paths) DaemonLog() string { return filepath.Join(p.Data, "daemon.log") }
func (p Paths) Projects() string  { return filepath.Join(p.Data, "projects") }
func (p Paths) Logs() string      { return filepath.Join(p.Data, "logs") }
func (p Paths) Trust() string     { return filepath.Join(p.Data, "trust") }

// Written are the directories in which the daemon, and nobody else, replaces files by
// atomicfile.Write. It cleans them when it starts, once it holds the lock.
func (p Paths) Written() []string { return []string{p.Data, p.Projects(), p.Trust()} }

// Config is the user's configuration, which need not exist.
func (p Paths) Config() string { return filepath.Join(p.ConfigDir, "config.toml") }

// Socket is the daemon's usual address.
func (p Paths) Socket() string { return filepath.Join(p.RuntimeDir, "locald.sock") }

// Stalled is the stamp that a hook leaves behind when the daemon did not answer.
func (p Paths) Stalled() string { return filepath.Join(p.Data, "stalled") }

// SocketLimit is the longest socket path the kernel takes: sun_path less its terminating NUL
// (unix(7), sys/un.h on macOS).
func SocketLimit() int {
	if runtime.GOOS == "darwin" {
		return 103
	}
	return 107
}

// CheckSocket explains a path that bind(2) would refuse with a bare "invalid argument".
func CheckSocket(path string) error {
	if limit := SocketLimit(); len(path) > limit {
		return fmt.Errorf("cannot use the socket %s: its path has %d bytes and the system takes "+
			"%d; set XDG_RUNTIME_DIR to a shorter directory", path, len(path), limit)
	}
	return nil
}

// MakeData creates the data directory and those in it, and refuses one that other users could write
// to: a record there decides which processes die.
func (p Paths) MakeData() error {
	for _, dir := range []string{p.Data, p.Projects(), p.Logs(), p.Trust()} {
		if err := MakePrivate(dir); err != nil {
			return err
		}
	}
	return nil
}

// MakePrivate creates a directory and checks that it is ours alone: anybody could have made one
// under /tmp first.
func MakePrivate(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cannot create %s: %w; make its parent writable for you, "+
			"or set XDG_DATA_HOME", dir, bare(err))
	}
	return CheckPrivate(dir)
}

// CheckPrivate reports why dir must not be trusted: it is a link, not a directory, another user's,
// or open to others, now or for what is made in it.
func CheckPrivate(dir string) error {
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return fmt.Errorf("cannot use %s: %w", dir, err)
	}
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFDIR:
		return fmt.Errorf("cannot use %s: it is not a directory; move it away", dir)
	case int(st.Uid) != os.Geteuid():
		return fmt.Errorf("cannot use %s: it belongs to user %d; remove it or have its owner "+
			"remove it", dir, st.Uid)
	case st.Mode&0o022 != 0:
		return fmt.Errorf("cannot use %s: others can write to it (mode %04o); run: chmod go-w '%s'",
			dir, st.Mode&0o7777, dir)
	}
	return checkLists(dir)
}

// checkLists looks at who else may write by access control lists.
func checkLists(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("cannot use %s: %w", dir, bare(err))
	}
	me, place := writers.Of(os.Geteuid()), writers.At(dir)
	doubt := me.Writers(place, info)
	if doubt == nil {
		doubt = me.Heirs(place)
	}
	if doubt == nil {
		return nil
	}
	return fmt.Errorf("cannot use %s: it %s; run: %s '%s'", dir, doubt.Reason, doubt.Mend, dir)
}

// bare drops the path that os already put into its errors, so that a sentence does not name it
// twice.
func bare(err error) error {
	if pe, ok := err.(*os.PathError); ok {
		return pe.Err
	}
	return err
}
