// Package ipc is the wire between the daemon and its clients: frames of
// newline-delimited JSON on a Unix socket, the messages in them, and the
// client, which starts the daemon where there is none. It knows no behaviour.
//
// Goroutines: one while a client waits for the lock under which it starts the
// daemon.
package ipc

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxFrame is the longest line in either direction, its newline included.
const MaxFrame = 1 << 20

// ErrTooLong is a frame over MaxFrame.
var ErrTooLong = errors.New("the frame is longer than 1 MiB")

// frame is every message. Exactly one field is set.
type frame struct {
	Hello *Hello          `json:"hello,omitempty"`
	Op    string          `json:"op,omitempty"`
	Body  json.RawMessage `json:"body,omitempty"`
	OK    json.RawMessage `json:"ok,omitempty"`
	Err   *Error          `json:"err,omitempty"`
	Ev    json.RawMessage `json:"ev,omitempty"`
	End   json.RawMessage `json:"end,omitempty"`
	In    json.RawMessage `json:"in,omitempty"`
}

// readFrame reads one line. The buffer grows with the line: most are short,
// and a hundred idle connections must not hold a hundred mebibytes.
func readFrame(r *bufio.Reader) (frame, error) {
	var f frame
	line, err := readLine(r)
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(line, &f); err != nil {
		return f, &Error{Code: CodeBadFrame, Msg: "cannot read the frame: it is not a JSON object of this protocol", Hint: "see docs/protocol.md"}
	}
	return f, nil
}

func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > MaxFrame {
			return nil, ErrTooLong
		}
		if err == nil && line == nil {
			return part, nil // whole in the reader's buffer, valid until the next read
		}
		line = append(line, part...)
		switch {
		case err == nil:
			return line, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(bytes.TrimSpace(line)) > 0:
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
}

// appendFrame encodes one line.
func appendFrame(buf *bytes.Buffer, f frame) error {
	before := buf.Len()
	enc := json.NewEncoder(buf) // ends in a newline
	enc.SetEscapeHTML(false)
	if err := enc.Encode(f); err != nil {
		return fmt.Errorf("cannot encode a frame: %w", err)
	}
	if buf.Len()-before > MaxFrame {
		buf.Truncate(before)
		return ErrTooLong
	}
	return nil
}

// encode turns a body into what a frame carries.
func encode(v any) (json.RawMessage, error) {
	if v == nil {
		return json.RawMessage("{}"), nil
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("cannot encode a message: %w", err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
