// Package client reaches the daemon of this user, starts it where there is none, and makes typed
// requests. Each connection is good for one request.
//
// Goroutines: one while Connect waits for the lock under which a daemon is started.
package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/pidfile"
	"github.com/locald/locald/internal/version"
	"github.com/locald/locald/internal/wire"
)

var (
	// ErrAbsent says that no daemon listens.
	ErrAbsent = errors.New("no daemon is running")
	// ErrSilent says that one listens and does not answer.
	ErrSilent = errors.New("the daemon does not answer")
)

// Conn is one connection.
type Conn struct {
	conn net.Conn
	r    *bufio.Reader
	// Daemon is what the daemon said of itself.
	Daemon wire.Hello
}

// Dial connects to the daemon of p and greets it. It looks where the PID file says and then at the
// usual address, because the daemon may have been started by a shell with another runtime
// directory. The errors wrap ErrAbsent, ErrSilent, or are a *wire.Error. The context's deadline
// holds for the whole conversation.
func Dial(ctx context.Context, p paths.Paths) (*Conn, error) {
	last := error(ErrAbsent)
	for _, socket := range sockets(p) {
		c, err := dialOne(ctx, p, socket)
		if err == nil {
			return c, nil
		}
		if e, ok := errors.AsType[*wire.Error](err); ok && e.Code == wire.CodeWrongDaemon {
			continue
		}
		if !errors.Is(err, ErrAbsent) {
			return nil, err
		}
		last = err
	}
	return nil, last
}

// sockets are the addresses to try.
func sockets(p paths.Paths) []string {
	usual := p.Socket()
	f, err := pidfile.Read(p.PIDFile())
	if err != nil || f.Socket == "" || f.Socket == usual {
		return []string{usual}
	}
	return []string{f.Socket, usual}
}

func dialOne(ctx context.Context, p paths.Paths, socket string) (*Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, classify(ctx, socket, err)
	}
	c := &Conn{conn: conn, r: bufio.NewReader(conn)}
	if err := ipc.CheckPeer(conn); err != nil {
		conn.Close()
		return nil, err
	}
	deadline, limited := ctx.Deadline()
	_ = conn.SetDeadline(earliest(deadline, time.Now().Add(greetPatience)))
	if err := c.greet(p); err != nil {
		conn.Close()
		return nil, err
	}
	if !limited {
		deadline = time.Time{}
	}
	return c, conn.SetDeadline(deadline)
}

// greetPatience bounds the wait for a hello. A daemon sends it before it does anything else, so
// that one which takes longer is stopped or wedged.
const greetPatience = 5 * time.Second

func earliest(a, b time.Time) time.Time {
	if !a.IsZero() && a.Before(b) {
		return a
	}
	return b
}

// classify tells a daemon that is not there from one that is and does not answer. A full backlog
// gives EAGAIN at once (connect(2) on a Unix socket).
func classify(ctx context.Context, socket string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ECONNREFUSED),
		errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ENOTSOCK):
		return ErrAbsent
	case errors.Is(err, syscall.EAGAIN), ctx.Err() != nil, os.IsTimeout(err):
		return ErrSilent
	case errors.Is(err, syscall.EINVAL) && len(socket) > paths.SocketLimit():
		return unreachable(paths.CheckSocket(socket))
	}
	return unreachable(fmt.Errorf("cannot connect to %s: %w", socket, err))
}

func unreachable(err error) error {
	return &wire.Error{Code: wire.CodeUnreachable, Msg: err.Error()}
}

func (c *Conn) greet(p paths.Paths) error {
	hello := wire.Hello{
		ProtoMin: wire.ProtoMin, ProtoMax: wire.ProtoMax, Version: version.String(),
		PID: os.Getpid(), Data: bytestr.String(p.Data),
	}
	err := c.say(ipc.Message{Hello: &hello})
	var f ipc.Frame
	if err == nil {
		f, err = c.receive()
	}
	if err == errEnded {
		// The kernel still accepts for a process that is dying, and nothing was asked of it yet.
		return ErrAbsent
	}
	if err != nil {
		return err
	}
	if f.Hello == nil {
		return unreachable(errors.New("cannot talk to the daemon: it sent no hello"))
	}
	c.Daemon = *f.Hello
	return nil
}

// Close ends the connection, and with it the request.
func (c *Conn) Close() { c.conn.Close() }

// Forever lifts the deadline that Dial took from its context: what follows may take as long as it
// takes.
func (c *Conn) Forever() { _ = c.conn.SetDeadline(time.Time{}) }

// AwaitClose returns when the daemon has closed the connection.
func (c *Conn) AwaitClose() { _, _ = io.Copy(io.Discard, c.r) }

// Call makes a request that is answered at once.
func Call[Req, Rep any](c *Conn, op wire.Op[Req, wire.None, Rep], req Req) (Rep, error) {
	return Stream(c, op, req, func(wire.None) error { return nil })
}

// Stream makes a request, hands each event to event and returns the end. An error of event ends it.
func Stream[Req, Ev, Rep any](
	c *Conn, op wire.Op[Req, Ev, Rep], req Req, event func(Ev) error,
) (reply Rep, err error) {
	if err := c.say(ipc.Message{Op: op.Name(), Body: req}); err != nil {
		return reply, err
	}
	for {
		f, err := c.receive()
		if err != nil {
			return reply, err
		}
		switch {
		case f.Ev != nil:
			var ev Ev
			if err := decode(f.Ev, &ev); err != nil {
				return reply, err
			}
			if err := event(ev); err != nil {
				return reply, err
			}
		case f.OK != nil:
			return reply, decode(f.OK, &reply)
		case f.End != nil:
			return reply, decode(f.End, &reply)
		}
	}
}

// Say sends something to a dialog under way. It may be called while Stream runs.
func Say[Req, In, Ev, Rep any](c *Conn, _ wire.Dialog[Req, In, Ev, Rep], in In) error {
	return c.send(ipc.Message{In: in})
}

func decode(raw json.RawMessage, into any) error {
	if err := json.Unmarshal(raw, into); err != nil {
		return unreachable(errors.New("cannot read the daemon's answer; client and daemon may be " +
			"of different versions: locald daemon restart"))
	}
	return nil
}

// say is send to a daemon that may have closed its end: where it has no room for us it says so,
// and does not wait for what we want.
func (c *Conn) say(m ipc.Message) error {
	err := c.send(m)
	if err != errEnded {
		return err
	}
	_, err = c.receive()
	return err
}

func (c *Conn) send(m ipc.Message) error {
	err := ipc.Write(c.conn, m)
	if errors.Is(err, ipc.ErrTooLong) {
		return &wire.Error{
			Code: wire.CodeFailure,
			Msg:  "cannot send the request: with this shell's environment it is longer than 1 MiB",
			Hint: "unset the variable that is so large: " +
				"env | awk '{print length, $0}' | sort -n | cut -c1-60 | tail -1",
		}
	}
	if err != nil {
		return lost(err)
	}
	return nil
}

// receive returns the next frame, or the error that it carries.
func (c *Conn) receive() (ipc.Frame, error) {
	f, err := ipc.Read(c.r)
	if err != nil {
		return f, lost(err)
	}
	if f.Err != nil {
		return f, f.Err
	}
	return f, nil
}

var errEnded error = &wire.Error{
	Code: wire.CodeUnreachable, Msg: "the daemon ended before it had answered",
	Hint: "see: locald daemon status",
}

// lost explains a conversation that broke off.
func lost(err error) error {
	switch {
	case os.IsTimeout(err):
		return ErrSilent
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return errEnded
	}
	return err
}
