// Package logs keeps what services print: it captures a service's terminal or pipe, cuts the bytes
// into lines, stores them in segment files that any text tool can read, and reads them back merged
// by time.
//
// It owns one directory per project. `<service>.log` is the segment that is being written,
// `<service>.<number>.log` are the older ones, the higher the number the newer. Every line of a
// segment is one record:
//
//	2026-11-23T22:59:40.123Z RUN MARK TEXT
//
// The stamp has a fixed width and never goes backwards within a service, so that a time is found by
// binary search and no index is needed. The mark's first byte is the stream: o output, e stderr, d
// the daemon's own notices. The second one says how the record is to be joined: = a whole line,
// ( the beginning of an unfinished one, - more of it, ) the rest of it, \ a piece of a line that
// was too long. An unfinished line which is followed by = ( or \ of its own run and stream was
// rewritten by its program, and is superseded.
//
// A Cursor is how far a Reader has got in each service: the place behind the last record that it
// looked at, a segment's number and an offset, and of each line that is unfinished there what its
// client has of it. Beside the place stands the stamp of the record before it. By that the place is
// found again when the segments have other numbers, and it is noticed when the log is another one.
//
// Goroutines: Log.Capture starts one, which ends at the end of the input or with Capture.Finish.
// Nothing else in this package starts any: Reader.Read runs in its caller's.
//
// Locks, in the order in which they are taken: Log.mu (one writer at a time; held while writing to
// the disk), then store.mu (where the log ends; held for a few loads and stores, or to open or
// rename a file, never while reading or writing one). A reader takes only the second, so it can
// delay nobody. taps.mu is taken alone.
package logs

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
)

// Limits bound what logs take on the disk. A field that is 0 or less is as in DefaultLimits.
type Limits struct {
	SegmentBytes int64 // a segment is closed, at a line's end, before it grows past this
	Segments     int   // how many are kept of a service, the one being written included
	// TotalBytes is how much all projects take together; a service's newest segment is kept
	// nevertheless.
	TotalBytes int64
}

// DefaultLimits keep 32 MiB of a service and 512 MiB of all.
func DefaultLimits() Limits {
	return Limits{SegmentBytes: 8 << 20, Segments: 4, TotalBytes: 512 << 20}
}

// Project is the logs of one project.
type Project struct {
	dir    string
	limits Limits

	watchers watchers // woken when a service gets its Log
	removed  atomic.Bool

	mu     sync.Mutex
	closed bool
	logs   map[string]*Log
	order  []*Log // as they were added
}

// OpenProject returns the logs in dir. The directory is created when something is first written.
// Beside it there must be nothing but directories of other projects' logs: together they are held
// to limits.TotalBytes.
func OpenProject(dir string, limits Limits) *Project {
	limits.SegmentBytes = cmp.Or(max(limits.SegmentBytes, 0), DefaultLimits().SegmentBytes)
	limits.Segments = cmp.Or(max(limits.Segments, 0), DefaultLimits().Segments)
	limits.TotalBytes = cmp.Or(max(limits.TotalBytes, 0), DefaultLimits().TotalBytes)
	return &Project{dir: dir, limits: limits, logs: map[string]*Log{}}
}

// Service returns the log of a service, always the same one for a name.
func (p *Project) Service(name string) *Log {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.logs[name]; l != nil {
		return l
	}
	l := &Log{name: name, store: newStore(p.dir, name, p.limits), closed: p.closed}
	p.logs[name] = l
	p.order = append(p.order, l)
	p.watchers.wake()
	return l
}

// Services returns the names, sorted, that have a log on disk.
func (p *Project) Services() ([]string, error) {
	entries, err := os.ReadDir(p.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, sentence("list the logs in", p.dir, err)
	}
	names := map[string]struct{}{}
	for _, e := range entries {
		if name, _, ok := parseSegmentName(e.Name()); ok {
			names[name] = struct{}{}
		}
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// Close closes what is open for writing. Captures are to be finished before; what is written after
// is refused.
func (p *Project) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	var errs []error
	for _, l := range p.order {
		errs = append(errs, l.close())
	}
	return errors.Join(errs...)
}

// Remove closes the logs and deletes their directory. It may be called while others read and write:
// what is written after is refused and creates nothing, followers come to their end.
func (p *Project) Remove() error {
	p.removed.Store(true)
	err := p.Close()
	if removeErr := os.RemoveAll(p.dir); removeErr != nil {
		err = errors.Join(err, sentence("remove the logs in", p.dir, removeErr))
	}
	p.watchers.wake()
	for _, l := range p.since(0) {
		l.watchers.wake()
	}
	return err
}

// known returns every log that is on disk or was asked for, sorted by name.
func (p *Project) known() ([]*Log, error) {
	names, err := p.Services()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		p.Service(name)
	}
	logs := p.since(0)
	slices.SortFunc(logs, func(a, b *Log) int { return cmp.Compare(a.name, b.name) })
	return logs, nil
}

// since returns the logs that were added after the first n.
func (p *Project) since(n int) []*Log {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.order[n:])
}
