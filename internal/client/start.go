package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/locald/locald/internal/detach"
	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/wire"
)

// startPatience bounds the wait for a daemon to come up. Killing what a dead
// daemon left behind comes first and has up to five seconds for itself.
const startPatience = 30 * time.Second

// Connect is Dial, and where there is no daemon it starts one. One that is stopping is waited for.
// Of many clients that start a daemon at once one does it and the others wait for that one. The
// context bounds the connecting, and nothing that follows.
func Connect(ctx context.Context, p paths.Paths) (*Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	for {
		c, err := dialOrStart(ctx, p)
		if err != nil {
			return nil, err
		}
		if !c.Daemon.Stopping {
			c.Forever()
			return c, nil
		}
		if !c.awaitEnd() {
			return nil, &wire.Error{
				Code: wire.CodeShuttingDown, Hint: "see what it waits for: locald daemon status",
				Msg: fmt.Sprintf("cannot start the daemon: the one before, PID %d, "+
					"is still stopping its services", c.Daemon.PID),
			}
		}
	}
}

func dialOrStart(ctx context.Context, p paths.Paths) (*Conn, error) {
	c, err := Dial(ctx, p)
	if !errors.Is(err, ErrAbsent) {
		return c, err
	}
	if err := p.MakeData(); err != nil {
		return nil, unreachable(err)
	}
	unlock, err := lockStart(ctx, p)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if c, err = Dial(ctx, p); !errors.Is(err, ErrAbsent) { // somebody was faster
		return c, err
	}
	started := Start(ctx, p)
	if c, err = Dial(ctx, p); err != nil && started != nil {
		return nil, started
	}
	return c, err // also the one that lived, and has only now made its socket again
}

// awaitEnd returns when a stopping daemon has closed the connection, or false when the time is up.
func (c *Conn) awaitEnd() bool {
	defer c.Close()
	_, err := io.Copy(io.Discard, c.r)
	return !os.IsTimeout(err)
}

// lockStart makes clients queue. The lock is the kernel's and ends with its
// holder; the file stays.
func lockStart(ctx context.Context, p paths.Paths) (unlock func(), err error) {
	f, err := os.OpenFile(
		p.StartLock(), os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0o600,
	)
	if err != nil {
		return nil, unreachable(fmt.Errorf("cannot start the daemon: %w", err))
	}
	locked := make(chan error, 1)
	go func() { locked <- flock(f) }()
	select {
	case err := <-locked:
		if err != nil {
			f.Close()
			return nil, unreachable(
				fmt.Errorf("cannot start the daemon: cannot lock %s: %w", p.StartLock(), err),
			)
		}
		return func() { f.Close() }, nil
	case <-ctx.Done():
		go func() { // a lock that comes too late must not be kept by a program that lives on
			<-locked
			f.Close()
		}()
		return nil, unreachable(errors.New("cannot start the daemon: another command has been " +
			"starting it for a long time; see: locald daemon status"))
	}
}

func flock(f *os.File) error {
	for {
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// Start runs this binary as the daemon, in a session of its own, and returns when it listens. A
// daemon that gives up says why, and that is the error.
func Start(ctx context.Context, p paths.Paths) error {
	ready, child, err := os.Pipe()
	if err != nil {
		return unreachable(fmt.Errorf("cannot start the daemon: %w", err))
	}
	defer ready.Close()
	err = spawn(p, child)
	child.Close()
	if err != nil {
		return unreachable(fmt.Errorf("cannot start the daemon: %w", err))
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = ready.SetReadDeadline(deadline)
	}
	said, err := readVerdict(ready)
	switch {
	case said == detach.Ready:
		return nil
	case err != nil:
		return unreachable(fmt.Errorf(
			"cannot start the daemon: it is still not ready; see its log: %s", p.DaemonLog(),
		))
	case said == "":
		return unreachable(fmt.Errorf(
			"cannot start the daemon: it ended at once; see its log: %s", p.DaemonLog(),
		))
	}
	return unreachable(errors.New(strings.TrimSuffix(said, "\n")))
}

// readVerdict stops at the end of the first line: the daemon keeps nothing
// open, but a program that it starts might.
func readVerdict(r io.Reader) (string, error) {
	var said []byte
	buf := make([]byte, 4096)
	for !bytes.ContainsRune(said, '\n') {
		n, err := r.Read(buf)
		said = append(said, buf[:n]...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return string(said), err
		}
	}
	return string(said), nil
}

func spawn(p paths.Paths, ready *os.File) error {
	log, err := os.OpenFile(
		p.DaemonLog(), os.O_CREATE|os.O_APPEND|os.O_WRONLY|syscall.O_NOFOLLOW, 0o600,
	)
	if err != nil {
		return err
	}
	defer log.Close()
	return detach.Start(detach.Command{
		Args: []string{"daemon", "run", "--ready-fd=3"}, Env: daemonEnv(os.Environ()),
		Stdout: log, Stderr: log, Extra: ready,
	})
}

// daemonEnv keeps what the daemon needs to find its own files. The rest of the
// shell that happens to wake it, secrets included, is no business of it.
func daemonEnv(env []string) []string {
	var out []string
	for _, entry := range env {
		name, _, _ := strings.Cut(entry, "=")
		switch {
		case strings.HasPrefix(name, "XDG_"), strings.HasPrefix(name, "LOCALD_DEBUG_"):
		case name == "HOME", name == "USER", name == "LOGNAME", name == "PATH", name == "LANG",
			name == "TZ", name == "GOCOVERDIR", name == "GORACE":
		default:
			continue
		}
		out = append(out, entry)
	}
	return out
}
