package logs

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"time"
)

// What is handed over at once is bounded, so that it is one message on a wire. One line may have
// more text than that.
const (
	batchLines = 128
	batchBytes = 32 << 10
)

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
	most     int // lines in a batch
	size     int // bytes of text in batch
	dropped  []Dropped
	counting bool // lines are counted, not handed over
	count    int
	skip     int  // how many lines are not to be handed over
	given    int  // bytes of text that were handed over, or are in batch
	full     bool // one more line would be too many
	effort   effort

	resuming bool
	marks    map[serviceID]mark // where to begin; and where services were left that are gone
}

func newReader(q Query, emit func([]Line) error) reader {
	return reader{query: q, emit: emit, most: batchLines, marks: map[serviceID]mark{}}
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

// effort is how long a reader has worked since it was last at the end of the logs.
type effort struct {
	most  time.Duration // 0: no bound
	done  time.Duration
	since time.Time // when it went on working
	steps int
	spent bool
}

func (e *effort) begin() { e.since = time.Now() }

// pause counts what was worked, and reports whether there may be more of it. However little that
// is, so many steps are always done: whoever goes on after it must get further each time.
func (e *effort) pause(steps int) bool {
	e.done += time.Since(e.since)
	e.steps++
	e.spent = e.most > 0 && e.done > e.most && e.steps > steps
	return !e.spent
}

// read gives what there is and, following, what comes, until the deadline.
func (r *reader) read(ctx context.Context, deadline <-chan time.Time) error {
	r.ctx = ctx
	r.effort.most = r.query.Effort
	r.effort.begin()
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
		r.effort.done = 0
		r.effort.begin()
		if err := r.look(); err != nil || len(r.parts) == 0 {
			return err
		}
	}
}

// ended takes what a reader ends with when it is told to: no error.
func (r *reader) ended(err error) error {
	if err == errFull || err == errSpent ||
		r.query.Follow && r.ctx.Err() != nil && err == r.ctx.Err() {
		return nil
	}
	return err
}

func (r *reader) add(p *part, l *Log) *source {
	s := &source{log: l, part: p, sel: newSelection(r.query)}
	s.forward.store = l.store
	if r.wake != nil {
		l.watchers.add(r.wake) // before its end is looked at: what comes after that wakes us
	}
	r.sources = append(r.sources, s)
	return s
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
	}
	var err error
	switch {
	case r.resuming:
		err = r.resume(firsts)
	case r.query.Tail > 0:
		err = r.startTail(firsts)
	case r.query.Tail == 0:
		r.skipAll()
	default:
		r.rewind(firsts)
	}
	if err != nil {
		return err
	}
	for _, s := range r.sources {
		s.sel.orLater = r.query.Run < 0 && r.query.Follow
	}
	return nil
}

// resume goes to where the cursor stands.
func (r *reader) resume(firsts []position) error {
	for i, s := range r.sources {
		m, met := r.marks[s.log.id()]
		if !met {
			s.rewind(firsts[i])
			continue
		}
		if err := s.resume(m, firsts[i], r.flush); err != nil {
			return err
		}
	}
	return nil
}

// matchWindow is how many lines at the end are searched first.
const matchWindow = 1 << 10

// startTail reads the last lines twice: to count, and then to leave out those that are too many,
// because keeping them would take memory without a bound. Of lines that must match nobody knows how
// far back they are: it looks further and further.
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
		if err == errSpent {
			return ErrTooFar
		}
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

func (r *reader) skipAll() {
	for _, s := range r.sources {
		s.rewind(s.forward.extent.end)
	}
}

// look moves the end of the round to where the logs end now, adds the services that are new, and
// forgets the projects that were removed.
func (r *reader) look() error {
	r.forgetRemoved()
	for _, p := range r.parts {
		if p.growing {
			added := p.Project.since(p.seen)
			p.seen += len(added)
			for _, l := range added {
				if err := r.addLater(p, l); err != nil {
					return err
				}
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

// addLater takes in a service that is new, or one that the cursor remembers from earlier.
func (r *reader) addLater(p *part, l *Log) error {
	s := r.add(p, l)
	m, met := r.marks[l.id()]
	if !met {
		return nil
	}
	if err := s.prepare(r.query); err != nil {
		return err
	}
	s.sel.orLater = r.query.Run < 0
	return s.resume(m, position{}, r.flush)
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
		r.marks[s.log.id()] = s.mark()
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
			return r.finish()
		}
		for s.ok && s.key <= until {
			if err := r.put(s); err != nil {
				return err
			}
			if err := s.advance(r.flush); err != nil {
				return err
			}
		}
	}
}

// finish is the flush at the end of a round, where it does not matter how long it took.
func (r *reader) finish() error {
	err := r.flush()
	if err == errSpent {
		r.effort.spent = false
		return nil
	}
	return err
}

// earliest returns the source whose line is next, and up to when its lines come before those of all
// others. Of lines with one stamp the first source's come first.
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

// errFull ends a reader that has handed over as much as it may, and errSpent one that has worked
// for as long.
var (
	errFull  = errors.New("no more is wanted")
	errSpent = errors.New("it takes too long")
)

// put takes a source's line. Up to then it counts as still to come, also for the cursor of a batch
// that is handed over to make room for it.
func (r *reader) put(s *source) error {
	if r.counting || r.skip > 0 {
		s.ok = false
		r.pass()
		return nil
	}
	size := len(s.line.Text)
	if r.query.MaxBytes > 0 && r.given > 0 && r.given+size >= r.query.MaxBytes {
		r.full = true
		return cmp.Or(r.flush(), errFull)
	}
	if len(r.batch) == r.most || len(r.batch) > 0 && r.size+size > batchBytes {
		if err := r.flush(); err != nil {
			return err
		}
	}
	s.ok = false
	if s.gap {
		r.dropped = append(r.dropped, s.dropped())
	}
	r.batch = append(r.batch, s.line)
	r.size += size
	r.given += size + 1
	return nil
}

// pass leaves a line out.
func (r *reader) pass() {
	r.count++
	if !r.counting {
		r.skip--
	}
}

// flush hands over what was gathered. It also notices, once a batch or a block, that nobody wants
// more; then too nothing is lost that the sources have given.
func (r *reader) flush() error {
	var err error
	if !r.effort.pause(len(r.sources)) {
		err = errSpent
	}
	defer r.effort.begin()
	if len(r.batch) > 0 {
		err = cmp.Or(r.emit(r.batch), err)
		r.batch, r.size, r.dropped = r.batch[:0], 0, r.dropped[:0]
	}
	if cancelled := r.ctx.Err(); cancelled != nil {
		return cancelled
	}
	return err
}

// rest gives memory back while there is nothing to read.
func (r *reader) rest() {
	clear(r.batch[:cap(r.batch)])
	for _, s := range r.sources {
		s.forward.rest()
	}
}
