package proc

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/locald/locald/internal/procid"
)

// watch is closed when the process has ended (it may still be a zombie).
// cancel ends the watch; calling it after the end is harmless. A pidfd becomes
// readable at the end (pidfd_open(2)), so a watch costs a descriptor and no
// thread. The error is procid.ErrGone, or a lack of descriptors.
func watch(id procid.Identity) (gone <-chan struct{}, cancel func(), err error) {
	fd, err := openPidfd(id)
	if err != nil {
		return nil, nil, err
	}
	done := make(chan struct{})
	f := os.NewFile(uintptr(fd), "pidfd")
	go func() {
		if waitReadable(f) == nil {
			close(done)
		}
		f.Close()
	}()
	return done, sync.OnceFunc(func() { f.Close() }), nil
}

// waitReadable returns nil when f is readable and an error when it was closed.
func waitReadable(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	return conn.Read(func(fd uintptr) bool {
		set := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(set, 0)
		return err == nil && n > 0
	})
}

// openPidfd opens a descriptor for exactly the process that id names.
func openPidfd(id procid.Identity) (int, error) {
	fd, err := unix.PidfdOpen(id.PID, unix.PIDFD_NONBLOCK)
	if errors.Is(err, unix.ESRCH) {
		return -1, procid.ErrGone
	}
	if err != nil {
		return -1, fmt.Errorf("cannot watch process %d: %w", id.PID, err)
	}
	if start, err := procid.StartTime(id.PID); err != nil || start != id.Start {
		unix.Close(fd)
		return -1, procid.ErrGone
	}
	return fd, nil
}

func probePidfd() error {
	fd, err := unix.PidfdOpen(os.Getpid(), unix.PIDFD_NONBLOCK)
	if err != nil {
		return fmt.Errorf("cannot watch processes: pidfd_open: %w; locald needs Linux 5.10 or newer", err)
	}
	return unix.Close(fd)
}
