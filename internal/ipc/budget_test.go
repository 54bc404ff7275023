package ipc

import (
	"bufio"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/locald/locald/internal/wire"
)

// caller is a client that says what it is told to, and its session.
type caller struct {
	net.Conn
	t       *testing.T
	session *Session
	frames  *bufio.Reader
	asked   chan error // nil once its request has come
}

func call(t *testing.T, b *Budget) *caller {
	ours, theirs := net.Pipe()
	c := &caller{theirs, t, NewSession(ours, b), bufio.NewReader(theirs), make(chan error, 1)}
	t.Cleanup(func() {
		theirs.Close()
		c.session.Close()
	})
	go func() {
		_, err := c.session.accept(self)
		c.asked <- err
	}()
	c.say(greeting)
	c.hears(func(f Frame) bool { return f.Hello != nil })
	return c
}

// asked is one whose request has come.
func asked(t *testing.T, b *Budget) *caller {
	t.Helper()
	c := call(t, b)
	c.say(`{"op":"status"}` + "\n")
	if err := <-c.asked; err != nil {
		t.Fatal(err)
	}
	return c
}

// say returns when all of it has been read.
func (c *caller) say(text string) {
	c.t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *caller) hears(what func(Frame) bool) {
	c.t.Helper()
	if f, err := Read(c.frames); err != nil || !what(f) {
		c.t.Fatalf("it hears %+v, %v", f, err)
	}
}

func busy(f Frame) bool { return f.Err != nil && f.Err.Code == wire.CodeBusy && f.Err.Hint != "" }

const half = `{"op":"status","body":{"dir":"`

// Half frames have what all clients together may have. Where more is needed the oldest goes, and is
// told; the others are still served, and in the end all of it has been given back.
func TestHalfFramesAreBounded(t *testing.T) {
	var b Budget
	long := half + strings.Repeat("x", 900<<10)
	const room, more = maxBuffers / MaxFrame, 10 // the buffer of each has the size of a frame
	var all []*caller
	for range room + more {
		c := call(t, &b)
		c.say(long)
		all = append(all, c)
	}
	for i, c := range all[:more] {
		c.hears(busy)
		if err := <-c.asked; err == nil {
			t.Errorf("client %d is served", i)
		}
	}
	for i, c := range all[more:] {
		c.say("\"}}\n")
		if err := <-c.asked; err != nil {
			t.Errorf("client %d: %v", more+i, err)
		}
	}
	if b.used > maxBuffers {
		t.Errorf("%d bytes are used of %d", b.used, maxBuffers)
	}
	for _, c := range all {
		c.session.Close()
	}
	if b.used != 0 || len(b.shares) != 0 {
		t.Errorf("%d bytes in %d buffers are left", b.used, len(b.shares))
	}
}

// A request that has come is never given up for another: then that one is refused.
func TestRequestsAreKept(t *testing.T) {
	var b Budget
	whole := half + strings.Repeat("x", MaxFrame-len(half)-len("\"}}\n")) + "\"}}\n"
	for range maxBuffers / MaxFrame {
		c := call(t, &b)
		c.say(whole)
		if err := <-c.asked; err != nil {
			t.Fatal(err)
		}
	}
	late := call(t, &b)
	go late.Write([]byte(whole)) // it is refused half-way
	late.hears(busy)
}

// What is not read of answers goes only when there is no half frame any more, and the client with
// it; those who read are never kept waiting.
func TestUnreadAnswersAreBounded(t *testing.T) {
	var b Budget
	answer := Message{Ev: strings.Repeat("x", MaxFrame-100)}
	ended := make(chan error, maxBuffers/MaxFrame+2)
	send := func() *caller {
		c := asked(t, &b)
		go func() { ended <- c.session.write(answer) }()
		if _, err := c.frames.Peek(1); err != nil { // it is being sent, and the rest is not read
			t.Fatal(err)
		}
		return c
	}
	unfinished := call(t, &b)
	unfinished.say(half + strings.Repeat("x", 900<<10))
	for range maxBuffers/MaxFrame - 1 {
		send()
	}
	oldest := b.first()
	if send(); oldest != &unfinished.session.in {
		t.Errorf("a %v goes first", oldest)
	}
	unfinished.hears(busy)
	reads := send()
	if err := <-ended; err == nil {
		t.Error("an answer that was not read was sent")
	}
	reads.hears(func(f Frame) bool { return f.Ev != nil })
	if err := <-ended; err != nil {
		t.Errorf("an answer that is read: %v", err)
	}
}

// Whoever is dismissed hears why, at once, whatever it was about to say.
func TestDismiss(t *testing.T) {
	c := call(t, nil)
	c.say(`{"op":`)
	why := &wire.Error{Code: wire.CodeBusy, Msg: "others need the place", Hint: "try again"}
	c.session.Dismiss(why)
	c.hears(func(f Frame) bool { return f.Err != nil && *f.Err == *why })
	if err := <-c.asked; !errors.Is(err, error(why)) {
		t.Errorf("it ends with %v", err)
	}
}

// Since when a client has not read is known while it does not, and only then.
func TestUnread(t *testing.T) {
	c := asked(t, nil)
	before := time.Now()
	sent := make(chan error, 1)
	go func() { sent <- c.session.write(Message{Ev: strings.Repeat("x", 1<<16)}) }()
	if _, err := c.frames.Peek(1); err != nil {
		t.Fatal(err)
	}
	if since := c.session.Unread(); since.Before(before.Add(-time.Second)) || since.After(time.Now()) {
		t.Errorf("not read since %v", since)
	}
	c.hears(func(f Frame) bool { return f.Ev != nil })
	if err := <-sent; err != nil || !c.session.Unread().IsZero() {
		t.Errorf("%v, not read since %v", err, c.session.Unread())
	}
}
