package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/locald/locald/internal/crashpoint"
	"github.com/locald/locald/internal/daemon/api"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/version"
	"github.com/locald/locald/internal/wire"
)

// acceptor takes connections from one listener until that is closed.
type acceptor struct {
	d     *Daemon
	l     net.Listener
	spare *os.File // kept back for the day on which there are no others; nil if there was none
	pause time.Duration
}

// longestPause is how long the loop waits at the most when accepting fails again and again, for
// whatever reason: it must neither spin nor miss the end of the trouble by much.
const longestPause = time.Second

// serve accepts clients until the listener is closed.
func (d *Daemon) serve(l net.Listener) {
	a := acceptor{d: d, l: l}
	for {
		a.keepBack()
		conn, err := l.Accept()
		switch {
		case err == nil:
			a.pause = 0
			d.receive(conn)
		case errors.Is(err, net.ErrClosed):
			a.spare.Close()
			return
		default:
			d.log.Error("cannot accept a client", "error", err)
			a.rest(errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE))
		}
	}
}

// keepBack takes a spare descriptor unless there is one: after a time in which even that number
// could not be used, the next shortage needs it again.
func (a *acceptor) keepBack() {
	if a.spare == nil {
		a.spare, _ = os.Open(os.DevNull)
	}
}

// rest lets some time pass before the next try: twice as much each time. Where descriptors have run
// out it uses the spare one to tell a client, who knows more then than one that waits for ever.
func (a *acceptor) rest(exhausted bool) {
	if exhausted && a.spare != nil {
		a.spare.Close()
		a.turnAway()
		a.spare = nil
		if a.keepBack(); a.spare != nil {
			return
		}
	}
	a.pause = min(max(2*a.pause, 5*time.Millisecond), longestPause)
	<-time.After(a.pause)
}

// turnAway tells one client why it is not served.
func (a *acceptor) turnAway() {
	if limited, ok := a.l.(*net.UnixListener); ok { // that client may have gone meanwhile
		_ = limited.SetDeadline(time.Now().Add(time.Second))
		defer limited.SetDeadline(time.Time{})
	}
	conn, err := a.l.Accept()
	if err != nil {
		return
	}
	ipc.NewSession(conn, &a.d.buffers).Refuse(&wire.Error{
		Code: wire.CodeFailure, Msg: "cannot serve: the daemon has no file descriptors left",
		Hint: "stop some services (locald down), or raise the limit (ulimit -n) and run: " +
			"locald daemon restart",
	})
}

// receive has a client served, if there is room for it.
func (d *Daemon) receive(conn net.Conn) {
	s := ipc.NewSession(conn, &d.buffers)
	if c, refused := d.clients.come(s); refused == nil {
		go d.answer(c)
	} else {
		s.Refuse(refused)
	}
}

// answer serves one connection: one request.
func (d *Daemon) answer(s *guest) {
	defer d.clients.leave(s)
	q, err := s.Accept(d.hello())
	if err != nil {
		return // it was told
	}
	h, known := d.handlers[q.Op]
	if refused := d.clients.settle(s, h.Stays); refused != nil {
		s.Fail(refused)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	gone := s.Gone(ctx.Done(), h.TakesInput)
	go func() {
		<-gone
		cancel()
	}()
	switch {
	case !known:
		err = &wire.Error{
			Code: wire.CodeUnknownOp, Hint: "run: locald daemon restart",
			Msg: fmt.Sprintf("cannot do %.100q: this daemon (%s) does not know that operation",
				q.Op, version.String()),
		}
	case d.stopping.Load() && !whileStopping(q.Op):
		err = api.Explain(q.Op, api.ErrStopping)
	default:
		err = d.handle(ctx, h, s.Session, q)
	}
	if err != nil {
		s.Fail(err)
	}
	if h.Holds || d.stopping.Load() {
		<-gone // or the end of the process, whichever comes first
	}
}

// whileStopping are the operations that a stopping daemon goes on to answer.
func whileStopping(op string) bool {
	return op == wire.StopDaemon.Name() || op == wire.DaemonStatus.Name()
}

// handle answers a request. A panic in it is a mistake of ours that must cost that client its
// answer, and nobody their services: it is logged, counted, and the daemon goes on.
func (d *Daemon) handle(
	ctx context.Context, h ipc.Handler, s *ipc.Session, q ipc.Request,
) (err error) {
	defer func() {
		if r := recover(); r != nil {
			d.panics.Add(1)
			d.log.Error("a request ended in a panic",
				"op", q.Op, "panic", r, "stack", string(debug.Stack()))
			err = &wire.Error{
				Code: wire.CodeFailure,
				Msg: fmt.Sprintf("cannot answer %q: a mistake in the daemon ended the request; "+
					"services go on", q.Op),
				Hint: "please report it, with the end of " + d.paths.DaemonLog(),
			}
		}
	}()
	crashpoint.Reach(crashpoint.InRequest)
	return api.Explain(q.Op, h.Serve(ctx, s, q))
}
