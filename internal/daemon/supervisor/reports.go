package supervisor

import (
	"slices"

	"github.com/locald/locald/internal/procid"
)

// What the Runner tells. Each report names the run that it is about: it may have been on its way
// while that run ended and another one took its place.

// runID names one run of a service.
type runID struct {
	service string
	run     int
}

// current returns a service if run is its current one. What is told of another run comes too late
// to matter, and is counted.
func (p *Project) current(name string, run int) *service {
	s := p.find(name)
	if s == nil || s.machine.run == run {
		return s
	}
	s.machine.dropped++
	p.published = false
	return nil
}

// Launched answers one Spawn, for all of its launches in one turn: they come into one record, and
// no gate waits for two.
func (p *Project) Launched(results []Launched) {
	p.post(func() {
		p.forking--
		for _, r := range results {
			p.launched(r)
		}
	})
}

func (p *Project) launched(r Launched) {
	s := p.current(r.Service, r.Run)
	switch {
	case s == nil:
		if r.Live != nil { // nobody waits for it any more
			p.runner.Discard(r.Service, r.Run)
		}
	case r.Live == nil:
		s.failure = r.Failure
		p.step(s, event{Kind: evSpawnFailed, Run: r.Run, Reason: r.Reason})
		p.bury(s)
	default:
		s.live = r.Live
		p.step(s, event{Kind: evSpawned, Run: r.Run})
	}
}

// Ready says that a run is ready, and who listens where.
func (p *Project) Ready(service string, run int, listener procid.Identity, listening []int) {
	p.post(func() {
		if s := p.current(service, run); s != nil {
			p.listens(s, listener, listening)
			p.step(s, event{Kind: evReady, Run: run})
		}
	})
}

// Listens says where a run that is not ready was found listening.
func (p *Project) Listens(service string, run int, listening []int) {
	p.post(func() {
		if s := p.current(service, run); s != nil {
			p.listens(s, procid.Identity{}, listening)
		}
	})
}

// listens replaces the run's description: published snapshots share the old one.
func (p *Project) listens(s *service, listener procid.Identity, listening []int) {
	if s.live == nil {
		return
	}
	live := *s.live
	live.Listener, live.Listening = listener, slices.Sorted(slices.Values(listening))
	s.live = &live
	p.record.dirty, p.published = true, false
}

// Ended says how a run ended. By now all of its processes are gone.
func (p *Project) Ended(service string, end End) {
	p.post(func() {
		s := p.current(service, end.Run)
		if s == nil {
			return
		}
		s.live = nil
		p.record.dirty = true
		p.step(s, event{Kind: evEnded, Run: end.Run, End: end})
		p.bury(s)
	})
}
