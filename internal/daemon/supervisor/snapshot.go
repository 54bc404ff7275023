package supervisor

import "maps"

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
	out := Snapshot{Held: p.held, Shells: p.shells, LastRun: maps.Clone(p.lastRun), Services: make([]Service, 0, len(p.services))}
	for _, s := range p.services {
		m := s.machine
		out.Services = append(out.Services, Service{
			Name: s.name, State: m.State(), Ready: m.phase == running, Wanted: s.wanted,
			Run: m.run, Restarts: m.restarts, Exit: m.exit, Note: m.note, Failure: s.failure, Live: s.live,
		})
	}
	return out
}
