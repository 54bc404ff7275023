package filewatch

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// watch waits for changes of a directory with kqueue(2): a socket cannot be opened, so it cannot be
// watched itself. The queue belongs to the goroutine that waits and is closed by it alone: its
// number, were it closed under the wait, could by then be another file's.
type watch struct {
	queue int
	dir   *os.File
	quit  *os.File // the end whose closing ends the wait
	awake *os.File
}

func open(path string) (*watch, error) {
	dir, err := os.OpenFile(filepath.Dir(path), unix.O_EVTONLY, 0)
	if err != nil {
		return nil, err
	}
	queue, err := unix.Kqueue()
	if err != nil {
		dir.Close()
		return nil, os.NewSyscallError("kqueue", err)
	}
	unix.CloseOnExec(queue)
	awake, quit, err := os.Pipe()
	if err != nil {
		dir.Close()
		unix.Close(queue)
		return nil, err
	}
	w := &watch{queue: queue, dir: dir, quit: quit, awake: awake}
	if err := w.subscribe(); err != nil {
		w.release()
		return nil, os.NewSyscallError("kevent", err)
	}
	return w, nil
}

func (w *watch) subscribe() error {
	changes := make([]unix.Kevent_t, 2)
	unix.SetKevent(&changes[0], int(w.dir.Fd()), unix.EVFILT_VNODE, unix.EV_ADD|unix.EV_CLEAR)
	changes[0].Fflags = unix.NOTE_WRITE | unix.NOTE_DELETE | unix.NOTE_RENAME
	unix.SetKevent(&changes[1], int(w.awake.Fd()), unix.EVFILT_READ, unix.EV_ADD)
	_, err := unix.Kevent(w.queue, changes, nil, nil)
	return err
}

// wait returns after something has happened in the directory, or with an error once the watch is
// closed.
func (w *watch) wait() error {
	events := make([]unix.Kevent_t, 1)
	for {
		n, err := unix.Kevent(w.queue, nil, events, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return os.NewSyscallError("kevent", err)
		}
		if n > 0 && events[0].Filter == unix.EVFILT_READ {
			return os.ErrClosed
		}
		return nil
	}
}

// close ends the wait; the goroutine that waited then releases the rest.
func (w *watch) close() { w.quit.Close() }

// release gives back what the watch holds, for the goroutine that waited.
func (w *watch) release() {
	w.quit.Close()
	w.awake.Close()
	w.dir.Close()
	unix.Close(w.queue)
}
