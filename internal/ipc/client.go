package ipc

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/version"
)

var (
	// ErrAbsent says that no daemon listens.
	ErrAbsent = errors.New("no daemon is running")
	// ErrSilent says that one listens and does not answer.
	ErrSilent = errors.New("the daemon does not answer")
)

// Conn is the client's end of one connection, good for one request.
type Conn struct {
	conn net.Conn
	r    *bufio.Reader
	// Daemon is what the daemon said of itself.
	Daemon Hello
}

// Dial connects to the daemon of p and greets it. It looks where the PID file
// says and then at the usual address, because the daemon may have been started
// by a shell with another runtime directory. The errors wrap ErrAbsent,
// ErrSilent, or are an *Error. The context's deadline holds for the whole
// conversation.
func Dial(ctx context.Context, p paths.Paths) (*Conn, error) {
	last := error(ErrAbsent)
	for _, socket := range sockets(p) {
		c, err := dialOne(ctx, p, socket)
		if err == nil {
			return c, nil
		}
		if e, ok := errors.AsType[*Error](err); ok && e.Code == CodeWrongDaemon {
			continue
		}
		if !errors.Is(err, ErrAbsent) {
			return nil, err
		}
		last = err
	}
	return nil, last
}

// sockets are the addresses to try. The PID file has the PID on its first line
// and the socket on its second.
func sockets(p paths.Paths) []string {
	usual := p.Socket()
	data, err := os.ReadFile(p.PIDFile())
	if err != nil {
		return []string{usual}
	}
	_, rest, _ := strings.Cut(string(data), "\n")
	named, _, _ := strings.Cut(rest, "\n")
	if named == "" || named == usual {
		return []string{usual}
	}
	return []string{named, usual}
}

func dialOne(ctx context.Context, p paths.Paths, socket string) (*Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, classify(ctx, socket, err)
	}
	c := &Conn{conn: conn, r: bufio.NewReader(conn)}
	if err := checkPeer(conn); err != nil {
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

// greetPatience bounds the wait for a hello. A daemon sends it before it does
// anything else, so that one which takes longer is stopped or wedged.
const greetPatience = 5 * time.Second

func earliest(a, b time.Time) time.Time {
	if !a.IsZero() && a.Before(b) {
		return a
	}
	return b
}

// classify tells a daemon that is not there from one that is and does not
// answer. A full backlog gives EAGAIN at once (connect(2) on a Unix socket).
func classify(ctx context.Context, socket string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ENOTSOCK):
		return ErrAbsent
	case errors.Is(err, syscall.EAGAIN), ctx.Err() != nil, os.IsTimeout(err):
		return ErrSilent
	case errors.Is(err, syscall.EINVAL) && len(socket) > paths.SocketLimit():
		return unreachable(paths.CheckSocket(socket))
	}
	return unreachable(fmt.Errorf("cannot connect to %s: %w", socket, err))
}

func unreachable(err error) error {
	return &Error{Code: CodeUnreachable, Msg: err.Error()}
}

func (c *Conn) greet(p paths.Paths) error {
	hello := Hello{ProtoMin: ProtoMin, ProtoMax: ProtoMax, Version: version.String(), PID: os.Getpid(), Data: bytestr.String(p.Data)}
	err := c.send(frame{Hello: &hello})
	var f frame
	if err == nil {
		f, err = c.receive()
	}
	if e, ok := errors.AsType[*Error](err); ok && e == errEnded {
		return ErrAbsent // the kernel still accepts for a process that is dying, and nothing was asked of it yet
	}
	if err != nil {
		return err
	}
	if f.Hello == nil {
		return unreachable(errors.New("cannot talk to the daemon: it did not greet back"))
	}
	c.Daemon = *f.Hello
	return nil
}

// Close ends the connection, and with it the request.
func (c *Conn) Close() { c.conn.Close() }

// Forever lifts the deadline that Dial took from its context: what follows may
// take as long as it takes.
func (c *Conn) Forever() { _ = c.conn.SetDeadline(time.Time{}) }

// Call makes one request and reads its one answer into reply, which may be nil.
func (c *Conn) Call(op string, body, reply any) error {
	return c.Stream(op, body, nil, reply)
}

// Stream makes one request, hands each event to event and reads the end into
// reply. An error from event ends it.
func (c *Conn) Stream(op string, body any, event func(json.RawMessage) error, reply any) error {
	raw, err := encode(body)
	if err != nil {
		return err
	}
	if err := c.send(frame{Op: op, Body: raw}); err != nil {
		return err
	}
	for {
		f, err := c.receive()
		if err != nil {
			return err
		}
		switch {
		case f.Ev != nil:
			if event == nil {
				continue
			}
			if err := event(f.Ev); err != nil {
				return err
			}
		case f.OK != nil:
			return decode(f.OK, reply)
		case f.End != nil:
			return decode(f.End, reply)
		}
	}
}

// Input sends something to an operation under way. It may be called while
// Stream runs.
func (c *Conn) Input(v any) error {
	raw, err := encode(v)
	if err != nil {
		return err
	}
	return c.send(frame{In: raw})
}

// AwaitClose returns when the daemon has closed the connection.
func (c *Conn) AwaitClose() { _, _ = io.Copy(io.Discard, c.r) }

func decode(raw json.RawMessage, into any) error {
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return unreachable(errors.New("cannot read the daemon's answer; client and daemon may be of different versions: locald daemon restart"))
	}
	return nil
}

func (c *Conn) send(f frame) error {
	var buf bytes.Buffer
	if err := appendFrame(&buf, f); err != nil {
		if errors.Is(err, ErrTooLong) {
			return &Error{Code: CodeFailure, Msg: "cannot send the request: with this shell's environment it is longer than 1 MiB", Hint: "unset the variable that is so large: env | awk '{print length, $0}' | sort -n | cut -c1-60 | tail -1"}
		}
		return err
	}
	if _, err := c.conn.Write(buf.Bytes()); err != nil {
		return lost(err)
	}
	return nil
}

// receive returns the next frame, or the error that it carries.
func (c *Conn) receive() (frame, error) {
	f, err := readFrame(c.r)
	if err != nil {
		return f, lost(err)
	}
	if f.Err != nil {
		return f, f.Err
	}
	return f, nil
}

var errEnded = &Error{Code: CodeUnreachable, Msg: "the daemon ended before it had answered", Hint: "see: locald daemon status"}

// lost explains a conversation that broke off.
func lost(err error) error {
	switch {
	case os.IsTimeout(err):
		return ErrSilent
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return errEnded
	}
	return err
}
