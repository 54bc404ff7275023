// Package atomicfile replaces a file as a whole: a reader, or a machine that loses power, sees the
// old content or the new one and nothing between.
//
// Goroutines and locks: none. Two Writes of one path may run at a time; one of them is seen last.
package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/locald/locald/internal/crashpoint"
)

// Write replaces path with data, mode 0600, and makes the directory (0700) where somebody removed
// it. The file and then its directory are synced: without the second the rename itself can be lost
// (rename(2) is atomic, not durable). What a crash in between leaves behind has a name that Clean
// recognises.
func Write(path string, data []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, bare(err))
	}
	f, err := os.CreateTemp(dir, temporary(filepath.Base(path)))
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, bare(err))
	}
	if err := fill(f, data); err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("cannot write %s: %w", path, bare(err))
	}
	crashpoint.Reach(crashpoint.InRecord)
	if err := os.Rename(f.Name(), path); err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("cannot write %s: %w", path, bare(err))
	}
	if err := syncDir(dir); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, bare(err))
	}
	return nil
}

// bare drops the path that package os has put into an error: it is that of a temporary file, or the
// one that the sentence names already.
func bare(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}

// Remove removes path and syncs its directory: a machine that loses power afterwards must not bring
// back what somebody was told is gone. A file that does not exist is removed already.
func Remove(path string) error {
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("cannot remove %s: %w", path, bare(err))
	}
	return nil
}

// temporary is the pattern of the names under which a file is written; see Unfinished. A star in
// the name itself would be taken for the place of the digits by os.CreateTemp, which uses the last
// one: that is ours.
func temporary(name string) string { return "." + name + ".*~" }

// fill writes and syncs; os.CreateTemp has made the file 0600 already.
func fill(f *os.File, data []byte) error {
	_, err := f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
