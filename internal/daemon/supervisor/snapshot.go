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

// picture is what is true now. Its slices are never changed in place.
func (p *Project) picture() Snapshot {
	out := Snapshot{
		Held: p.held, Withheld: slices.Sorted(maps.Keys(p.restored)), Shells: p.shells,
		Deserted: p.deserted, AutoStop: p.autoStop,
		LastRun: maps.Clone(p.lastRun), Services: make([]Service, 0, len(p.services)),
	}
	for name, entered := range p.restored {
		if entered {
			out.Entered = append(out.Entered, name)
		}
	}
	for _, s := range p.services {
		if s.wanted && s.entered {
			out.Entered = append(out.Entered, s.name)
		}
		m := s.machine
		v := Service{
			Name: s.name, State: m.State(), Ready: m.phase == running, Wanted: s.wanted,
			Run: m.run, Restarts: m.restarts, Exit: m.exit, Note: m.note, Failure: s.failure, Live: s.live,
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
