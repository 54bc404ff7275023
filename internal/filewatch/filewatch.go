// Package filewatch tells when a file that others depend on has been removed,
// renamed or replaced. It owns one descriptor and one goroutine for each watch,
// and both sleep until something happens.
package filewatch

import "os"

// Gone is closed once path no longer names the file that it names now. cancel
// ends the watch; it does not close the channel. An error means that there is
// nothing at path, or that the system has no watch to give.
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
		for {
			if !same(file, path) { // it may have gone before the watch began
				close(done)
				return
			}
			if w.wait() != nil {
				return
			}
		}
	}()
	return done, w.close, nil
}

func same(file os.FileInfo, path string) bool {
	now, err := os.Lstat(path)
	return err == nil && os.SameFile(file, now)
}
