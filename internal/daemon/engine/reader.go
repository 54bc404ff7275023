package engine

import (
	"fmt"
	"sync"
	"time"

	"github.com/locald/locald/internal/project"
)

// readPatience is how long a project's files may take to be read. A disk that has to wake up first
// takes less, a network that has gone never ends.
const readPatience = 2 * time.Second

// reader reads a project's files and is not held up by a file system that does not answer. There is
// one read at a time, because each that waits for such a file system holds a thread of the daemon.
// One that is overdue goes on by itself, and until it ends nobody else waits at all.
type reader struct {
	files   func(root string, uid int) (*project.Files, error)
	turn    chan struct{} // has room for one: whoever reads
	mu      sync.Mutex
	overdue chan struct{} // closed when the overdue read has ended; nil where there is none
}

func newReader(files func(root string, uid int) (*project.Files, error)) reader {
	return reader{files: files, turn: make(chan struct{}, 1)}
}

// read is called by requests, launches and restores. One timer covers waiting for the turn and
// reading, so that nobody waits for longer than readPatience however many are before it.
func (r *reader) read(root string, uid int) (*project.Files, error) {
	if r.late() != nil {
		return nil, noAnswer(root)
	}
	timer := time.NewTimer(readPatience)
	defer timer.Stop()
	select {
	case r.turn <- struct{}{}:
	case <-timer.C: // who has the turn is about to be overdue
		return nil, noAnswer(root)
	}
	// Read only after done is closed. If this read is overdue, nobody looks at them any more.
	var files *project.Files
	var err error
	done := make(chan struct{})
	go func() {
		defer func() { <-r.turn }() // last, so that nobody has the turn and finds this read overdue
		defer close(done)
		files, err = r.files(root, uid)
	}()
	select {
	case <-done:
		return files, err
	case <-timer.C:
		r.mu.Lock()
		defer r.mu.Unlock()
		r.overdue = done
		return nil, noAnswer(root)
	}
}

func noAnswer(root string) error {
	return fmt.Errorf("cannot read %s: %w", project.Name(root), ErrNoAnswer)
}

// late returns the overdue read, nil if there is none. Nobody is told when it ends, so whoever
// comes next finds that out here.
func (r *reader) late() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.overdue == nil {
		return nil
	}
	select {
	case <-r.overdue:
		r.overdue = nil
		return nil
	default:
		return r.overdue
	}
}

// await returns when whoever reads has come to the end of it, which may be never. It takes the turn
// only to give it back: that it was free is all that is asked.
func (r *reader) await() {
	r.turn <- struct{}{}
	<-r.turn
}
