package logs

import (
	"bytes"
	"math"
	"regexp"
	"time"
)

// selection says which records are read. Lines are put together from those alone.
type selection struct {
	since, until int64 // stamps, both included
	run          int   // 0: any
	orLater      bool  // later runs than run as well, each in place of the one before
	match        *regexp.Regexp
	plain        []byte // the text that was matched last, without its colours
}

func newSelection(q Query) selection {
	s := selection{since: math.MinInt64, until: math.MaxInt64, run: max(q.Run, 0), match: q.Match}
	if !q.Since.IsZero() {
		s.since = q.Since.UnixMilli()
	}
	if !q.Until.IsZero() {
		s.until = q.Until.UnixMilli()
	}
	return s
}

func (s *selection) has(r record) bool {
	if r.stamp < s.since || r.stamp > s.until {
		return false
	}
	if s.orLater && r.run > s.run {
		s.run = r.run
	}
	return s.run == 0 || r.run == s.run
}

// matches tells whether a line's text, as it is read on a screen, is looked for.
func (s *selection) matches(text []byte) bool {
	if s.match == nil {
		return true
	}
	if bytes.IndexByte(text, 0x1b) < 0 {
		return s.match.Match(text)
	}
	s.plain = s.plain[:0]
	for {
		colour := bytes.IndexByte(text, 0x1b)
		if colour < 0 {
			return s.match.Match(append(s.plain, text...))
		}
		s.plain = append(s.plain, text[:colour]...)
		text = text[colour:]
		end := bytes.IndexByte(text, 'm')
		if end < 0 { // written by somebody else: the splitter stores only whole sequences
			return s.match.Match(append(s.plain, text...))
		}
		text = text[end+1:]
	}
}

// thread is a line that is not finished, and what a reader has of it.
type thread struct {
	open  bool
	run   int
	given bool     // its beginning was handed over
	from  position // where what was not handed over begins; zero if all was
}

// unfinished is the open line of a stream.
type unfinished struct {
	thread
	stamp int64  // of its last record
	text  []byte // what was not handed over
}

// outgrown is true when r would make the line longer than any that was ever written: the file is
// damaged.
func (u *unfinished) outgrown(r record) bool {
	return (r.kind == proceed || r.kind == finish) && len(u.text)+len(r.text) > maxText
}

// source gives the lines of one service in order.
type source struct {
	log      *Log
	part     *part
	forward  forward
	sel      selection
	open     [2]unfinished // of the outputs; the daemon's notices are always whole
	parked   record        // was read, and stands behind the line that was just made
	isParked bool
	late     place // where the first record begins that is too late for the query
	isLate   bool

	line   Line      // the next line
	key    int64     // its place in time: the stamp of the record that completed it
	ok     bool      // there is a next line
	gap    bool      // it says that lines were removed
	before [2]thread // what was unfinished before the step that made it
	held   bool      // something was
	last   int64     // stamp of the last record that was read
	seen   place     // the last place whose stamp was looked up
}

// advance makes the next line. reuse is called before memory is overwritten that earlier lines are
// in.
func (s *source) advance(reuse func() error) error {
	s.ok, s.gap = false, false
	for !s.ok {
		r, found, err := s.next(reuse)
		if err != nil {
			return err
		}
		if !found {
			s.giveUnfinished()
			return nil
		}
		s.last = r.stamp
		if s.forward.skipped {
			s.remember()
			s.forward.skipped = false
			s.park(r)
			s.gap = true
			s.set(record{stamp: r.stamp, run: r.run, source: notice, text: []byte(removedText)})
			return nil
		}
		s.remember()
		s.join(r)
		s.ok = s.ok && (s.line.Joins || s.sel.matches(s.line.Text))
	}
	return nil
}

// removedText is said to a reader that was so slow that the limits of the log overtook it.
const removedText = "older lines were removed before they were read here"

// park leaves a record for the next time.
func (s *source) park(r record) { s.parked, s.isParked = r, true }

func (s *source) next(reuse func() error) (record, bool, error) {
	if s.isParked {
		s.isParked = false
		return s.parked, true, nil
	}
	for {
		r, ok, err := s.forward.next(reuse)
		if err != nil || !ok || s.sel.has(r) {
			return r, ok, err
		}
		if r.stamp > s.sel.until && !s.isLate {
			s.late, s.isLate = s.forward.begin(), true
		}
	}
}

// join puts a record to what is unfinished, and sets the line that this completes, if it does.
func (s *source) join(r record) {
	for i := range s.open {
		if u := &s.open[i]; u.open && (u.run != r.run || u == s.at(r) && u.outgrown(r)) {
			// Its run is over, so its end will never come.
			s.park(r)
			s.giveRest(u, streams[i])
			return
		}
	}
	u := s.at(r)
	if u == nil {
		s.set(r)
		return
	}
	continues := u.open && (r.kind == proceed || r.kind == finish)
	switch r.kind {
	case begin, proceed:
		if !continues {
			*u = unfinished{thread: thread{open: true, run: r.run}}
		}
		if len(u.text) == 0 {
			u.from = s.forward.begin().position
		}
		u.stamp = r.stamp
		u.text = append(u.text, r.text...)
	case finish:
		joins := continues && u.given
		if continues {
			r.text = append(u.text, r.text...)
		}
		*u = unfinished{}
		s.set(r)
		s.line.Joins = joins
	default: // a whole line; what was unfinished before it is superseded
		if u.open {
			*u = unfinished{}
		}
		s.set(r)
	}
}

// streams are the sources of the lines in source.open.
var streams = [2]Source{Output, Stderr}

func (s *source) at(r record) *unfinished {
	for i, src := range streams {
		if r.source == src {
			return &s.open[i]
		}
	}
	return nil
}

func (s *source) set(r record) {
	s.ok = true
	s.key = s.last
	s.line = Line{
		Time:    time.UnixMilli(r.stamp).UTC(),
		Project: s.part.Name,
		Service: s.log.name,
		Run:     r.run,
		Stream:  r.source.stream(),
		Text:    r.text,
	}
}

// giveRest sets the rest of an unfinished line as its end.
func (s *source) giveRest(u *unfinished, src Source) {
	s.set(record{stamp: u.stamp, run: u.run, source: src, text: u.text})
	s.line.Joins = u.given
	*u = unfinished{}
}

// giveUnfinished sets what is there of an unfinished line, at the end of a round. Where lines are
// looked for, nothing of one is given before it is known to be one of them.
func (s *source) giveUnfinished() {
	for i := range s.open {
		u := &s.open[i]
		if len(u.text) == 0 || !u.given && !s.sel.matches(u.text) {
			continue
		}
		s.remember()
		s.set(record{stamp: u.stamp, run: u.run, source: streams[i], text: u.text})
		s.line.Open, s.line.Joins = true, u.given
		u.text, u.given, u.from = nil, true, position{}
		return
	}
}

// rewind begins again at a place, with nothing unfinished.
func (s *source) rewind(to position) {
	s.forward.seek(to)
	s.open = [2]unfinished{}
	s.isParked, s.isLate, s.ok = false, false, false
}

// prepare finds out what there is to read. Lines that are too late are left out here, so that
// nobody reads as far as them; who follows meets them in the future only.
func (s *source) prepare(q Query) error {
	e, err := s.log.store.survey()
	if err != nil {
		return err
	}
	s.forward.extent = e
	if q.Run < 0 {
		if s.sel.run, err = s.lastRun(); err != nil {
			return err
		}
	}
	if !q.Follow && s.sel.until != math.MaxInt64 {
		s.forward.extent.end, err = s.log.store.search(
			e, func(r record) bool { return r.stamp <= s.sel.until },
		)
	}
	return err
}

// first returns where to start reading so that every record of the selection is read.
func (s *source) first() (position, error) {
	e := s.forward.extent
	at := e.first()
	if s.sel.since != math.MinInt64 {
		since, err := s.log.store.search(e, func(r record) bool { return r.stamp < s.sel.since })
		if err != nil {
			return position{}, err
		}
		at = since
	}
	if s.sel.run > 0 {
		run, err := s.firstOfRun(e)
		if err != nil {
			return position{}, err
		}
		if at.before(run) {
			at = run
		}
	}
	return at, nil
}

// runLateness is how many bytes of earlier runs may stand among the records of a run: the daemon's
// last words on one are written while the next begins.
const runLateness = 1 << 20

// firstOfRun returns a place before which there is no record of the selection's run. Runs ascend,
// but for those late words, which can lead the search too far; so it goes back to where there has
// been no record of the run for long.
func (s *source) firstOfRun(e extent) (position, error) {
	if last, err := s.lastRun(); err != nil || last < s.sel.run {
		return e.first(), err // there is no such run, or they were counted anew
	}
	at, err := s.log.store.search(e, func(r record) bool { return r.run < s.sel.run })
	if err != nil {
		return position{}, err
	}
	e.end = at
	back := newBackward(s.log.store, e)
	defer back.close()
	for others := 0; others < runLateness; {
		r, begins, ok, err := back.prev()
		switch {
		case err != nil || !ok:
			return at, err
		case r.run >= s.sel.run:
			at, others = begins, 0
		default:
			others += stampLen + len(r.text)
		}
	}
	return at, nil
}

// lastLines returns where to start reading so that at least the last tail lines of the selection
// are read, matching or not, and whether that is all of it. It goes back until it has passed that
// many lines' ends, and then on to where these lines begin. An unfinished line that is further back
// than all of them is not among the last.
func (s *source) lastLines(tail int, first position) (at position, all bool, err error) {
	back := newBackward(s.log.store, s.forward.extent)
	defer back.close()
	at = s.forward.extent.end
	var inside [2]int // run of the line that each stream is in the middle of, 0 for none
	for tail > 0 || inside != [2]int{} {
		r, begins, ok, err := back.prev()
		if err != nil || !ok || begins.before(first) {
			return at, true, err
		}
		if !s.sel.has(r) {
			continue
		}
		at = begins
		if r.kind != begin && r.kind != proceed {
			tail--
		}
		for i, src := range streams {
			if r.source != src {
				continue
			}
			inside[i] = 0
			if r.kind == proceed || r.kind == finish {
				inside[i] = r.run
			}
		}
	}
	return at, false, nil
}

// lastRun returns the run of the last record, 0 where there is none.
func (s *source) lastRun() (int, error) {
	last, err := s.lastRecord(s.forward.extent)
	return last.run, err
}

// lastRecord returns the last record before an end, without its text.
func (s *source) lastRecord(e extent) (record, error) {
	back := newBackward(s.log.store, e)
	defer back.close()
	r, _, _, err := back.prev()
	r.text = nil
	return r, err
}
