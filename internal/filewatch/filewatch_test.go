package filewatch

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const patience = 10 * time.Second

func TestGone(t *testing.T) {
	for name, remove := range map[string]func(path string) error{
		"removed":           os.Remove,
		"renamed":           func(path string) error { return os.Rename(path, path+".old") },
		"replaced":          func(path string) error { return errors.Join(write(path+".new"), os.Rename(path+".new", path)) },
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
