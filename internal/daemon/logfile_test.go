package daemon

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// openLog is the daemon's log as the client that starts it opens it.
func openLog(t *testing.T) (path string, f *os.File) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "daemon.log")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return path, f
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, w io.Writer, text string) {
	t.Helper()
	if n, err := io.WriteString(w, text); err != nil || n != len(text) {
		t.Fatalf("wrote %d of %d bytes: %v", n, len(text), err)
	}
}

func TestLogIsCapped(t *testing.T) {
	path, f := openLog(t)
	w := logFile(path, f)
	full := strings.Repeat("x", maxLog-1) + "\n"
	write(t, w, full)
	write(t, w, "one more\n")
	if content(t, path) != "one more\n" || content(t, path+".1") != full {
		t.Errorf("%d bytes now, %d before", len(content(t, path)), len(content(t, path+".1")))
	}
	// What the runtime prints of a crash goes to the same descriptor, and to its end.
	write(t, f, "panic\n")
	write(t, w, "and on\n")
	if got := content(t, path); got != "one more\npanic\nand on\n" {
		t.Errorf("the log is %q", got)
	}
	write(t, w, strings.Repeat("y", maxLog))
	if old := content(t, path+".1"); old != "one more\npanic\nand on\n" {
		t.Errorf("the older log is %.100q", old)
	}
}

// A log that was large when the daemon started counts with what is in it.
func TestLogOfBefore(t *testing.T) {
	path, f := openLog(t)
	write(t, f, strings.Repeat("x", maxLog))
	write(t, logFile(path, f), "new\n")
	if got := content(t, path); got != "new\n" {
		t.Errorf("%d bytes", len(got))
	}
}

// Where the older log cannot be written, the newer one is emptied all the same.
func TestLogOnAFullDisk(t *testing.T) {
	path, f := openLog(t)
	if err := os.Symlink("/dev/full", path+".1"); err != nil {
		t.Fatal(err)
	}
	w := logFile(path, f)
	write(t, w, strings.Repeat("x", maxLog))
	write(t, w, "after\n")
	if got := content(t, path); got != "after\n" {
		t.Errorf("%d bytes", len(got))
	}
}

// What the daemon does not own is not for it to empty.
func TestLogToSomethingElse(t *testing.T) {
	path, f := openLog(t)
	other, err := os.Create(path + ".other")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if w := logFile(path, other); w != other {
		t.Errorf("another file is capped: %T", w)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if w := logFile(path, f); w != f {
		t.Errorf("a file that is not at its path is capped: %T", w)
	}
	pipe := []int{0, 0}
	if err := syscall.Pipe(pipe); err != nil {
		t.Fatal(err)
	}
	end := os.NewFile(uintptr(pipe[1]), "pipe")
	defer end.Close()
	defer syscall.Close(pipe[0])
	write(t, logFile(path, end), "to the journal\n")
	buf := make([]byte, 64)
	if n, err := syscall.Read(pipe[0], buf); err != nil || !bytes.HasPrefix(buf[:n], []byte("to the")) {
		t.Errorf("the pipe has %q, %v", buf[:n], err)
	}
}
