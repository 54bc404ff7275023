package procinfo

import (
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/locald/locald/internal/procid"
)

// exits is the one kqueue on which all ends of processes arrive; one goroutine reads it for the
// life of the program.
var exits struct {
	once    sync.Once
	queue   int
	mu      sync.Mutex
	err     error // why nothing can be watched: the kqueue could not be made, or not be read
	waiting map[int][]chan struct{}
}

// TryWatch is Watch for those who have to know whether they watch. The error is procid.ErrGone
// where the process has ended; any other says that it cannot be watched.
func TryWatch(id procid.Identity) (gone <-chan struct{}, cancel func(), err error) {
	exits.once.Do(startExits)
	done := make(chan struct{})
	if err := register(id, done); err != nil {
		return nil, nil, err
	}
	return done, func() { unregister(id.PID, done) }, nil
}

// startExits makes the kqueue and starts the goroutine that reads it.
func startExits() {
	exits.mu.Lock()
	defer exits.mu.Unlock()
	exits.waiting = make(map[int][]chan struct{})
	queue, err := unix.Kqueue()
	if err != nil {
		exits.err = fmt.Errorf("cannot watch processes: kqueue: %w", err)
		return
	}
	unix.CloseOnExec(queue)
	exits.queue = queue
	go readExits(queue)
}

// register adds the event first and compares the start time second: a process that ended in between
// has its event in the queue already. Only ESRCH says that there is no such process; a kernel that
// is short of memory, or a sandbox, says nothing about it.
func register(id procid.Identity, done chan struct{}) error {
	exits.mu.Lock()
	defer exits.mu.Unlock()
	if exits.err != nil {
		return exits.err
	}
	err := subscribe(id.PID)
	if errors.Is(err, unix.ESRCH) {
		return procid.ErrGone
	}
	if err != nil {
		return fmt.Errorf("cannot watch process %d: kevent: %w", id.PID, err)
	}
	// The event stays where the identity does not fit: another watch of the number may need it.
	if err := identify(id); err != nil {
		return err
	}
	exits.waiting[id.PID] = append(exits.waiting[id.PID], done)
	return nil
}

// subscribe asks for the event of one process's end, which comes once.
func subscribe(pid int) error {
	var event unix.Kevent_t
	unix.SetKevent(&event, pid, unix.EVFILT_PROC, unix.EV_ADD|unix.EV_ONESHOT)
	event.Fflags = unix.NOTE_EXIT
	for {
		_, err := unix.Kevent(exits.queue, []unix.Kevent_t{event}, nil, nil)
		if err != unix.EINTR {
			return err
		}
	}
}

// unregister ends one watch; others of the same process go on.
func unregister(pid int, done chan struct{}) {
	exits.mu.Lock()
	defer exits.mu.Unlock()
	list := exits.waiting[pid]
	for i, c := range list {
		if c == done {
			exits.waiting[pid] = append(list[:i:i], list[i+1:]...)
			break
		}
	}
	if len(exits.waiting[pid]) == 0 {
		delete(exits.waiting, pid)
	}
}

// readExits ends with the first error, which every later watch is then refused with: a watch that
// nobody reads would wait for ever.
func readExits(queue int) {
	events := make([]unix.Kevent_t, 16)
	for {
		n, err := unix.Kevent(queue, nil, events, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			exits.mu.Lock()
			exits.err = fmt.Errorf("cannot watch processes: kevent: %w", err)
			exits.mu.Unlock()
			return
		}
		for _, e := range events[:n] {
			ended(int(e.Ident))
		}
	}
}

// ended closes what waits for the end of the process that has the number.
func ended(pid int) {
	exits.mu.Lock()
	defer exits.mu.Unlock()
	for _, c := range exits.waiting[pid] {
		close(c)
	}
	delete(exits.waiting, pid)
}
