package supervisor

import "slices"

// order asks for a service and for all that it depends on, each to be started from content. entered
// is true where somebody came and did not ask.
func (p *Project) order(s *service, content any, entered bool) {
	again := s.toStart && s.wanted
	p.want(s, entered)
	if again { // and so was what it needs: two that need the same one order it once
		return
	}
	s.toStart, s.content, p.published = true, content, false
	for _, d := range p.dependencies(s) {
		if !d.machine.satisfied() || d.toStop {
			p.order(d, content, entered)
		}
	}
}

// dismiss is the opposite: the service is no longer wanted, and is stopped once whatever depends on
// it has ended. What it depends on stays: somebody may have asked for that by itself.
func (p *Project) dismiss(s *service) {
	s.wanted, s.entered = false, false
	s.toStart, s.toStop, s.content = false, true, nil
	p.record.dirty, p.published = true, false
}

// dependencies are the services that s needs. A name that is not declared is left out: the files
// were checked when the plan was made, and a service that is only waiting to be forgotten may still
// name it.
func (p *Project) dependencies(s *service) []*service {
	var out []*service
	for _, name := range s.needs {
		if d := p.find(name); d != nil {
			out = append(out, d)
		}
	}
	return out
}

// advance takes every step whose time has come: a stop once whatever depends on the service has
// ended, a start once what it depends on is ready. Without dependencies that is at once. One step
// may make way for the next, so it goes on until none was taken.
//
// It runs at the end of each turn, so that nobody who changes a service has to know who waits for
// it.
func (p *Project) advance() {
	for moved := true; moved; {
		moved = false
		for _, s := range slices.Clone(p.services) {
			moved = p.advanceStop(s) || moved
			moved = p.advanceStart(s) || moved
		}
	}
}

func (p *Project) advanceStop(s *service) bool {
	if !s.toStop || len(p.dependents(s)) > 0 {
		return false
	}
	s.toStop = false
	p.step(s, event{Kind: evStop})
	if s.force && s.machine.phase == stopping { // the machine knows one way to stop, with grace
		p.runner.Stop(s.name, s.machine.run, true)
	}
	s.force = false
	return true
}

// dependents are the services that need s and are themselves about to end.
func (p *Project) dependents(s *service) []string {
	var out []string
	for _, o := range p.services {
		if slices.Contains(o.needs, s.name) && (o.toStop || o.machine.phase == stopping) {
			out = append(out, o.name)
		}
	}
	return out
}

// advanceStart steps a service that was asked for. One that is alive takes the order as it is, even
// where a dependency has failed meanwhile: it does not need it to start.
func (p *Project) advanceStart(s *service) bool {
	if !s.toStart || s.toStop || s.machine.phase == stopping {
		return false
	}
	missing, hopeless := p.missing(s)
	switch {
	case s.machine.live() || len(missing) == 0:
		s.toStart = false
		p.step(s, event{Kind: evStart})
	case hopeless != "":
		s.toStart = false
		p.step(s, event{Kind: evBlocked, Reason: hopeless})
	default:
		return false
	}
	return true
}

// missing names what a service still waits for, and says why it would wait for ever, where it
// would: a dependency that is at rest, and is not about to start, never becomes ready.
func (p *Project) missing(s *service) (names []string, hopeless string) {
	if was := p.find(s.follows); was != nil && was.gone {
		names = append(names, was.name)
	}
	for _, d := range p.dependencies(s) {
		if d.machine.satisfied() && !d.toStop && !d.toStart {
			continue
		}
		names = append(names, d.name)
		if d.toStart || d.machine.live() || d.machine.phase == waiting {
			continue
		}
		hopeless = "it needs " + d.name + ", which is " + string(d.machine.state())
		if d.machine.state() == Failed {
			hopeless = "it needs " + d.name + ", which has failed"
		}
	}
	return names, hopeless
}
