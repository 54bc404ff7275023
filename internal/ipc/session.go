package ipc

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/locald/locald/internal/wire"
)

// patience is how long a peer may take over its part of the greeting.
const patience = 10 * time.Second

// Session is the daemon's end of one connection.
type Session struct {
	conn net.Conn
	r    *bufio.Reader
	peer wire.Hello

	in, out share                      // of the budget: of what it has sent, and not read yet
	sending atomic.Int64               // since when, in nanoseconds since 1970; 0 while it is not
	why     atomic.Pointer[wire.Error] // it was dismissed; nil while it was not

	input chan json.RawMessage // nil where the operation takes none
}

// NewSession is the daemon's end of a connection whose buffers are a part of b.
func NewSession(conn net.Conn, b *Budget) *Session {
	s := &Session{conn: conn, r: bufio.NewReader(conn)}
	s.in = share{b: b, kind: unfinished, lose: func() { s.endReads() }}
	s.out = share{b: b, kind: unread, lose: func() { _ = conn.SetWriteDeadline(past) }}
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	return s
}

// past is a deadline that ends what waits for it at once.
var past = time.Unix(1, 0)

func (s *Session) endReads() { _ = s.conn.SetReadDeadline(past) }

// Close ends the connection.
func (s *Session) Close() {
	s.conn.Close()
	s.in.free()
	s.out.free()
}

// Dismiss ends a session that waits for its client, who is told why. It does not block.
func (s *Session) Dismiss(why *wire.Error) {
	s.why.Store(why)
	s.endReads()
}

// Unread is since when the client has not read what it is being sent; zero while it reads.
func (s *Session) Unread() time.Time {
	if since := s.sending.Load(); since != 0 {
		return time.Unix(0, since)
	}
	return time.Time{}
}

// Refuse tells a client that is not served why, and closes the connection. A stranger hears
// nothing. It does not wait for what the client has to say.
func (s *Session) Refuse(why *wire.Error) {
	defer s.Close()
	if CheckPeer(s.conn) == nil {
		_ = s.conn.SetWriteDeadline(time.Now().Add(time.Second))
		s.Fail(why)
	}
}

// Request is what a client asks for.
type Request struct {
	Op   string
	body json.RawMessage
}

// decode reads the body. Unknown fields are ignored, so that newer clients can talk to older
// daemons.
func (q Request) decode(into any) error {
	if _, nothing := into.(*wire.None); nothing || len(q.body) == 0 {
		return nil // what is not asked for may be anything, as it always could
	}
	if err := json.Unmarshal(q.body, into); err != nil {
		return &wire.Error{
			Code: wire.CodeBadFrame, Hint: "see docs/protocol.md",
			Msg: fmt.Sprintf("cannot read the body of %q: a field has the wrong type", q.Op),
		}
	}
	return nil
}

// Accept greets a client: its user must be ours, and the two must have a version of the protocol in
// common. What is wrong is also told to the client.
func (s *Session) Accept(self wire.Hello) (Request, error) {
	if err := CheckPeer(s.conn); err != nil {
		return Request{}, err
	}
	return s.accept(self)
}

func (s *Session) accept(self wire.Hello) (Request, error) {
	q, err := s.greet(self)
	switch why := s.why.Load(); {
	case why != nil:
		err = why
	case s.in.taken():
		err = spent("has no room left for")
	}
	if err != nil {
		s.in.free()
		s.Fail(err)
		return Request{}, err
	}
	return q, s.conn.SetReadDeadline(time.Time{})
}

func (s *Session) greet(self wire.Hello) (Request, error) {
	first, err := readFrame(s.r, maxRequest, &s.in)
	if err != nil {
		return Request{}, explain(err)
	}
	if first.Hello == nil {
		return Request{}, &wire.Error{
			Code: wire.CodeBadFrame, Msg: "cannot go on: the first frame must be a hello",
			Hint: `send {"hello":{"proto_min":1,"proto_max":1,"version":"…","pid":…}}`,
		}
	}
	s.peer = *first.Hello
	s.in.free()
	if err := agree(s.peer, self); err != nil {
		return Request{}, err
	}
	self.Proto = min(wire.ProtoMax, s.peer.ProtoMax)
	if err := s.write(Message{Hello: &self}); err != nil {
		return Request{}, err
	}
	second, err := readFrame(s.r, maxRequest, &s.in)
	if err != nil {
		return Request{}, explain(err)
	}
	s.in.keep()
	if second.Op == "" {
		return Request{}, &wire.Error{
			Code: wire.CodeBadFrame, Hint: "see docs/protocol.md",
			Msg: `cannot go on: the frame after the hello must have an "op"`,
		}
	}
	return Request{second.Op, second.Body}, nil
}

// agree refuses a client with which no version of the protocol is shared, and one that looks for
// another daemon of this user.
func agree(client, self wire.Hello) error {
	if client.ProtoMax < wire.ProtoMin || client.ProtoMin > wire.ProtoMax {
		return &wire.Error{
			Code: wire.CodeVersionMismatch, Hint: "run: locald daemon restart",
			Msg: fmt.Sprintf(
				"cannot talk to this client: it (%s) speaks protocol %d to %d, "+
					"the daemon (%s) %d to %d",
				client.Version, client.ProtoMin, client.ProtoMax,
				self.Version, wire.ProtoMin, wire.ProtoMax,
			),
		}
	}
	if client.Data != "" && client.Data != self.Data {
		return &wire.Error{
			Code: wire.CodeWrongDaemon,
			Msg: fmt.Sprintf(
				"this daemon keeps its data in %s, not in %s", self.Data, client.Data,
			),
		}
	}
	return nil
}

// explain makes a failed read fit to be sent back.
func explain(err error) error {
	switch {
	case errors.Is(err, ErrTooLong):
		return badFrame(errors.New("it is longer than 1 MiB"))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return badFrame(errors.New("the connection ended before it"))
	case os.IsTimeout(err):
		return badFrame(fmt.Errorf("it did not come within %v", patience))
	}
	return err
}

// maxSaid is how long what is said about an error may be. A client may have sent a mebibyte of name
// that is quoted in it, and an error that does not fit into a frame would not be told at all.
const maxSaid = 4 << 10

// Fail ends the request with an error.
func (s *Session) Fail(err error) {
	said := wire.Error{Code: wire.CodeFailure, Msg: err.Error()}
	if e, ok := errors.AsType[*wire.Error](err); ok {
		said = *e
	}
	said.Msg, said.Hint = shortened(said.Msg), shortened(said.Hint)
	// The client may have gone; there is nobody else to tell.
	_ = s.write(Message{Err: &said})
}

func shortened(text string) string {
	if len(text) <= maxSaid {
		return text
	}
	return strings.ToValidUTF8(text[:maxSaid], "") + "…"
}

// Gone is closed when the client has closed the connection, which cancels what it asked for. What
// it still sends is thrown away, unless the operation takes input: then that comes out of input,
// until done. Call it once.
func (s *Session) Gone(done <-chan struct{}, takesInput bool) <-chan struct{} {
	gone := make(chan struct{})
	if takesInput {
		s.input = make(chan json.RawMessage)
	}
	go func() {
		defer close(gone)
		if takesInput {
			s.hear(done)
		}
		for {
			if _, err := s.r.Discard(max(1, s.r.Buffered())); err != nil {
				return
			}
		}
	}()
	return gone
}

// hear takes the frames {"in": …} until the connection ends, or something else comes.
func (s *Session) hear(done <-chan struct{}) {
	defer close(s.input)
	in := share{b: s.in.b, kind: unfinished, lose: s.endReads}
	defer in.free()
	for {
		in.free() // of what was said before
		f, err := readFrame(s.r, maxRequest, &in)
		if err != nil || f.In == nil {
			return
		}
		select {
		case s.input <- f.In:
		case <-done:
			return
		}
	}
}

// write waits for a client that reads slowly, or not at all while its pager shows a page: that
// holds up nobody but itself, and ends with the client. An answer that does not fit into a frame is
// an error to be told, and not the client's end.
func (s *Session) write(m Message) error {
	line, err := encode(m)
	if err == nil {
		err = s.send(line)
	}
	if errors.Is(err, ErrTooLong) {
		return &wire.Error{
			Code: wire.CodeFailure, Msg: "cannot answer: the answer is longer than 1 MiB",
			Hint: "ask for less: for one project, or for some of its services",
		}
	}
	return err
}

func (s *Session) send(line []byte) error {
	if err := s.out.grow(len(line)); err != nil {
		return err
	}
	s.sending.Store(time.Now().UnixNano())
	_, err := s.conn.Write(line)
	s.sending.Store(0)
	s.out.free()
	return err
}
