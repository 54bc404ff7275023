package supervisor

import (
	"maps"
	"slices"
	"strings"
)

// Snapshot returns the latest picture and a channel that is closed when there
// is a newer one.
func (p *Project) Snapshot() (Snapshot, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.snapshot, p.changed
}

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
		Held: slices.Sorted(slices.Values(p.held)), Withheld: slices.Sorted(maps.Keys(p.restored)),
		Entered: p.enteredNames(), Shells: p.shells, Deserted: p.deserted, AutoStop: p.autoStop,
		LastRun: maps.Clone(p.lastRun), Services: make([]Service, 0, len(p.services)), Unsaved: p.record.unsaved(),
	}
	for _, s := range p.services {
		m := s.machine
		v := Service{
			Name: s.name, State: m.state(), Ready: m.phase == running, Wanted: s.wanted,
			Run: m.run, Restarts: m.restarts, Exit: m.exit, Note: m.note, Failure: s.failure, Live: s.live,
			Dropped: m.dropped,
		}
		switch {
		case s.toStop:
			v.State, v.Ready, v.Note = Stopping, false, "waits for "+strings.Join(p.dependents(s), ", ")
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
	for name, entered := range p.restored {
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
