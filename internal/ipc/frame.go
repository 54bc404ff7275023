// Package ipc carries the messages of package wire over a Unix socket: frames of newline-delimited
// JSON, the check of who is at the other end, and the daemon's end of a connection, which hands
// each request to the handler of its operation. It knows no operation.
//
// Goroutines: one for each Session whose client's end is awaited (Gone). Lock: Budget.mu, taken
// alone.
package ipc

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/locald/locald/internal/wire"
)

// MaxFrame is the longest line in either direction, its newline included.
const MaxFrame = 1 << 20

// ErrTooLong is a frame over MaxFrame.
var ErrTooLong = errors.New("the frame is longer than 1 MiB")

// Frame is a message as it was received. Exactly one field is set, but for Body, which goes with
// Op.
type Frame struct {
	Hello *wire.Hello
	Op    string
	Body  json.RawMessage
	OK    json.RawMessage
	Err   *wire.Error
	Ev    json.RawMessage
	End   json.RawMessage
	In    json.RawMessage
}

// Message is a Frame that is to be sent: its values are encoded once, as a part of the line.
type Message struct {
	Hello *wire.Hello `json:"hello,omitempty"`
	Op    string      `json:"op,omitempty"`
	Body  any         `json:"body,omitempty"`
	OK    any         `json:"ok,omitempty"`
	Err   *wire.Error `json:"err,omitempty"`
	Ev    any         `json:"ev,omitempty"`
	End   any         `json:"end,omitempty"`
	In    any         `json:"in,omitempty"`
}

// Read reads one line.
func Read(r *bufio.Reader) (Frame, error) { return readFrame(r, maxValues, &share{}) }

func readFrame(r *bufio.Reader, most int, room *share) (Frame, error) {
	line, err := readLine(r, room)
	if err != nil {
		return Frame{}, err
	}
	f, err := split(line, most)
	if err != nil {
		return Frame{}, badFrame(err)
	}
	return f, nil
}

// readLine grows its buffer with the line: most are short, and a hundred idle connections must not
// hold a hundred mebibytes. The line is the caller's, and room is what it takes.
func readLine(r *bufio.Reader, room *share) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > MaxFrame {
			return nil, ErrTooLong
		}
		if more := len(line) + len(part) - cap(line); more > 0 {
			more = min(max(more, cap(line)), MaxFrame-cap(line)) // twice as much each time
			if err := room.grow(more); err != nil {
				return nil, err
			}
			line = append(make([]byte, 0, cap(line)+more), line...)
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

// Write sends one line. The error is ErrTooLong where nothing was sent because of the limit.
func Write(w io.Writer, m Message) error {
	line, err := encode(m)
	if err != nil {
		return err
	}
	_, err = w.Write(line)
	return err
}

func encode(m Message) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf) // ends in a newline
	enc.SetEscapeHTML(false)
	if err := enc.Encode(m); err != nil {
		return nil, fmt.Errorf("cannot encode a frame: %w", err)
	}
	if buf.Len() > MaxFrame {
		return nil, ErrTooLong
	}
	return buf.Bytes(), nil
}
