package filewatch

import (
	"os"

	"golang.org/x/sys/unix"
)

// watch waits for changes of one inode with inotify(7).
type watch struct{ f *os.File }

// open watches the file itself and not its directory, where others come and go. The number of its
// links, which changes when it is removed while somebody has it open, is an attribute.
func open(path string) (*watch, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("inotify_init1", err)
	}
	const changes = unix.IN_ATTRIB | unix.IN_DELETE_SELF | unix.IN_MOVE_SELF | unix.IN_DONT_FOLLOW
	if _, err = unix.InotifyAddWatch(fd, path, changes); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("inotify_add_watch", err)
	}
	return &watch{os.NewFile(uintptr(fd), "inotify")}, nil
}

// wait returns after something has happened to the file, or with an error once the watch is closed.
func (w *watch) wait() error {
	var events [4096]byte
	_, err := w.f.Read(events[:])
	return err
}

// close ends the wait.
func (w *watch) close() { w.f.Close() }

// release gives back what the watch holds, for the goroutine that waited.
func (w *watch) release() { w.f.Close() }
