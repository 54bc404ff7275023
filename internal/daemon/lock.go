package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/locald/locald/internal/client"
	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/pidfile"
	"github.com/locald/locald/internal/procinfo"
)

// lock is what makes this the user's only daemon. It is the kernel's and ends with the process,
// however that ends; the file itself is never removed, since whoever had it open would then hold a
// lock on nothing.
type lock struct{ f *os.File }

const (
	// lockPatience is how long a daemon that is being killed may take to let go of its lock: its
	// socket refuses clients a little earlier.
	lockPatience = 2 * time.Second
	// rebindPatience is how long a daemon whose socket was removed may take to make it again.
	rebindPatience = 50 * time.Millisecond
)

// takeLock fails where another daemon has it. A file that was replaced between open and lock is not
// the one that others will try, so it is opened again.
func takeLock(p paths.Paths, await func(locked <-chan struct{}) error) (*lock, error) {
	for {
		f, err := os.OpenFile(
			p.Lock(), os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0o600,
		)
		if err != nil {
			return nil, fmt.Errorf("cannot start the daemon: %w", err)
		}
		locked, failed := flock(f)
		if err := await(locked); err != nil {
			go func() { // a lock that comes too late must not be kept unknowingly
				<-locked
				f.Close()
			}()
			return nil, err
		}
		if *failed != nil {
			f.Close()
			return nil, fmt.Errorf("cannot start the daemon: cannot lock %s: %w", p.Lock(), *failed)
		}
		l := &lock{f}
		if l.current(p) {
			return l, nil
		}
		f.Close()
	}
}

// flock waits for the lock in a goroutine, which closes done when it has it or, setting failed,
// never will.
func flock(f *os.File) (done <-chan struct{}, failed *error) {
	got := make(chan struct{})
	failed = new(error)
	go func() {
		defer close(got)
		for {
			*failed = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
			if !errors.Is(*failed, syscall.EINTR) {
				return
			}
		}
	}()
	return got, failed
}

// unlessWell waits for the lock, or until who has it turns out to be well.
func unlessWell(p paths.Paths) func(<-chan struct{}) error {
	return func(locked <-chan struct{}) error { return waitFor(locked, p) }
}

// waitFor returns an error if what is waited for does not come: because the daemon that is in the
// way can be reached, or because time is up.
func waitFor(done <-chan struct{}, p paths.Paths) error {
	for _, patience := range []time.Duration{0, rebindPatience, lockPatience} {
		select {
		case <-done:
			return nil
		case <-time.After(patience):
			if answering(p) {
				return errors.New(occupied(p))
			}
		}
	}
	return errors.New(occupied(p))
}

// occupied names the daemon that has the lock. Whoever wanted a new one could not reach it.
func occupied(p paths.Paths) string {
	if err := client.Elsewhere(p); err != nil {
		return "cannot start the daemon: " + err.Msg + "; " + err.Hint
	}
	f, err := pidfile.Read(p.PIDFile())
	if err != nil {
		return "cannot start the daemon: another one is running; its log is " + p.DaemonLog()
	}
	return fmt.Sprintf(
		"cannot start the daemon: another one is running, PID %d, and cannot be reached; "+
			"end it with: locald daemon stop", f.PID,
	)
}

// predecessor refuses to start beside a daemon that lives although its lock file was deleted: the
// lock that was just taken is then on another file. One that is dying is waited for.
func predecessor(p paths.Paths) error {
	id, alive := pidfile.Live(p.PIDFile())
	if !alive {
		return nil
	}
	gone, stop := procinfo.Watch(id)
	defer stop()
	return waitFor(gone, p)
}

// answering reports whether a daemon can be reached.
func answering(p paths.Paths) bool {
	ctx, cancel := context.WithTimeout(context.Background(), lockPatience)
	defer cancel()
	c, err := client.Dial(ctx, p)
	if err != nil {
		return false
	}
	c.Close()
	return true
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
