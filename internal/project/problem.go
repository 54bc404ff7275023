package project

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/locald/locald/internal/plain"
)

// ErrNoProcfile is wrapped by the error of Read for a directory without a Procfile.
var ErrNoProcfile = errors.New("no Procfile")

// ErrUnsafe is wrapped by the error of Read when somebody else could have written what would run.
var ErrUnsafe = errors.New("unsafe")

// unsafeError says which path somebody else could have written, and the command that mends it.
type unsafeError struct{ path, reason, mend string }

func (e *unsafeError) Error() string {
	return fmt.Sprintf("cannot trust %s: it %s", plain.Visible(e.path, ""), e.reason)
}

// Remedy is the command that makes a project safe, for an error of Read that is
// ErrUnsafe; for another it is empty.
func Remedy(err error) string {
	if unsafe, ok := errors.AsType[*unsafeError](err); ok {
		return unsafe.mend
	}
	return ""
}

func (e *unsafeError) Unwrap() error { return ErrUnsafe }

// problemAt says what cannot be done to path, and why, without repeating the path as *fs.PathError
// would.
func problemAt(verb, path string, err error) error {
	if inner, ok := errors.AsType[*fs.PathError](err); ok {
		err = inner.Err
	}
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("cannot %s %s: %w: look at ls -ld %s", verb, plain.Visible(path, ""), err,
			plain.Word(path))
	}
	return fmt.Errorf("cannot %s %s: %w", verb, plain.Visible(path, ""), err)
}

// ParseError says why a file of a project cannot be used at all. It never holds a value of .env.
type ParseError struct {
	File   string // relative to the project's root
	Line   int    // from 1; 0 where the whole file is meant
	Reason string
	Hint   string // what to do
}

func (e *ParseError) Error() string { return position(e.File, e.Line) + ": " + e.Reason }

// Warning says what was skipped or looks wrong, while everything else is used. It never holds a
// value of .env.
type Warning struct {
	File   string // relative to the project's root
	Line   int    // from 1; 0 where the whole file is meant
	Reason string
}

func (w Warning) String() string { return position(w.File, w.Line) + ": " + w.Reason }

func position(file string, line int) string {
	if line == 0 {
		return file
	}
	return file + ":" + strconv.Itoa(line)
}

// maxWarnings per file bounds what a file that is no Procfile or .env at all can make locald keep
// and print.
const maxWarnings = 100

// warnings collects those of one file.
type warnings struct {
	file    string
	list    []Warning
	omitted int
}

func (w *warnings) add(line int, reason string) {
	if len(w.list) == maxWarnings {
		w.omitted++
		return
	}
	w.list = append(w.list, Warning{File: w.file, Line: line, Reason: reason})
}

func (w *warnings) skip(line int, reason string) { w.add(line, "skipped: "+reason) }

func (w *warnings) all() []Warning {
	if w.omitted == 0 {
		return w.list
	}
	return append(w.list,
		Warning{File: w.file, Reason: fmt.Sprintf("%d more warnings left out", w.omitted)})
}
