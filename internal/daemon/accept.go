package daemon

import (
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/locald/locald/internal/ipc"
)

// accept serves clients until the listener is closed. One descriptor is kept
// back for the day on which there are no others: a client that is told so
// knows more than one that waits for ever.
func (d *Daemon) accept(l net.Listener) {
	spare, _ := os.Open(os.DevNull)
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			go d.serve(conn)
		case errors.Is(err, net.ErrClosed):
			spare.Close()
			return
		case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
			d.log.Error("no descriptors are left for a client", "error", err)
			spare = d.turnAway(l, spare)
		default:
			d.log.Error("cannot accept a client", "error", err)
		}
	}
}

// turnAway tells one client why it is not served, in the place of the spare
// descriptor, and returns the next spare one.
func (d *Daemon) turnAway(l net.Listener, spare *os.File) *os.File {
	spare.Close()
	if limited, ok := l.(*net.UnixListener); ok { // that client may have gone meanwhile
		_ = limited.SetDeadline(time.Now().Add(time.Second))
		defer limited.SetDeadline(time.Time{})
	}
	if conn, err := l.Accept(); err == nil {
		if s, _, err := ipc.Accept(conn, d.hello()); err == nil {
			s.Fail(&ipc.Error{
				Code: ipc.CodeFailure, Msg: "cannot serve: the daemon has no file descriptors left",
				Hint: "stop some services (locald down), or raise the limit (ulimit -n) and run: locald daemon restart",
			})
		}
		conn.Close()
	}
	next, err := os.Open(os.DevNull)
	if err != nil {
		// Somebody took it. Accepting again at once would spin until a
		// descriptor is given back.
		<-time.After(time.Second)
	}
	return next
}
