// Package filewatch tells when a file that others depend on has been removed, renamed or replaced.
//
// It owns, for each watch, the descriptors that the system wants for it (one on Linux, four on
// macOS) and one goroutine, which sleeps until something happens. Both are given back when the file
// has gone, and when the watch is cancelled.
package filewatch

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// Gone is closed once path no longer names the file that it names now. cancel ends the watch; it
// does not close the channel, and calling it late or twice is harmless. An error means that there
// is nothing at path, or that the system has no watch to give.
func Gone(path string) (gone <-chan struct{}, cancel func(), err error) {
	file, err := os.Lstat(path)
	if err != nil {
		return nil, nil, err
	}
	w, err := open(path)
	if err != nil {
		return nil, nil, err
	}
	done := make(chan struct{})
	go func() {
		ended := follow(w, file, path)
		w.release() // before the news: who hears it may count on the descriptors
		if ended {
			close(done)
		}
	}()
	return done, w.close, nil
}

// follow returns true once path has lost the file, and false when the watch ends without that.
func follow(w *watch, file fs.FileInfo, path string) bool {
	for {
		if !names(path, file) { // it may have gone before the watch began
			return true
		}
		if w.wait() != nil {
			return false
		}
	}
}

// names reports whether path still names the file. An error that says nothing about the file, such
// as a directory above that may no longer be searched, does not count as its end.
func names(path string, file fs.FileInfo) bool {
	now, err := os.Lstat(path)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR)
	}
	return os.SameFile(file, now)
}
