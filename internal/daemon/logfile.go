package daemon

import (
	"errors"
	"io"
	"os"
	"sync"
)

// maxLog is how large the daemon's own log may become. Then what is in it is moved to a file beside
// it, whose former content goes.
const maxLog = 4 << 20

// cappedLog is the daemon's log, to which its stderr is redirected, so that what the runtime prints
// about a crash is in it too. The descriptor therefore stays the same, and the file is emptied, not
// replaced: it is open for appending.
type cappedLog struct {
	mu   sync.Mutex
	f    *os.File
	path string
	size int64
}

// logFile caps the log where f is the file at path. Run by hand or by an init, a daemon logs to
// something else, which is not ours to cap.
func logFile(path string, f *os.File) io.Writer {
	there, err := os.Stat(path)
	here, hereErr := f.Stat()
	if err != nil || hereErr != nil || !os.SameFile(there, here) {
		return f
	}
	return &cappedLog{f: f, path: path, size: here.Size()}
}

func (l *cappedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size+int64(len(p)) > maxLog {
		if err := l.rotate(); err != nil {
			return 0, err
		}
	}
	n, err := l.f.Write(p)
	l.size += int64(n)
	return n, err
}

// rotate copies what there is to the older file and empties the newer one. What cannot be copied,
// because the disk is full for instance, is lost: a log that grows for ever would cost more.
func (l *cappedLog) rotate() error {
	_ = copyFile(l.path, l.path+".1")
	if err := l.f.Truncate(0); err != nil {
		return err
	}
	l.size = 0
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
