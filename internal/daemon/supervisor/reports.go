package supervisor

import (
	"slices"

	"github.com/locald/locald/internal/procid"
)

// What the Runner tells. Each report names the run that it is about: it may have been on its way
// while that run ended and another one took its place.

// Launched answers one Spawn, for all of its launches in one turn: they come into one record, and
// no gate waits for two.
func (p *Project) Launched(results []Launched) {
	p.box.post(func(a *actor) {
		a.exec.answered()
		for _, r := range results {
			a.services.launched(r)
		}
	})
}

// Ready says that a run is ready, and who listens where.
func (p *Project) Ready(service string, run int, listener procid.Identity, listening []int) {
	p.box.post(func(a *actor) {
		if s := a.services.current(service, run); s != nil {
			a.services.listens(s, listener, listening)
			a.services.step(s, event{Kind: evReady, Run: run})
		}
	})
}

// Listens says where a run that is not ready was found listening.
func (p *Project) Listens(service string, run int, listening []int) {
	p.box.post(func(a *actor) {
		if s := a.services.current(service, run); s != nil {
			a.services.listens(s, procid.Identity{}, listening)
		}
	})
}

// Ended says how a run ended. By now all of its processes are gone.
func (p *Project) Ended(service string, end End) {
	p.box.post(func(a *actor) {
		if s := a.services.current(service, end.Run); s != nil {
			a.services.ended(s, end)
		}
	})
}

// current returns a service if run is its current one. What is told of another run comes too late
// to matter, and is counted.
func (ss *services) current(name string, run int) *service {
	s := ss.find(name)
	if s == nil || !s.machine.late(run) {
		return s
	}
	ss.changes.show()
	return nil
}

func (ss *services) launched(r Launched) {
	s := ss.current(r.Service, r.Run)
	switch {
	case s == nil:
		if r.Live != nil { // nobody waits for it any more
			ss.exec.discard(runID{r.Service, r.Run})
		}
	case r.Live == nil:
		s.failure = r.Failure
		ss.step(s, event{Kind: evSpawnFailed, Run: r.Run, Reason: r.Reason})
		ss.bury(s)
	default:
		s.live = r.Live
		ss.step(s, event{Kind: evSpawned, Run: r.Run})
	}
}

// listens replaces the run's description: published snapshots share the old one.
func (ss *services) listens(s *service, listener procid.Identity, listening []int) {
	if s.live == nil {
		return
	}
	live := *s.live
	live.Listener, live.Listening = listener, slices.Sorted(slices.Values(listening))
	s.live = &live
	ss.changes.keep()
}

func (ss *services) ended(s *service, end End) {
	s.live = nil
	ss.changes.keep()
	ss.step(s, event{Kind: evEnded, Run: end.Run, End: end})
	ss.bury(s)
}

// recorded is for runs that waited for the record. One that is on no record is never let go,
// whatever a later attempt will bring: by then somebody has been told that it failed.
func (ss *services) recorded(runs []runID, err error) {
	for _, r := range runs {
		s := ss.find(r.service)
		switch {
		case s == nil:
		case err != nil:
			ss.step(s, event{Kind: evRecordFailed, Run: r.run, Reason: err.Error()})
		default:
			ss.step(s, event{Kind: evRecorded, Run: r.run})
		}
	}
}
