package logs

import (
	"context"
	"math"
	"slices"
	"time"
)

// Query says what to read.
type Query struct {
	Services     []string  // empty: all, and, following, those that appear later
	Tail         int       // the last lines over all services, merged; negative: everything
	Run          int       // 0: any; -1: each service's last, and, following, the ones after it
	Since, Until time.Time // zero: no bound
	Follow       bool
}

// Line is one line of a service.
type Line struct {
	Time    time.Time
	Service string
	Run     int
	Stream  string // "stdout", "stderr" or "locald"
	Text    []byte // valid until emit returns

	// Open says that the line is not finished: a prompt, a progress bar. What follows in its service and stream is the
	// rest if it has Joins set, else it replaces it.
	Open  bool
	Joins bool
}

// batchLines is how many lines at most are handed over at once.
const batchLines = 512

// Read merges by time and calls emit with batches of lines. It returns at the end of the logs or, following, when ctx
// is done (or q.Until has come). An error of emit ends it and is returned.
//
// An unfinished line is given in one piece when it is finished; following, or at the end of the logs, it is given as
// far as it got, with Open set.
func (p *Project) Read(ctx context.Context, q Query, emit func([]Line) error) error {
	if q.Follow && !q.Until.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, q.Until.Add(time.Millisecond))
		defer cancel()
	}
	r := newReader(q, emit)
	if q.Follow {
		r.wake = newWatcher()
	}
	if len(q.Services) > 0 {
		var logs []*Log
		for _, name := range q.Services {
			if l := p.Service(name); !slices.Contains(logs, l) {
				logs = append(logs, l)
			}
		}
		return r.read(ctx, logs)
	}
	if q.Follow {
		r.project = p
		p.watchers.add(r.wake)
		defer p.watchers.remove(r.wake)
	}
	logs, err := p.known()
	if err != nil {
		return err
	}
	r.seen = len(logs)
	return r.read(ctx, logs)
}

// reader is one Read.
type reader struct {
	query    Query
	emit     func([]Line) error
	ctx      context.Context
	wake     watcher  // nil unless following
	project  *Project // nil unless services that appear later are to be followed
	seen     int      // how many of the project's logs are among the sources
	sources  []*source
	batch    []Line
	counting bool // lines are counted, not handed over
	count    int
	skip     int // how many lines are not to be handed over
}

func newReader(q Query, emit func([]Line) error) *reader {
	return &reader{query: q, emit: emit}
}

func (r *reader) read(ctx context.Context, logs []*Log) error {
	r.ctx = ctx
	defer r.close()
	for _, l := range logs {
		r.add(l)
	}
	if err := r.start(); err != nil {
		return err
	}
	for {
		if err := r.round(); err != nil || !r.query.Follow {
			return r.ended(err)
		}
		r.rest()
		select {
		case <-ctx.Done():
			return nil
		case <-r.wake:
		}
		if err := r.look(); err != nil {
			return err
		}
	}
}

// ended takes what a follower ends with when it is told to: no error.
func (r *reader) ended(err error) error {
	if r.query.Follow && r.ctx.Err() != nil && err == r.ctx.Err() {
		return nil
	}
	return err
}

func (r *reader) add(l *Log) {
	s := &source{log: l, sel: newSelection(r.query)}
	s.cursor.store = l.store
	if r.wake != nil {
		l.watchers.add(r.wake) // before its end is looked at: what comes after that wakes us
	}
	r.sources = append(r.sources, s)
}

func (r *reader) close() {
	for _, s := range r.sources {
		if r.wake != nil {
			s.log.watchers.remove(r.wake)
		}
		s.cursor.close()
	}
}

// start finds where each source is to begin. Where only the last lines are wanted, it reads them twice: to count, and
// then to leave out those that are too many, because keeping them would take memory without a bound.
func (r *reader) start() error {
	begins := make([]position, len(r.sources))
	for i, s := range r.sources {
		var err error
		if s.cursor.extent, err = s.log.store.look(); err != nil {
			return err
		}
		if r.query.Run < 0 {
			if s.sel.run, err = s.lastRun(); err != nil {
				return err
			}
		}
		if begins[i], err = s.begin(r.query.Tail); err != nil {
			return err
		}
	}
	if r.query.Tail > 0 {
		r.rewind(begins)
		r.counting = true
		if err := r.round(); err != nil {
			return r.ended(err)
		}
		r.counting = false
		r.skip = max(r.count-r.query.Tail, 0)
	}
	r.rewind(begins)
	for _, s := range r.sources {
		s.sel.orLater = r.query.Run < 0 && r.query.Follow
	}
	return nil
}

func (r *reader) rewind(begins []position) {
	for i, s := range r.sources {
		s.rewind(begins[i])
	}
}

// look moves the end of the round to where the logs end now, and adds the services that are new.
func (r *reader) look() error {
	if r.project != nil {
		added := r.project.since(r.seen)
		r.seen += len(added)
		for _, l := range added {
			r.add(l)
		}
	}
	for _, s := range r.sources {
		e, err := s.log.store.look()
		if err != nil {
			return err
		}
		s.cursor.extend(e)
	}
	return nil
}

// round hands over every line between where the sources are and the end of the round, merged.
func (r *reader) round() error {
	for _, s := range r.sources {
		if err := s.advance(r.flush); err != nil {
			return err
		}
	}
	for {
		s, until := r.earliest()
		if s == nil {
			return r.flush()
		}
		for s.ok && s.key <= until {
			if err := r.put(s.line); err != nil {
				return err
			}
			if err := s.advance(r.flush); err != nil {
				return err
			}
		}
	}
}

// earliest returns the source whose line is next, and up to when its lines come before those of all others. Of lines
// with one stamp the first source's come first.
func (r *reader) earliest() (*source, int64) {
	var first *source
	var until int64
	for _, s := range r.sources {
		switch {
		case !s.ok:
		case first == nil:
			first, until = s, math.MaxInt64
		case s.key < first.key:
			first, until = s, first.key-1
		default:
			until = min(until, s.key)
		}
	}
	return first, until
}

func (r *reader) put(l Line) error {
	r.count++
	if r.counting {
		return nil
	}
	if r.skip > 0 {
		r.skip--
		return nil
	}
	r.batch = append(r.batch, l)
	if len(r.batch) == batchLines {
		return r.flush()
	}
	return nil
}

// flush hands over what was gathered. It also notices, once a batch or a block, that nobody wants more.
func (r *reader) flush() error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	if len(r.batch) == 0 {
		return nil
	}
	err := r.emit(r.batch)
	r.batch = r.batch[:0]
	return err
}

// rest gives memory back while there is nothing to read.
func (r *reader) rest() {
	clear(r.batch[:cap(r.batch)])
	for _, s := range r.sources {
		s.cursor.rest()
	}
}
