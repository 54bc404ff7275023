package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/pidfile"
	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
	"github.com/locald/locald/internal/wire"
)

// StopDaemon ends the daemon and returns when the process has ended. keep leaves what is up wanted,
// for the next daemon to start again. One that lives and cannot be reached is found by its PID file
// and ended by a signal, in which case what was stopped is not known. The error is ErrAbsent where
// there is none.
func StopDaemon(p paths.Paths, keep bool) (wire.StopReply, error) {
	c, err := Dial(context.Background(), p)
	if errors.Is(err, ErrAbsent) {
		return stopUnreachable(p, keep)
	}
	if err != nil {
		return wire.StopReply{}, err
	}
	defer c.Close()
	reply, err := Call(c, wire.StopDaemon, wire.StopRequest{Keep: keep})
	if err == nil {
		c.AwaitClose() // it holds the connection open until then
	}
	return reply, err
}

// endPatience is how long a daemon that cannot be reached may take to end. Nobody can be told what
// it waits for.
const endPatience = 2 * time.Minute

// stopUnreachable ends the very process that the PID file names, however its number was reused. One
// that was stopped acts on the signal only once it runs again.
func stopUnreachable(p paths.Paths, keep bool) (wire.StopReply, error) {
	if err := Elsewhere(p); err != nil {
		return wire.StopReply{}, err
	}
	id, alive := pidfile.Live(p.PIDFile())
	if !alive {
		return wire.StopReply{}, ErrAbsent
	}
	gone, cancel := procinfo.Watch(id)
	defer cancel()
	signal := syscall.SIGTERM
	if keep {
		signal = syscall.SIGUSR1
	}
	for _, sig := range []syscall.Signal{signal, syscall.SIGCONT} {
		if err := id.Signal(sig); err != nil && !errors.Is(err, procid.ErrGone) {
			return wire.StopReply{}, unreachable(
				fmt.Errorf("cannot stop the daemon: PID %d: %w", id.PID, err),
			)
		}
	}
	select {
	case <-gone:
		return wire.StopReply{PID: id.PID, Stopped: []string{}}, nil
	case <-time.After(endPatience):
		return wire.StopReply{}, &wire.Error{
			Code: wire.CodeUnreachable,
			Msg:  fmt.Sprintf("cannot stop the daemon: PID %d does not end", id.PID),
			Hint: fmt.Sprintf(
				"see its log, %s; to force it: kill -KILL %d (the next command cleans up after it)",
				p.DaemonLog(), id.PID,
			),
		}
	}
}

// Elsewhere is the error about a daemon of this data directory that lives in another container or
// on another machine, nil if there is none. Its PID is a stranger's here; that it lives is known by
// its lock, which several places can see.
func Elsewhere(p paths.Paths) *wire.Error {
	f, is := pidfile.Elsewhere(p.PIDFile())
	if !is || !held(p.Lock()) {
		return nil
	}
	where := ""
	if f.Host != "" {
		where = " on " + plain.Text(f.Host)
	}
	return &wire.Error{
		Code: wire.CodeUnreachable,
		Msg: fmt.Sprintf("the daemon that keeps its data in %s runs in another container or on "+
			"another machine (PID %d%s)", plain.Text(p.Data), f.PID, where),
		Hint: "stop it there: locald daemon stop; or give this side a directory of its own: " +
			"XDG_DATA_HOME",
	}
}

// held reports whether somebody has the lock on a file.
func held(path string) bool {
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	return errors.Is(err, syscall.EWOULDBLOCK)
}

// Lost is the error about a daemon that lives and cannot be reached.
func Lost(id procid.Identity) error {
	return &wire.Error{
		Code: wire.CodeUnreachable,
		Msg: fmt.Sprintf(
			"cannot reach the daemon: PID %d is alive, and nothing listens on its socket", id.PID,
		),
		Hint: "it makes its socket again if it can; to end it and its services: locald daemon stop",
	}
}
