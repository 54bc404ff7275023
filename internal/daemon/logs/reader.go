package logs

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"time"
)

// Part is what is read of one project.
type Part struct {
	Name     string // what lines of it have as their Project
	Project  *Project
	Services []string // empty: all, and, following, those that appear later
}

// Query says which lines are read.
type Query struct {
	From []Part
	Tail int // the last lines over all services, merged; negative: everything
	// Run is 0 for any, and -1 for each service's last one and, following, those after it.
	Run          int
	Since, Until time.Time      // zero: no bound
	Match        *regexp.Regexp // on the text without its colours; nil: all lines
	Follow       bool
	// Over is for Follow: closed when what is there by then is the end; nil: never.
	Over <-chan struct{}

	// After is where an earlier reader has got to: what that one looked at is left out, whether it
	// was asked for then or not. A service that it has not met is read from its beginning. Tail
	// does not count, so that nothing is missed.
	After Cursor

	// MaxBytes ends the reading before more text than this is handed over, but not before the first
	// line; 0: no bound. What is left comes after the cursor.
	MaxBytes int

	// Effort ends the reading when it has worked for so long without coming to the end of the logs,
	// be it because they are long or because Match is expensive; 0: no bound. What emit takes does
	// not count, nor what was read before the end was reached last. What is left comes after the
	// cursor.
	Effort time.Duration
}

// ErrTooFar says that Effort was spent before the last lines that match were found.
var ErrTooFar = errors.New("the last lines that match are too far back")

// Line is one line of a service.
type Line struct {
	Time    time.Time
	Project string // the Part's name
	Service string
	Run     int
	Stream  string // "stdout", "stderr" or "locald"
	Text    []byte // valid until emit returns

	// Open says that the line is not finished: a prompt, a progress bar. What follows in its
	// service and stream is the rest if it has Joins set, else it replaces it.
	Open  bool
	Joins bool
}

// Dropped says that lines of a service were removed before they could be read, because the logs
// were too large, or by somebody. Nobody knows how many lines those were.
type Dropped struct {
	Project string // the Part's name
	Service string

	// Segments is how many segments had been removed, 0 where that is not known. The first of them
	// may have been read in part, or even to its end.
	Segments int
}

// Reader reads logs, once, and knows what it has handed over.
//
// A line that is not finished when a reader ends is continued by the one that begins after its
// cursor as if there had been only one: what was handed over with Open set gets its rest with
// Joins, or is replaced by a line without; what was not handed over is part of the line that comes,
// from its beginning, even where that is in an older segment.
type Reader struct {
	reader
}

// NewReader refuses a cursor that no Reader made. It reads nothing.
func NewReader(q Query) (*Reader, error) {
	r := &Reader{newReader(q, nil)}
	if q.After == "" {
		return r, nil
	}
	var err error
	r.resuming = true
	r.marks, err = q.After.parse()
	return r, err
}

// Read merges by time and calls emit with batches of lines. It returns at the end of the logs or,
// following, when ctx is done, Query.Until has come, Query.Over is closed, or all projects are
// removed. An error of emit ends it and is returned.
//
// An unfinished line is given in one piece when it is finished; following, or at the end of the
// logs, it is given as far as it got, with Open set.
func (r *Reader) Read(ctx context.Context, emit func([]Line) error) error {
	r.emit = emit
	q := &r.query
	var deadline <-chan time.Time
	if q.Follow && !q.Until.IsZero() {
		left := time.Until(q.Until)
		q.Follow = left > 0
		timer := time.NewTimer(left + time.Millisecond) // stamps are whole milliseconds
		defer timer.Stop()
		deadline = timer.C
	}
	if q.Follow {
		r.wake = newWatcher()
	}
	defer r.close()
	for _, from := range q.From {
		if err := r.addPart(from); err != nil {
			return err
		}
	}
	return r.read(ctx, deadline)
}

// Cursor stands exactly behind the last line that was handed over, and behind all that was looked
// at meanwhile and not asked for. It is to be called by emit, where it stands behind the batch that
// emit was given, or when Read has returned, whatever it returned.
//
// It knows the services that were read, and those of the cursor that was read after.
func (r *Reader) Cursor() Cursor {
	marks := make(map[serviceID]mark, len(r.sources)+len(r.marks))
	for _, s := range r.sources {
		marks[s.log.id()] = s.mark()
	}
	carry(marks, r.marks)
	return makeCursor(marks)
}

// Dropped is what the batch that emit was given says of lines that were removed. In the batch there
// is a line of the daemon's in the place of each.
func (r *Reader) Dropped() []Dropped { return slices.Clone(r.dropped) }

// More tells, when Read has returned, whether it ended because of Query.MaxBytes.
func (r *Reader) More() bool { return r.full }

// Spent tells, when Read has returned, whether it ended because of Query.Effort.
func (r *Reader) Spent() bool { return r.effort.spent }

// Read reads once, for who needs no cursor.
func Read(ctx context.Context, q Query, emit func([]Line) error) error {
	r, err := NewReader(q)
	if err != nil {
		return err
	}
	return r.Read(ctx, emit)
}
