package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Clean removes what Write left behind in dir where the machine or the process died in the middle
// of it. Nobody else does: the next Write takes a new name, so that such files would pile up for
// ever. A directory that does not exist is clean.
//
// The caller makes sure that nobody is writing into dir, since an unfinished file and one that is
// about to be finished look the same. Files of other names are left alone, and so is whatever is
// not a regular file: Write makes nothing else.
func Clean(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot clean %s: %w", dir, err)
	}
	var failed error
	for _, e := range entries {
		if !e.Type().IsRegular() || !Unfinished(e.Name()) {
			continue
		}
		err := os.Remove(filepath.Join(dir, e.Name()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, fmt.Errorf("cannot clean up: %w", err))
		}
	}
	return failed
}

// Unfinished reports whether a name is that of a file which Write did not get to put into its
// place: ".NAME.DIGITS~". The digits tell it from the backup that an editor makes of a hidden file.
func Unfinished(name string) bool {
	rest, ok := strings.CutPrefix(name, ".")
	if !ok {
		return false
	}
	rest, ok = strings.CutSuffix(rest, "~")
	dot := strings.LastIndexByte(rest, '.')
	if !ok || dot < 1 {
		return false
	}
	digits := rest[dot+1:]
	return digits != "" && strings.Trim(digits, "0123456789") == ""
}
