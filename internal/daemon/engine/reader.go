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

// reader reads a project's files and is not held up by a file system that does not answer. A read
// that is overdue goes on by itself, and until it ends nobody starts another one: each would hold a
// thread of the daemon.
type reader struct {
	files   func(root string, uid int) (*project.Files, error)
	mu      sync.Mutex
	overdue chan struct{} // closed when the overdue read has ended; nil where there is none
}

func (r *reader) read(root string, uid int) (*project.Files, error) {
	if r.late() != nil {
		return nil, noAnswer(root)
	}
	var files *project.Files
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		files, err = r.files(root, uid)
	}()
	timer := time.NewTimer(readPatience)
	defer timer.Stop()
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

// late returns the overdue read, nil where there is none.
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

// await returns when no read is overdue any more.
func (r *reader) await() {
	if late := r.late(); late != nil {
		<-late
	}
}
