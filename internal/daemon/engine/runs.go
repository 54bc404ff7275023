package engine

import (
	"maps"
	"sync"

	"github.com/locald/locald/internal/daemon/proc"
	"github.com/locald/locald/internal/daemon/state"
)

// Runs is what runs of a project, and what is remembered of what ran. It is the actor's Runner.
type Runs struct {
	p     *Project
	notes notes

	// mu is held for a few loads and stores, never while a process, a disk or an actor is waited
	// for: the actor takes it to find the run that it decided about.
	mu      sync.Mutex
	leases  map[string]int    // service → port. Never changed in place
	listens map[string]bool   // service → its last run that was ready listened on its port
	live    map[string]*Run   // by service; set before Launched is posted, removed before Ended
	markers map[string]string // service → marker of its last run, also once that has ended
	left    map[string]Left   // service → what outlived its last run
}

// Left is what outlived a run: Detached by intent, since it holds nothing of the service, and Stuck
// because it hangs in the kernel.
type Left struct{ Detached, Stuck []proc.Info }

func newRuns(p *Project, r state.Record) *Runs {
	s := &Runs{
		p: p, leases: r.Ports, listens: make(map[string]bool), live: make(map[string]*Run),
		markers: make(map[string]string), left: make(map[string]Left),
	}
	s.notes.runs = s
	// Copied, as it is written to; the record's own map stays as it was read. The markers of an
	// earlier daemon's runs are not taken over: what was left of those has been swept.
	maps.Copy(s.listens, r.Listens)
	return s
}

// Of returns the live run of a service, nil where there is none.
func (s *Runs) Of(service string) *Run {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live[service]
}

// of is Of for whoever means one run: what the actor decided about run 3 must not reach run 4.
func (s *Runs) of(service string, number int) *Run {
	if r := s.Of(service); r != nil && r.Number == number {
		return r
	}
	return nil
}

// Ports are the ports that the project's services have had until now.
func (s *Runs) Ports() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leases
}

// LeftBy is what outlived the last run of a service.
func (s *Runs) LeftBy(service string) Left {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.left[service]
}

// listenedLast reports whether the last run of a service listened.
func (s *Runs) listenedLast(service string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listens[service]
}

// record fills in what the record has of them. listens is cloned, since the next run may change it
// while the record is being written; leases are never changed in place.
func (s *Runs) record(r *state.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Ports, r.Listens = s.leases, maps.Clone(s.listens)
}
