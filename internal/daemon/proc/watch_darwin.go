package proc

import (
	"sync"

	"golang.org/x/sys/unix"

	"github.com/locald/locald/internal/procid"
)

// exits is the one kqueue on which all ends of processes arrive; one goroutine
// reads it for the life of the program.
var exits struct {
	once    sync.Once
	queue   int
	err     error
	mu      sync.Mutex
	waiting map[int][]chan struct{}
}

// watch is closed when the process has ended (it may still be a zombie).
// cancel ends the watch. The error is procid.ErrGone, or that of the kqueue.
func watch(id procid.Identity) (gone <-chan struct{}, cancel func(), err error) {
	exits.once.Do(startExits)
	if exits.err != nil {
		return nil, nil, exits.err
	}
	done := make(chan struct{})
	if !register(id, done) {
		return nil, nil, procid.ErrGone
	}
	return done, func() { unregister(id.PID, done) }, nil
}

func startExits() {
	exits.waiting = make(map[int][]chan struct{})
	exits.queue, exits.err = unix.Kqueue()
	if exits.err == nil {
		unix.CloseOnExec(exits.queue)
		go readExits()
	}
}

// register adds the event first and compares the start time second: a process
// that ended in between has its event in the queue already.
func register(id procid.Identity, done chan struct{}) bool {
	exits.mu.Lock()
	defer exits.mu.Unlock()
	var event unix.Kevent_t
	unix.SetKevent(&event, id.PID, unix.EVFILT_PROC, unix.EV_ADD|unix.EV_ONESHOT)
	event.Fflags = unix.NOTE_EXIT
	if _, err := unix.Kevent(exits.queue, []unix.Kevent_t{event}, nil, nil); err != nil {
		return false // ESRCH: it is gone
	}
	if start, err := procid.StartTime(id.PID); err != nil || start != id.Start {
		return false
	}
	exits.waiting[id.PID] = append(exits.waiting[id.PID], done)
	return true
}

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

func readExits() {
	events := make([]unix.Kevent_t, 16)
	for {
		n, err := unix.Kevent(exits.queue, nil, events, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return
		}
		for _, e := range events[:n] {
			ended(int(e.Ident))
		}
	}
}

func ended(pid int) {
	exits.mu.Lock()
	defer exits.mu.Unlock()
	for _, c := range exits.waiting[pid] {
		close(c)
	}
	delete(exits.waiting, pid)
}
