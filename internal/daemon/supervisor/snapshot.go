package supervisor

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/locald/locald/internal/procid"
)

// Snapshot is one consistent picture of a project. It is never changed after it was published, so
// any number of readers may share it.
type Snapshot struct {
	Services []Service // in the Procfile's order, then those that it no longer has
	HeldDown []string  // services that stay down while somebody is there; sorted
	// Unrestored are the services that were wanted when the last daemon died and about which nobody
	// has decided since: their content is no longer what was allowed, or cannot be read. Sorted.
	Unrestored []string
	// Entered are those that are wanted, or were, only because somebody entered. Sorted.
	Entered    []string
	Shells     []procid.Identity // in the order in which they came
	EmptySince time.Time         // when the last shell left; zero while one is there
	AutoStop   time.Duration     // after which what was Entered is stopped; 0: never
	LastRun    map[string]int    // also of services that are no longer declared
	// Unsaved is why the record on disk is out of date, "" where it is not. The next daemon would
	// do what an older decision says; attempts to save go on by themselves.
	Unsaved string
}

// Wanted reports whether any service should be up.
func (s Snapshot) Wanted() bool {
	wanted := func(v Service) bool { return v.Wanted }
	return len(s.Unrestored) > 0 || slices.ContainsFunc(s.Services, wanted)
}

// Find returns a service by name.
func (s Snapshot) Find(name string) (Service, bool) {
	for _, v := range s.Services {
		if v.Name == name {
			return v, true
		}
	}
	return Service{}, false
}

// Service is one service in a Snapshot.
type Service struct {
	Name     string
	State    State
	Ready    bool
	Wanted   bool
	Run      int // the current or last run, 0 before the first
	Restarts int // by itself, since somebody asked for a start
	Exit     *Exit
	Note     string
	Failure  Failure
	Live     *Live // nil where nothing is alive
	// Dropped counts what was reported of another run than the current one. A late report does no
	// harm; a number that keeps growing says that runs are reported twice.
	Dropped int
}

// Snapshot returns the latest picture and a channel that is closed when there is a newer one. It
// never waits for the actor.
func (p *Project) Snapshot() (Snapshot, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.snapshot, p.changed
}

// publish shows what is true now to whoever looks, and wakes whoever waits.
func (p *Project) publish() {
	p.published = true
	next := p.picture()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.snapshot = next
	close(p.changed)
	p.changed = make(chan struct{})
}

// picture is what is true now. Its slices are never changed in place, and equal pictures are equal
// byte for byte: each slice has an order of its own, whatever the order of events and of maps.
func (p *Project) picture() Snapshot {
	out := Snapshot{
		HeldDown:   slices.Sorted(slices.Values(p.heldDown)),
		Unrestored: slices.Sorted(maps.Keys(p.unrestored)),
		Entered:    p.enteredNames(),
		Shells:     p.shells, EmptySince: p.emptySince, AutoStop: p.autoStop,
		LastRun: maps.Clone(p.lastRun), Unsaved: p.record.unsaved(),
		Services: make([]Service, 0, len(p.services)),
	}
	for _, s := range p.services {
		m := s.machine
		v := Service{
			Name: s.name, State: m.state(), Ready: m.phase == running, Wanted: s.wanted,
			Run: m.run, Restarts: m.restarts, Exit: m.exit, Note: m.note, Failure: s.failure,
			Live: s.live, Dropped: m.dropped,
		}
		switch { // what waits is on its way, although its machine has not heard of it yet
		case s.toStop:
			v.State, v.Ready = Stopping, false
			v.Note = "waits for " + strings.Join(p.dependents(s), ", ")
		case s.toStart && !m.live():
			missing, _ := p.missing(s)
			v.State, v.Note = Starting, "waits for "+strings.Join(missing, ", ")
		}
		out.Services = append(out.Services, v)
	}
	return out
}

// enteredNames are the services that are wanted, or were when the last daemon died, only because
// somebody entered.
func (p *Project) enteredNames() (names []string) {
	for name, entered := range p.unrestored {
		if entered {
			names = append(names, name)
		}
	}
	for _, s := range p.services {
		if s.wanted && s.entered {
			names = append(names, s.name)
		}
	}
	slices.Sort(names)
	return names
}
