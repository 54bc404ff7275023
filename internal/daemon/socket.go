package daemon

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/locald/locald/internal/atomicfile"
	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/procid"
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
	if os.Getenv("XDG_RUNTIME_DIR") != p.RuntimeDir {
		return p.MakeRuntimeDir()
	}
	// The system made it and guards it. Where it has gone since, it is made
	// again if we may.
	if err := os.Mkdir(p.RuntimeDir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("cannot make the runtime directory again: %w", err)
	}
	return nil
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

// writePIDFile tells clients where this daemon is, and a daemon that is started
// beside it that it lives. See docs/files.md.
func writePIDFile(p paths.Paths, socket string) error {
	id, err := procid.Of(os.Getpid())
	if err != nil {
		return err
	}
	return atomicfile.Write(p.PIDFile(), fmt.Appendf(nil, "%d\n%s\n%d %s\n", id.PID, socket, id.Start, id.Boot))
}

// readPIDFile returns the daemon that wrote the file, if its identity is in it.
func readPIDFile(p paths.Paths) (id procid.Identity, ok bool) {
	data, err := os.ReadFile(p.PIDFile())
	if err != nil {
		return id, false
	}
	lines := strings.Split(string(data), "\n")
	if len(lines) < 3 {
		return id, false
	}
	_, err = fmt.Sscanf(lines[0]+" "+lines[2], "%d %d %s", &id.PID, &id.Start, &id.Boot)
	return id, err == nil
}
