package supervisor

import "slices"

// order asks for a service and for all that it depends on, each to be started from content. entered
// is true where somebody came and did not ask.
func (ss *services) order(s *service, content any, entered bool) {
	again := s.toStart && s.wanted
	ss.want(s, entered)
	if again { // and so was what it needs: two that need the same one order it once
		return
	}
	s.toStart, s.content = true, content
	for _, d := range ss.dependencies(s) {
		if !d.machine.satisfied() || d.toStop {
			ss.order(d, content, entered)
		}
	}
}

// want says that a service should be up, and why. It settles what was open about it.
func (ss *services) want(s *service, entered bool) {
	// What a person asked for outlasts an entering.
	s.entered = entered && (s.entered || !s.wanted)
	s.wanted = true
	ss.decisions.settle(s.name)
	ss.changes.keep()
}

// again is order for a service that is to end first, where it is up. What started it is the reason
// why it is up after that too.
func (ss *services) again(s *service, content any) {
	s.toStop = s.machine.live()
	ss.order(s, content, s.entered)
}

// dismiss is the opposite of order: the service is no longer wanted, and is stopped once whatever
// depends on it has ended. What it depends on stays: somebody may have asked for that by itself.
func (ss *services) dismiss(s *service) {
	s.wanted, s.entered = false, false
	ss.halt(s)
}

// halt stops a service in its turn and says nothing about what is wanted.
func (ss *services) halt(s *service) {
	s.toStart, s.toStop, s.content = false, true, nil
	ss.changes.keep()
}

// haltAll stops everything. Without keep nothing is wanted after that.
func (ss *services) haltAll(keep bool) {
	for _, s := range ss.list {
		s.wanted = s.wanted && keep
		ss.halt(s)
	}
}

// takeDown is dismiss for a person, who may be in a hurry: with force neither this stop gets grace
// nor one that is under way.
func (ss *services) takeDown(s *service, force bool) {
	ss.dismiss(s)
	s.force = force
	if force {
		ss.exec.hurry(s)
	}
}

// dismissEntered stops what entering started, but for what a service that a person asked for needs.
// why is for whoever comes back and wonders.
func (ss *services) dismissEntered(why string) {
	byHand := func(s *service) bool { return !s.entered }
	for _, s := range ss.list {
		if s.wanted && s.entered && !ss.needed(s, byHand) {
			ss.dismiss(s)
			ss.exec.note(s, why)
		}
	}
}

// restore orders what was wanted when the daemon before us died, but for what entering had started
// and is abandoned, where that says why.
func (ss *services) restore(content any, abandoned string) {
	for _, s := range ss.list {
		entered, was := ss.decisions.toRestore(s.name)
		switch {
		case was && entered && abandoned != "":
			ss.exec.note(s, abandoned)
		case was:
			ss.order(s, content, entered)
		}
	}
	ss.decisions.dropRestore(nil)
	ss.changes.keep() // the record still names what the daemon before us left alive
}

// advance takes every step whose time has come: a stop once whatever depends on the service has
// ended, a start once what it depends on is ready. Without dependencies that is at once. One step
// may make way for the next, so it goes on until none was taken.
//
// It runs at the end of each turn, so that nobody who changes a service has to know who waits for
// it.
func (ss *services) advance() {
	for moved := true; moved; {
		moved = false
		for _, s := range slices.Clone(ss.list) {
			moved = ss.advanceStop(s) || moved
			moved = ss.advanceStart(s) || moved
		}
	}
}

func (ss *services) advanceStop(s *service) bool {
	if !s.toStop || len(ss.dependents(s)) > 0 {
		return false
	}
	s.toStop = false
	ss.step(s, event{Kind: evStop})
	if s.force {
		ss.exec.hurry(s)
	}
	s.force = false
	return true
}

// advanceStart steps a service that was asked for. One that is alive takes the order as it is, even
// where a dependency has failed meanwhile: it does not need it to start.
func (ss *services) advanceStart(s *service) bool {
	if !s.toStart || s.toStop || s.machine.phase == stopping {
		return false
	}
	missing, hopeless := ss.missing(s)
	switch {
	case s.machine.live() || len(missing) == 0:
		s.toStart = false
		ss.step(s, event{Kind: evStart})
	case hopeless != "":
		s.toStart = false
		ss.step(s, event{Kind: evBlocked, Reason: hopeless})
	default:
		return false
	}
	return true
}
