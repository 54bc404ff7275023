package hostile

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Send sends a frame as a client would and returns the last line of the answer. Where there is none
// within the time, the daemon is not well; that is the error.
func Send(socket string, f Frame, patience time.Duration) ([]byte, error) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	text := f.Line
	if !f.Instead {
		text = Hello + text
	}
	go func() { _, _ = io.WriteString(conn, text) }() // it may be refused half-way
	var last []byte
	lines := lineReader{r: conn}
	for {
		line, err := lines.next()
		if len(line) > 0 {
			last = line
		}
		if err != nil || bytes.HasPrefix(line, []byte(`{"ev":{"revision":`)) { // which has no end
			return last, answered(f, last, err)
		}
	}
}

func answered(f Frame, last []byte, err error) error {
	if ne, ok := err.(net.Error); ok && ne.Timeout() {
		return fmt.Errorf("%s: no end within the time, after %.200q", f.Name, last)
	}
	if len(last) == 0 || bytes.HasPrefix(last, []byte(`{"hello"`)) {
		return fmt.Errorf("%s: the connection was closed without an answer (%v)", f.Name, err)
	}
	return nil
}

type lineReader struct {
	r    io.Reader
	rest []byte
}

func (l *lineReader) next() ([]byte, error) {
	for {
		if i := bytes.IndexByte(l.rest, '\n'); i >= 0 {
			line := l.rest[:i]
			l.rest = l.rest[i+1:]
			return line, nil
		}
		buf := make([]byte, 64<<10)
		n, err := l.r.Read(buf)
		l.rest = append(l.rest, buf[:n]...)
		if err != nil {
			return nil, err
		}
	}
}

// Spent is the time on a processor that the threads of a process have had, to the nanosecond where
// the kernel counts those. ok is false on other systems than Linux.
func Spent(pid int) (spent time.Duration, ok bool) {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			continue // that thread has ended
		}
		var ns int64
		if _, err := fmt.Sscan(string(text), &ns); err == nil {
			spent, ok = spent+time.Duration(ns), true
		}
	}
	return spent, ok
}
