package filewatch

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const patience = 10 * time.Second

func TestGone(t *testing.T) {
	for name, remove := range map[string]func(path string) error{
		"removed": os.Remove,
		"renamed": func(path string) error { return os.Rename(path, path+".old") },
		"replaced": func(path string) error {
			return errors.Join(write(path+".new"), os.Rename(path+".new", path))
		},
		"its directory too": func(path string) error { return os.RemoveAll(filepath.Dir(path)) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "dir", "file")
			if err := errors.Join(os.Mkdir(filepath.Dir(path), 0o700), write(path)); err != nil {
				t.Fatal(err)
			}
			gone, cancel, err := Gone(path)
			if err != nil {
				t.Fatal(err)
			}
			defer cancel()
			if err := os.Chmod(path, 0o400); err != nil { // something happens to it, but it stays
				t.Fatal(err)
			}
			select {
			case <-gone:
				t.Fatal("a chmod was taken for its end")
			default:
			}
			if err := remove(path); err != nil {
				t.Fatal(err)
			}
			select {
			case <-gone:
			case <-time.After(patience):
				t.Error("nobody noticed")
			}
		})
	}
}

func TestGoneSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	gone, cancel, err := Gone(path)
	if err != nil {
		t.Fatal(err)
	}
	defer cancel()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	select {
	case <-gone:
	case <-time.After(patience):
		t.Error("nobody noticed")
	}
}

func TestNothingToWatch(t *testing.T) {
	if _, _, err := Gone(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error = %v", err)
	}
}

func write(path string) error { return os.WriteFile(path, nil, 0o600) }

// A watch that has fired holds nothing any more, even if nobody cancels it.
func TestFiredWatchHoldsNothing(t *testing.T) {
	dir := t.TempDir()
	fire := func() {
		path := filepath.Join(dir, "file")
		if err := write(path); err != nil {
			t.Fatal(err)
		}
		gone, cancel, err := Gone(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		select {
		case <-gone:
		case <-time.After(patience):
			t.Fatal("nobody noticed")
		}
		t.Cleanup(cancel)
	}
	fire() // the runtime's own descriptors come with the first
	before := descriptors(t)
	for range 20 {
		fire()
	}
	if after := descriptors(t); after > before {
		t.Errorf("%d descriptors before, %d after 20 watches", before, after)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestNames(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "dir", "file")
	if err := errors.Join(os.Mkdir(filepath.Dir(path), 0o700), write(path)); err != nil {
		t.Fatal(err)
	}
	file, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	loop := filepath.Join(dir, "loop")
	if err := os.Symlink(loop, loop); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]bool{
		path:                         true,
		filepath.Dir(path):           false,
		filepath.Join(dir, "none"):   false,
		filepath.Join(path, "below"): false, // ENOTDIR
		filepath.Join(loop, "file"):  true,  // ELOOP says nothing about the file
		filepath.Join(dir, strings.Repeat("a", 300)): true, // nor does ENAMETOOLONG
	} {
		if got := names(at, file); got != want {
			t.Errorf("names(%.40q) = %v, want %v", at, got, want)
		}
	}
}
