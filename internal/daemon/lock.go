package daemon

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/locald/locald/internal/paths"
)

// lock is what makes this the user's only daemon. It is the kernel's and ends
// with the process, however that ends; the file itself is never removed, since
// whoever had it open would then hold a lock on nothing.
type lock struct{ f *os.File }

// lockPatience is how long a daemon that is being killed may take to let go of
// its lock: its socket refuses clients a little earlier.
const lockPatience = 2 * time.Second

// takeLock fails where another daemon has it. A file that was replaced between
// open and lock is not the one that others will try, so it is opened again.
func takeLock(p paths.Paths) (*lock, error) {
	for {
		f, err := os.OpenFile(p.Lock(), os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0o600)
		if err != nil {
			return nil, fmt.Errorf("cannot start the daemon: %w", err)
		}
		switch err := flock(f, lockPatience); {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, errors.New(occupied(p))
		case err != nil:
			f.Close()
			return nil, fmt.Errorf("cannot start the daemon: cannot lock %s: %w", p.Lock(), err)
		}
		l := &lock{f}
		if l.current(p) {
			return l, nil
		}
		f.Close()
	}
}

// occupied names the daemon that has the lock. Whoever wanted a new one could
// not reach it, most likely because its socket was removed.
func occupied(p paths.Paths) string {
	data, err := os.ReadFile(p.PIDFile())
	pid, _, ok := strings.Cut(string(data), "\n")
	if err != nil || !ok {
		return "cannot start the daemon: another one is running; its log is " + p.DaemonLog()
	}
	return fmt.Sprintf("cannot start the daemon: another one is running, PID %s; if it cannot be reached, its socket was removed: kill %s", pid, pid)
}

// flock waits for the lock for a while. When it gives up the program ends, and
// with it the goroutine that still waits and the file.
func flock(f *os.File, patience time.Duration) error {
	locked := make(chan error, 1)
	go func() {
		for {
			err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
			if !errors.Is(err, syscall.EINTR) {
				locked <- err
				return
			}
		}
	}()
	select {
	case err := <-locked:
		return err
	case <-time.After(patience):
		return os.ErrDeadlineExceeded
	}
}

// current reports whether the locked file is still the one at the path.
func (l *lock) current(p paths.Paths) bool {
	held, err := l.f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(p.Lock())
	return err == nil && os.SameFile(held, there)
}

func (l *lock) release() { l.f.Close() }
