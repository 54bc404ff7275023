package ipc

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"
)

// patience is how long a peer may take over its part of the greeting.
const patience = 10 * time.Second

// Session is the daemon's end of one connection.
type Session struct {
	conn net.Conn
	r    *bufio.Reader
	peer Hello

	input chan json.RawMessage // nil where the operation takes none
}

// Request is what a client asks for.
type Request struct {
	Op   string
	body json.RawMessage
}

// Decode reads the body. Unknown fields are ignored, so that newer clients can
// talk to older daemons.
func (q Request) Decode(into any) error {
	if len(q.body) == 0 {
		return nil
	}
	if err := json.Unmarshal(q.body, into); err != nil {
		return &Error{Code: CodeBadFrame, Msg: fmt.Sprintf("cannot read the body of %q: a field has the wrong type", q.Op), Hint: "see docs/protocol.md"}
	}
	return nil
}

// Accept greets a client: its user must be ours, and the two must have a
// version of the protocol in common. What is wrong is also told to the client.
func Accept(conn net.Conn, self Hello) (*Session, Request, error) {
	if err := checkPeer(conn); err != nil {
		return nil, Request{}, err
	}
	s := &Session{conn: conn, r: bufio.NewReader(conn)}
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	q, err := s.greet(self)
	if err != nil {
		s.Fail(err)
		return nil, Request{}, err
	}
	return s, q, conn.SetReadDeadline(time.Time{})
}

func (s *Session) greet(self Hello) (Request, error) {
	first, err := readFrame(s.r)
	if err != nil {
		return Request{}, explain(err)
	}
	if first.Hello == nil {
		return Request{}, &Error{Code: CodeBadFrame, Msg: "cannot go on: the first frame must be a hello", Hint: `send {"hello":{"proto_min":1,"proto_max":1,"version":"…","pid":…}}`}
	}
	s.peer = *first.Hello
	if err := s.agree(self); err != nil {
		return Request{}, err
	}
	self.Proto = min(ProtoMax, s.peer.ProtoMax)
	if err := s.write(frame{Hello: &self}); err != nil {
		return Request{}, err
	}
	second, err := readFrame(s.r)
	if err != nil {
		return Request{}, explain(err)
	}
	if second.Op == "" {
		return Request{}, &Error{Code: CodeBadFrame, Msg: `cannot go on: the frame after the hello must have an "op"`, Hint: "see docs/protocol.md"}
	}
	return Request{second.Op, second.Body}, nil
}

func (s *Session) agree(self Hello) error {
	if s.peer.ProtoMax < ProtoMin || s.peer.ProtoMin > ProtoMax {
		return &Error{
			Code: CodeVersionMismatch,
			Msg: fmt.Sprintf("cannot talk to this client: it (%s) speaks protocol %d to %d, the daemon (%s) %d to %d",
				s.peer.Version, s.peer.ProtoMin, s.peer.ProtoMax, self.Version, ProtoMin, ProtoMax),
			Hint: "run: locald daemon restart",
		}
	}
	if s.peer.Data != "" && s.peer.Data != self.Data {
		return &Error{Code: CodeWrongDaemon, Msg: fmt.Sprintf("this daemon keeps its data in %s, not in %s", self.Data, s.peer.Data)}
	}
	return nil
}

// explain makes a failed read fit to be sent back.
func explain(err error) error {
	if errors.Is(err, ErrTooLong) {
		return &Error{Code: CodeBadFrame, Msg: "cannot read the frame: it is longer than 1 MiB"}
	}
	return err
}

// OK ends the request with a result.
func (s *Session) OK(v any) error {
	return s.encoded(v, func(raw json.RawMessage) frame { return frame{OK: raw} })
}

// Event sends one event of a stream.
func (s *Session) Event(v any) error {
	return s.encoded(v, func(raw json.RawMessage) frame { return frame{Ev: raw} })
}

// End ends a stream.
func (s *Session) End(v any) error {
	return s.encoded(v, func(raw json.RawMessage) frame { return frame{End: raw} })
}

// Fail ends the request with an error.
func (s *Session) Fail(err error) {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		e = &Error{Code: CodeFailure, Msg: err.Error()}
	}
	// The client may have gone; there is nobody else to tell.
	_ = s.write(frame{Err: e})
}

// Gone is closed when the client has closed the connection, which cancels what
// it asked for. What it still sends is thrown away, unless the operation takes
// input: then it comes out of Input, until done. Call it once.
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
			if _, err := s.r.Discard(1); err != nil {
				return
			}
		}
	}()
	return gone
}

// Input are the bodies of the frames {"in": …}. It ends with the connection,
// and with the first thing that is no such frame.
func (s *Session) Input() <-chan json.RawMessage { return s.input }

func (s *Session) hear(done <-chan struct{}) {
	defer close(s.input)
	for {
		f, err := readFrame(s.r)
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

func (s *Session) encoded(v any, wrap func(json.RawMessage) frame) error {
	raw, err := encode(v)
	if err != nil {
		return err
	}
	return s.write(wrap(raw))
}

// write waits for a client that reads slowly, or not at all while its pager
// shows a page: that holds up nobody but itself, and ends with the client.
func (s *Session) write(f frame) error {
	var buf bytes.Buffer
	if err := appendFrame(&buf, f); err != nil {
		return err
	}
	_, err := s.conn.Write(buf.Bytes())
	return err
}
