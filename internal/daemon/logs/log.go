package logs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"
)

// Log is what one service printed, in all its runs.
type Log struct {
	name     string
	store    *store
	watchers watchers

	mu      sync.Mutex
	closed  bool
	clock   clock
	pending batch
	loss    loss
}

// batch is the records that one append writes at once.
type batch struct {
	log    *Log
	head   []byte // what stands before a text; its last but one byte is the kind
	buffer [maxHead]byte
	block  *block
	size   int
}

func (b *batch) record(k kind, text []byte) {
	if b.size+len(b.head)+len(text)+1 > blockSize {
		b.write()
	}
	out := append(b.block[:b.size], b.head...)
	out[len(out)-2] = byte(k)
	out = append(out, text...)
	out = append(out, '\n')
	b.size = len(out)
}

func (b *batch) write() {
	if b.size > 0 {
		b.log.write(b.block[:b.size])
		b.size = 0
	}
}

// retryAfter is how long a disk that refused is left alone, so that refusals cost a service
// nothing.
const retryAfter = 250 * time.Millisecond

// loss is what the disk refused.
type loss struct {
	err      error // of the last attempt; nil when the disk is well
	lines    int
	from, to int64     // stamps of the first and the last lost record
	retry    time.Time // when to try again
}

// Note records what the daemon has to say about a run.
func (l *Log) Note(run int, text string) error {
	var s splitter
	return l.append(time.Now(), run, notice, func(to recorder) {
		s.write([]byte(text), to)
		s.end(to)
	})
}

// Tail returns the last n lines of a run, of every run if it is 0.
func (l *Log) Tail(run, n int) ([]Line, error) {
	var lines []Line
	r := newReader(Query{Tail: n, Run: run}, func(batch []Line) error {
		for _, line := range batch {
			line.Text = bytes.Clone(line.Text)
			lines = append(lines, line)
		}
		return nil
	})
	defer r.close()
	r.add(&part{}, l)
	return lines, r.read(context.Background(), nil)
}

// append stamps and writes the records that fill makes. All of one call share a stamp.
func (l *Log) append(now time.Time, run int, src Source, fill func(to recorder)) error {
	l.mu.Lock()
	if l.store.file == nil && l.loss.err == nil {
		l.resume()
	}
	l.clock.advance(now.UnixMilli())
	b := &l.pending
	b.log, b.block, b.size = l, takeBlock(), 0
	b.head = appendHead(b.buffer[:0], &l.clock, run, src)
	fill(b)
	b.write()
	b.block.release()
	b.block = nil
	err := l.loss.err
	l.mu.Unlock()
	l.watchers.wake()
	return err
}

// resume makes the stamps go on from those on the disk, which may be ahead when the clock was set
// back.
func (l *Log) resume() {
	e, err := l.store.look()
	if err != nil {
		return // the write that follows meets the same error, and reports it
	}
	back := newBackward(l.store, e)
	defer back.close()
	if last, _, ok, _ := back.prev(); ok {
		l.clock.advance(last.stamp)
	}
}

// write stores records, or drops and counts them: the disk's trouble must never be the service's.
func (l *Log) write(p []byte) {
	if l.closed {
		l.loss.err = fmt.Errorf(
			"cannot write to %s: the log is closed: %w", l.store.path, fs.ErrClosed,
		)
		return
	}
	if l.loss.err != nil && !l.retry() {
		l.drop(p)
		return
	}
	n, err := l.store.append(p)
	if err != nil {
		l.fail(err)
		l.drop(p[n:])
	}
}

// retry tries the disk again, with the note that says what is missing.
func (l *Log) retry() bool {
	now := time.Now()
	if now.Before(l.loss.retry) {
		return false
	}
	note := append(bytes.Clone(l.pending.head), l.loss.String()...)
	note[len(l.pending.head)-3] = byte(notice)
	note = append(note, '\n')
	if _, err := l.store.append(note); err != nil {
		l.fail(err)
		return false
	}
	l.loss = loss{}
	return true
}

func (l *Log) fail(err error) {
	l.loss.err = err
	l.loss.retry = time.Now().Add(retryAfter)
}

func (l *Log) drop(p []byte) {
	if l.loss.lines == 0 {
		l.loss.from = l.clock.now
	}
	l.loss.lines += bytes.Count(p, []byte{'\n'})
	l.loss.to = l.clock.now
}

func (s loss) String() string {
	at := func(ms int64) string { return time.UnixMilli(ms).UTC().Format(stampLayout) }
	lines := "lines"
	if s.lines == 1 {
		lines = "line"
	}
	return fmt.Sprintf(
		"%d %s lost between %s and %s: %v", s.lines, lines, at(s.from), at(s.to), s.err,
	)
}

func (l *Log) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	if err := l.store.close(); err != nil && !errors.Is(err, fs.ErrClosed) {
		return sentence("close", l.store.path, err)
	}
	return nil
}
