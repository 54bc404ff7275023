package logs

// mark is how far one service was read.
type mark struct {
	place
	threads [2]thread // what is unfinished there, by stream
}

// mark is the place that the lines behind which are still to be handed over. A line that was made
// and not taken is one of them: nothing was read since.
func (s *source) mark() mark {
	var m mark
	switch {
	case !s.ok:
		m = mark{s.here(), s.threads()}
	case s.gap:
		m = mark{s.forward.left, s.before}
	case s.line.Open:
		m = mark{s.here(), s.before}
	default:
		m = mark{s.forward.begin(), s.before}
	}
	if m.stamp == unknown {
		m.stamp = s.stampBefore(m.position)
	}
	return m
}

// here is where what was not looked at yet begins. What nobody was told of counts as not looked at:
// that records are gone, and records that came after the time that the reader asked for.
func (s *source) here() place {
	switch {
	case s.forward.skipped:
		return s.forward.left
	case s.isParked:
		return s.forward.begin()
	case s.isLate:
		return s.late
	default:
		return s.forward.here()
	}
}

func (s *source) threads() [2]thread {
	return [2]thread{s.open[0].thread, s.open[1].thread}
}

// remember keeps what is unfinished before a step that may make a line. It is called for each
// record, so it copies only where there is something.
func (s *source) remember() {
	if open := s.open[0].open || s.open[1].open; open || s.held {
		s.before, s.held = s.threads(), open
	}
}

// stampBefore looks up what reading on from a place has not shown. It is asked for a place again
// and again while the service is quiet. A place of which it cannot be told is believed later.
func (s *source) stampBefore(at position) int64 {
	if s.seen.position != at {
		last, _ := s.lastRecord(extent{s.forward.extent.older, at})
		s.seen = place{at, last.stamp}
	}
	return s.seen.stamp
}

// resume begins behind a mark, but not before first. reuse is as for advance.
func (s *source) resume(m mark, first position, reuse func() error) error {
	at, exact, err := s.locate(m.place)
	if err != nil {
		return err
	}
	if at.before(first) && s.forward.extent.first().before(first) {
		// Nothing between the two is asked for.
		s.adopt(m.textless(), first)
		return nil
	}
	if !exact {
		s.adopt(m.textless(), at)
		s.forward.skipped, s.forward.left = true, m.place
		return nil
	}
	m = m.moved(at.segment)
	s.adopt(m, at)
	s.forward.last = m.stamp
	return s.replay(m, reuse)
}

// adopt goes to a place, with what is unfinished at a mark.
func (s *source) adopt(m mark, at position) {
	s.rewind(at)
	for i, t := range m.threads {
		s.open[i] = unfinished{thread: t, stamp: m.stamp}
	}
}

// textless leaves of what is unfinished only that its reader has the beginning of it: it is still
// to be told that no more of it will come.
func (m mark) textless() mark {
	for i, t := range m.threads {
		m.threads[i] = thread{}
		if t.given {
			m.threads[i] = thread{open: true, run: t.run, given: true}
		}
	}
	return m
}

// moved is the mark in a log whose segments were numbered anew.
func (m mark) moved(segment int) mark {
	by := segment - m.segment
	m.segment += by
	for i := range m.threads {
		if t := &m.threads[i]; t.pending() {
			t.from.segment += by
		}
	}
	return m
}

func (t thread) pending() bool { return t.from != position{} }

// replay reads what is unfinished at a mark and was not handed over.
func (s *source) replay(m mark, reuse func() error) error {
	from := m.position
	for _, t := range m.threads {
		if t.pending() && t.from.before(from) {
			from = t.from
		}
	}
	if from == m.position || s.forward.extent.end.before(m.position) {
		return nil
	}
	if from.segment < 1 { // its segment was gone when the others were numbered anew
		from = position{segment: 1}
		s.forward.skipped = true
	}
	s.forward.seek(from)
	for s.forward.here().before(m.position) {
		r, ok, err := s.forward.next(reuse)
		if err != nil || !ok {
			return err
		}
		begin := s.forward.begin().position
		if !begin.before(m.position) {
			s.park(r) // all up to the mark was removed
			break
		}
		if s.sel.has(r) {
			s.last = r.stamp
			s.recall(r, begin)
		}
	}
	if s.forward.skipped {
		s.forward.left = m.place
	}
	return nil
}

// recall puts a record, which was looked at before, to the unfinished line that it is of.
func (s *source) recall(r record, begin position) {
	u := s.at(r)
	if u != nil && u.pending() && !begin.before(u.from) && r.run == u.run {
		u.text = append(u.text, r.text...)
		u.stamp = r.stamp
	}
}

// locate finds a place again. It is not exact where the log does not have the record before it;
// then it is behind all records that are not newer.
func (s *source) locate(p place) (at position, exact bool, err error) {
	e, err := s.log.store.look()
	switch {
	case err != nil:
		return position{}, false, err
	case p.segment < e.first().segment:
		return p.position, true, nil // who reads on there meets the gap
	}
	if ok, err := s.recognizes(e, p); err != nil || ok {
		return p.position, ok, err
	}
	if p.stamp == 0 {
		return e.first(), p.offset == 0, nil
	}
	return s.find(e, p)
}

func (s *source) recognizes(e extent, p place) (bool, error) {
	if e.end.before(p.position) {
		return false, nil
	}
	if p.stamp == 0 {
		return true, nil
	}
	if ok, err := s.log.store.endsLine(p.position); err != nil || !ok {
		return false, err
	}
	last, err := s.lastRecord(extent{e.older, p.position})
	return last.stamp == p.stamp || last.stamp == 0 && p.offset == 0, err
}

// find looks for a place by its stamp. Of the places that have the same one, the offset tells which
// it is, since a segment that gets another number keeps its content.
func (s *source) find(e extent, p place) (at position, exact bool, err error) {
	at, err = s.log.store.search(e, func(r record) bool { return r.stamp <= p.stamp })
	if err != nil {
		return position{}, false, err
	}
	back := newBackward(s.log.store, extent{e.older, at})
	defer back.close()
	for {
		r, begin, ok, err := back.prev()
		if err != nil || !ok || r.stamp != p.stamp {
			return at, false, err
		}
		if begin.offset+int64(back.length) == p.offset {
			return position{begin.segment, p.offset}, true, nil
		}
	}
}

// dropped says what is missing before the record that the source has just come to.
func (s *source) dropped() Dropped {
	segments := s.forward.begin().segment - s.forward.left.segment
	return Dropped{s.part.Name, s.log.name, max(segments, 0)}
}
