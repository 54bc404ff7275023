package ipc

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/locald/locald/internal/wire"
)

// The most that a frame may hold, whatever its length. Every value costs memory and every level
// stack before anybody can look at what was asked for; what there is to say needs far less.
const (
	maxValues  = 1 << 16
	maxDepth   = 64
	maxRequest = 1 << 14 // values of what a client sends: thousands of variables, and some names
)

var (
	errShape  = errors.New("it is not a JSON object of this protocol")
	errValues = errors.New("it has too many values")
	errDepth  = errors.New("it is nested more than 64 deep")
)

// splitter cuts a line into the members of its object in one pass. encoding/json would look at
// every byte of a body four times until the body is read, twice of them only to find its end. What
// is in a body is checked by whoever decodes it.
type splitter struct {
	line   []byte
	at     int
	values int
	most   int // values
}

// split returns a frame whose raw members are parts of the line.
func split(line []byte, most int) (f Frame, err error) {
	s := splitter{line: line, most: most}
	var hello, op, failure json.RawMessage
	members := map[string]*json.RawMessage{
		"hello": &hello, "op": &op, "err": &failure,
		"body": &f.Body, "ok": &f.OK, "ev": &f.Ev, "end": &f.End, "in": &f.In,
	}
	err = s.object(func(name string, value []byte) {
		if member, known := members[name]; known {
			*member = value
		}
	})
	if err != nil {
		return Frame{}, err
	}
	for raw, into := range map[*json.RawMessage]any{
		&hello: &f.Hello, &op: &f.Op, &failure: &f.Err,
	} {
		if *raw != nil && json.Unmarshal(*raw, into) != nil {
			return Frame{}, errShape
		}
	}
	return f, nil
}

// object reads the whole line, which is one object.
func (s *splitter) object(member func(name string, value []byte)) error {
	if s.next() != '{' {
		return errShape
	}
	s.at++
	for first := true; s.next() != '}'; first = false {
		if !first {
			if s.next() != ',' {
				return errShape
			}
			s.at++
		}
		name, err := s.name()
		if err != nil {
			return err
		}
		s.space()
		start := s.at
		if err := s.value(); err != nil {
			return err
		}
		member(name, s.line[start:s.at])
	}
	s.at++
	if s.next(); s.at < len(s.line) {
		return errShape
	}
	return nil
}

// name reads a member's name and the colon.
func (s *splitter) name() (name string, err error) {
	if s.next() != '"' {
		return "", errShape
	}
	start := s.at
	if !s.text() || json.Unmarshal(s.line[start:s.at], &name) != nil {
		return "", errShape
	}
	if s.next() != ':' {
		return "", errShape
	}
	s.at++
	return name, nil
}

// value passes over one value.
func (s *splitter) value() error {
	start := s.at
	for depth := 0; s.at < len(s.line); {
		switch c := s.line[s.at]; c {
		case '"':
			if !s.text() {
				return errShape
			}
			continue
		case '{', '[':
			if depth++; depth > maxDepth {
				return errDepth
			}
		case '}', ']', ',':
			if depth == 0 {
				return s.ended(start)
			}
			if c != ',' {
				depth--
			} else if s.values++; s.values > s.most {
				return errValues
			}
		}
		s.at++
	}
	return errShape
}

// ended counts a member. There must have been something of it.
func (s *splitter) ended(start int) error {
	if s.values++; s.values > s.most {
		return errValues
	}
	if s.at == start {
		return errShape
	}
	return nil
}

// text passes over a string.
func (s *splitter) text() bool {
	for s.at++; s.at < len(s.line); s.at++ {
		i := bytes.IndexByte(s.line[s.at:], '"')
		if i < 0 {
			return false
		}
		s.at += i
		backslashes := 0
		for s.line[s.at-1-backslashes] == '\\' {
			backslashes++
		}
		if backslashes%2 == 0 {
			s.at++
			return true
		}
	}
	return false
}

// next is the byte after white space, 0 at the end.
func (s *splitter) next() byte {
	s.space()
	if s.at == len(s.line) {
		return 0
	}
	return s.line[s.at]
}

func (s *splitter) space() {
	for s.at < len(s.line) {
		switch s.line[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

// badFrame is the error for a line that is no frame.
func badFrame(why error) error {
	return &wire.Error{
		Code: wire.CodeBadFrame, Msg: "cannot read the frame: " + why.Error(),
		Hint: "see docs/protocol.md",
	}
}
