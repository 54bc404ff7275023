package logs

import (
	"context"
	"math"
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
	From         []Part
	Tail         int            // the last lines over all services, merged; negative: everything
	Run          int            // 0: any; -1: each service's last, and, following, the ones after it
	Since, Until time.Time      // zero: no bound
	Match        *regexp.Regexp // on the text without its colours; nil: all lines
	Follow       bool
	Over         <-chan struct{} // following: closed when what is there by then is the end; nil: never
}

// Line is one line of a service.
type Line struct {
	Time    time.Time
	Project string // the Part's name
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
// is done, q.Until has come, q.Over is closed, or all projects are removed. An error of emit ends it and is returned.
//
// An unfinished line is given in one piece when it is finished; following, or at the end of the logs, it is given as
// far as it got, with Open set.
func Read(ctx context.Context, q Query, emit func([]Line) error) error {
	var deadline <-chan time.Time
	if q.Follow && !q.Until.IsZero() {
		left := time.Until(q.Until)
		q.Follow = left > 0
		timer := time.NewTimer(left + time.Millisecond) // stamps are whole milliseconds
		defer timer.Stop()
		deadline = timer.C
	}
	r := newReader(q, emit)
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

// part is a Part that is being read.
type part struct {
	Part
	growing bool // services that appear later are followed
	seen    int  // how many of the project's logs are among the sources
}

// reader is one Read.
type reader struct {
	query    Query
	emit     func([]Line) error
	ctx      context.Context
	wake     watcher // nil unless following
	parts    []*part
	sources  []*source
	batch    []Line
	counting bool // lines are counted, not handed over
	count    int
	skip     int // how many lines are not to be handed over
}

func newReader(q Query, emit func([]Line) error) *reader {
	return &reader{query: q, emit: emit}
}

func (r *reader) addPart(from Part) error {
	if from.Project.removed.Load() {
		return nil
	}
	p := &part{Part: from}
	r.parts = append(r.parts, p)
	var logs []*Log
	for _, name := range from.Services {
		if l := from.Project.Service(name); !slices.Contains(logs, l) {
			logs = append(logs, l)
		}
	}
	if len(from.Services) == 0 {
		if r.query.Follow {
			p.growing = true
			from.Project.watchers.add(r.wake)
		}
		var err error
		if logs, err = from.Project.known(); err != nil {
			return err
		}
		p.seen = len(logs)
	}
	for _, l := range logs {
		r.add(p, l)
	}
	return nil
}

// read gives what there is and, following, what comes, until the deadline.
func (r *reader) read(ctx context.Context, deadline <-chan time.Time) error {
	r.ctx = ctx
	if err := r.start(); err != nil {
		return r.ended(err)
	}
	for over := false; ; {
		if err := r.round(); err != nil || !r.query.Follow || over {
			return r.ended(err)
		}
		r.rest()
		select {
		case <-ctx.Done():
			return nil
		case <-r.wake:
		case <-deadline:
			over = true
		case <-r.query.Over:
			over = true
		}
		if err := r.look(); err != nil || len(r.parts) == 0 {
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

func (r *reader) add(p *part, l *Log) {
	s := &source{log: l, part: p, sel: newSelection(r.query)}
	s.forward.store = l.store
	if r.wake != nil {
		l.watchers.add(r.wake) // before its end is looked at: what comes after that wakes us
	}
	r.sources = append(r.sources, s)
}

func (r *reader) close() {
	for _, s := range r.sources {
		r.drop(s)
	}
	for _, p := range r.parts {
		p.Project.watchers.remove(r.wake)
	}
}

func (r *reader) drop(s *source) {
	if r.wake != nil {
		s.log.watchers.remove(r.wake)
	}
	s.forward.close()
}

// start finds where each source is to begin.
func (r *reader) start() error {
	firsts := make([]position, len(r.sources))
	for i, s := range r.sources {
		err := s.prepare(r.query)
		if err != nil {
			return err
		}
		if firsts[i], err = s.first(); err != nil {
			return err
		}
		if r.query.Tail == 0 {
			firsts[i] = s.forward.extent.end
		}
	}
	if r.query.Tail > 0 {
		if err := r.startTail(firsts); err != nil {
			return err
		}
	} else {
		r.rewind(firsts)
	}
	for _, s := range r.sources {
		s.sel.orLater = r.query.Run < 0 && r.query.Follow
	}
	return nil
}

// matchWindow is how many lines at the end are searched first.
const matchWindow = 1 << 10

// startTail reads the last lines twice: to count, and then to leave out those that are too many, because keeping them
// would take memory without a bound. Of lines that must match nobody knows how far back they are: it looks further and
// further.
func (r *reader) startTail(firsts []position) error {
	window := r.query.Tail
	if r.query.Match != nil {
		window = max(window, matchWindow)
	}
	for ; ; window *= 8 {
		begins, all, err := r.lasts(window, firsts)
		if err != nil {
			return err
		}
		r.rewind(begins)
		r.count, r.counting = 0, true
		err = r.round()
		r.counting = false
		if err != nil {
			return err
		}
		if r.query.Match == nil || r.count >= r.query.Tail || all || window > math.MaxInt/8 {
			r.skip = max(r.count-r.query.Tail, 0)
			r.rewind(begins)
			return nil
		}
	}
}

// lasts returns where the last lines of each source begin, and whether these are all lines.
func (r *reader) lasts(window int, firsts []position) (begins []position, all bool, err error) {
	begins, all = make([]position, len(r.sources)), true
	for i, s := range r.sources {
		at, reached, err := s.lastLines(window, firsts[i])
		if err != nil {
			return nil, false, err
		}
		begins[i], all = at, all && reached
	}
	return begins, all, nil
}

func (r *reader) rewind(begins []position) {
	for i, s := range r.sources {
		s.rewind(begins[i])
	}
}

// look moves the end of the round to where the logs end now, adds the services that are new, and forgets the projects
// that were removed.
func (r *reader) look() error {
	r.forgetRemoved()
	for _, p := range r.parts {
		if p.growing {
			added := p.Project.since(p.seen)
			p.seen += len(added)
			for _, l := range added {
				r.add(p, l)
			}
		}
	}
	for _, s := range r.sources {
		e, err := s.log.store.look()
		if err != nil {
			return err
		}
		s.forward.extend(e)
	}
	return nil
}

func (r *reader) forgetRemoved() {
	removed := func(p *part) bool { return p.Project.removed.Load() }
	if !slices.ContainsFunc(r.parts, removed) {
		return
	}
	r.sources = slices.DeleteFunc(r.sources, func(s *source) bool {
		if !removed(s.part) {
			return false
		}
		r.drop(s)
		return true
	})
	r.parts = slices.DeleteFunc(r.parts, func(p *part) bool {
		if !removed(p) {
			return false
		}
		p.Project.watchers.remove(r.wake)
		return true
	})
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
		s.forward.rest()
	}
}
