// Package atomicfile replaces a file as a whole: a reader, or a machine that
// loses power, sees the old content or the new one and nothing between. It
// starts no goroutine.
package atomicfile

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/locald/locald/internal/crashpoint"
)

// Write replaces path with data, mode 0600, and makes the directory (0700)
// where somebody removed it. The file and then its directory
// are synced: without the second the rename itself can be lost (rename(2) is
// atomic, not durable). The temporary name ends in "~" so that a crash leaves
// something recognisable.
func Write(path string, data []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*~")
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	if err := fill(f, data); err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	crashpoint.Reach(crashpoint.InRecord)
	if err := os.Rename(f.Name(), path); err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	if err := syncDir(dir); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return nil
}

// Unfinished reports whether a name is that of a file which Write did not get
// to put into its place.
func Unfinished(name string) bool {
	return strings.HasPrefix(name, ".") && strings.HasSuffix(name, "~")
}

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
