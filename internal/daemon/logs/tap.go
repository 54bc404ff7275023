package logs

import (
	"bytes"
	"context"
	"io"
	"sync"
)

const (
	// recentBytes is what is kept of an output for who comes later: a prompt, and what led to it.
	recentBytes = 4 << 10

	// tapBytes is how far a tap may fall behind before it loses output.
	tapBytes = 1 << 20
)

// taps are the readers of an output as it comes, escape sequences and all. The log is for lines;
// this is for terminals. Its lock is taken by itself.
type taps struct {
	mu      sync.Mutex
	recent  []byte
	cut     bool // recent is not all there was
	readers []*Tap
	over    bool
}

// Tap reads one output as it comes. One that is read too slowly loses bytes, and is told: it must
// not hold up anybody.
type Tap struct {
	from    *taps
	wake    chan struct{}
	pending []byte
	lost    int
}

// Tap begins with what was printed last.
func (c *Capture) Tap() *Tap {
	s := &c.taps
	s.mu.Lock()
	defer s.mu.Unlock()
	recent := s.recent
	if s.cut { // it may begin within a character or an escape sequence
		recent = recent[bytes.IndexByte(recent, '\n')+1:]
	}
	t := &Tap{from: s, wake: make(chan struct{}, 1), pending: bytes.Clone(recent)}
	s.readers = append(s.readers, t)
	t.notify()
	return t
}

// Next returns what has come since the last call, waiting for some, and how many bytes before it
// were lost. At the end of the output it returns io.EOF.
func (t *Tap) Next(ctx context.Context) (p []byte, lost int, err error) {
	for {
		t.from.mu.Lock()
		p, lost = t.pending, t.lost
		t.pending, t.lost = nil, 0
		over := t.from.over
		t.from.mu.Unlock()
		switch {
		case len(p) > 0:
			return p, lost, nil
		case over:
			return nil, 0, io.EOF
		}
		select {
		case <-t.wake:
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
	}
}

// Close ends the tap.
func (t *Tap) Close() {
	s := t.from
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, r := range s.readers {
		if r == t {
			s.readers = append(s.readers[:i:i], s.readers[i+1:]...)
			return
		}
	}
}

func (t *Tap) notify() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// give hands output on.
func (s *taps) give(p []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remember(p)
	for _, t := range s.readers {
		if len(t.pending)+len(p) > tapBytes {
			t.lost += len(t.pending)
			t.pending = nil
		}
		t.pending = append(t.pending, p...)
		t.notify()
	}
}

func (s *taps) remember(p []byte) {
	if more := len(p) - recentBytes; more > 0 {
		p, s.cut = p[more:], true
	}
	if more := len(s.recent) + len(p) - recentBytes; more > 0 {
		s.recent = append(s.recent[:0], s.recent[more:]...)
		s.cut = true
	}
	s.recent = append(s.recent, p...)
}

// end lets the readers have what is pending, and then no more.
func (s *taps) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	for _, t := range s.readers {
		t.notify()
	}
}
