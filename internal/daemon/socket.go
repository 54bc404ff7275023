package daemon

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/project"
)

// socket is where clients find us. The file tells whether it is still ours.
type socket struct {
	net.Listener
	path string
	file os.FileInfo
}

// bind listens in the runtime directory or, where that cannot be used or made again, in the one
// under /tmp: a logout removes the first and leaves us running. The PID file tells clients which.
func bind(p paths.Paths) (*socket, error) {
	s, err := bindIn(p, p.RuntimeDir)
	if err == nil || p.RuntimeDir == paths.FallbackRuntimeDir() {
		return s, err
	}
	s, fallbackErr := bindIn(p, paths.FallbackRuntimeDir())
	if fallbackErr != nil {
		return nil, errors.Join(err, fallbackErr)
	}
	return s, nil
}

// bindIn listens at the usual name, or beside it where a daemon with another data directory listens
// there. The lock is held, so anything else at the address is a dead daemon's and is replaced: by a
// rename, which leaves no instant without a socket and cannot remove somebody else's by mistake.
func bindIn(p paths.Paths, dir string) (*socket, error) {
	if err := prepareRuntimeDir(dir); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, filepath.Base(p.Socket()))
	if answers(path) {
		path = filepath.Join(dir, "locald-"+project.Hash(p.Data)+".sock")
	}
	temporary := path + "." + strconv.Itoa(os.Getpid())
	if err := paths.CheckSocket(temporary); err != nil {
		return nil, err
	}
	os.Remove(temporary) // of a daemon that had this PID and died here
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: temporary, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", path, err)
	}
	l.SetUnlinkOnClose(false) // it would unlink the temporary name
	if err = os.Chmod(temporary, 0o600); err == nil {
		err = os.Rename(temporary, path)
	}
	var file os.FileInfo
	if err == nil {
		file, err = os.Lstat(path)
	}
	if err != nil {
		l.Close()
		os.Remove(temporary)
		return nil, fmt.Errorf("cannot listen on %s: %w", path, err)
	}
	return &socket{l, path, file}, nil
}

// prepareRuntimeDir makes the directory where it has gone and we may. What is above one that the
// system gave us is the system's to make. Others must not be able to write to either: they would
// put their sockets beside ours.
func prepareRuntimeDir(dir string) error {
	if dir == paths.FallbackRuntimeDir() {
		return paths.MakePrivate(dir)
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("cannot make the runtime directory again: %w", err)
	}
	return paths.CheckRuntime(dir)
}

// answers reports whether a live process listens at path. One whose backlog is full lives.
func answers(path string) bool {
	conn, err := net.Dial("unix", path)
	if err != nil {
		return errors.Is(err, syscall.EAGAIN)
	}
	conn.Close()
	return true
}

// inPlace reports whether what is at the address is still our socket.
func (s *socket) inPlace() bool {
	now, err := os.Lstat(s.path)
	return err == nil && os.SameFile(now, s.file)
}

// remove ends the listening. Somebody else's socket at the address stays.
func (s *socket) remove() {
	if s.inPlace() {
		os.Remove(s.path)
	}
	s.Close()
}
