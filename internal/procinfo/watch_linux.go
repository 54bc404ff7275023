package procinfo

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/locald/locald/internal/procid"
)

// TryWatch is Watch for those who have to know whether they watch. A pidfd becomes readable at the
// end (pidfd_open(2)), so a watch costs a descriptor and no thread. The error is procid.ErrGone
// where the process has ended; any other says that it cannot be watched.
func TryWatch(id procid.Identity) (gone <-chan struct{}, cancel func(), err error) {
	fd, err := OpenPidfd(id)
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

// OpenPidfd opens a descriptor for exactly the process that id names. The start time is compared
// after the opening: from then on the descriptor names that process and no other, whatever becomes
// of the number. The error is procid.ErrGone where the process has ended; any other, a lack of
// descriptors for one, says nothing about it.
func OpenPidfd(id procid.Identity) (int, error) {
	fd, err := unix.PidfdOpen(id.PID, unix.PIDFD_NONBLOCK)
	if errors.Is(err, unix.ESRCH) {
		return -1, procid.ErrGone
	}
	if err != nil {
		return -1, fmt.Errorf("cannot watch process %d: %w", id.PID, err)
	}
	if err := identify(id); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// ProbePidfd returns an error where the kernel has no pidfd_open(2), or a sandbox forbids it.
func ProbePidfd() error {
	fd, err := unix.PidfdOpen(os.Getpid(), unix.PIDFD_NONBLOCK)
	if err != nil {
		const advice = "locald needs Linux 5.10 or newer"
		return fmt.Errorf("cannot watch processes: pidfd_open: %w; %s", err, advice)
	}
	return unix.Close(fd)
}
