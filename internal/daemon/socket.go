package daemon

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/locald/locald/internal/atomicfile"
	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/project"
)

// bind listens at the usual address, or beside it where a daemon with another
// data directory listens there. The lock is held, so anything else at the
// address is a dead daemon's and is replaced: by a rename, which leaves no
// instant without a socket and cannot remove somebody else's by mistake.
func bind(p paths.Paths) (net.Listener, string, error) {
	if err := prepareRuntimeDir(p); err != nil {
		return nil, "", err
	}
	path := p.Socket()
	if answers(path) {
		path = filepath.Join(p.RuntimeDir, "locald-"+project.Hash(p.Data)+".sock")
	}
	temporary := path + "." + strconv.Itoa(os.Getpid())
	if err := paths.CheckSocket(temporary); err != nil {
		return nil, "", err
	}
	os.Remove(temporary) // of a daemon that had this PID and died here
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: temporary, Net: "unix"})
	if err != nil {
		return nil, "", fmt.Errorf("cannot listen on %s: %w", path, err)
	}
	l.SetUnlinkOnClose(false) // it would unlink the temporary name
	if err = os.Chmod(temporary, 0o600); err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		l.Close()
		os.Remove(temporary)
		return nil, "", fmt.Errorf("cannot listen on %s: %w", path, err)
	}
	return l, path, nil
}

func prepareRuntimeDir(p paths.Paths) error {
	if os.Getenv("XDG_RUNTIME_DIR") == p.RuntimeDir {
		return nil // the system made it and guards it
	}
	return p.MakeRuntimeDir()
}

// answers reports whether a live process listens at path. One whose backlog is
// full lives.
func answers(path string) bool {
	conn, err := net.Dial("unix", path)
	if err != nil {
		return errors.Is(err, syscall.EAGAIN)
	}
	conn.Close()
	return true
}

// writePIDFile tells clients where this daemon is. See docs/files.md.
func writePIDFile(p paths.Paths, socket string) error {
	return atomicfile.Write(p.PIDFile(), fmt.Appendf(nil, "%d\n%s\n", os.Getpid(), socket))
}
