package supervisor

import "slices"

// declare takes over the services as they are declared now, in that order. One that is no longer
// declared is stopped and then forgotten; one that has become idle is stopped.
func (p *Project) declare(plan Plan) {
	p.published = false
	p.autoStop = plan.AutoStop
	p.awaitReturn()
	next := make([]*service, 0, len(plan.Services))
	for _, d := range plan.Services {
		next = append(next, p.declared(d, plan.Content))
	}
	p.heldDown = slices.DeleteFunc(slices.Clone(p.heldDown), func(name string) bool {
		return !slices.ContainsFunc(next, func(s *service) bool { return s.name == name })
	})
	for _, s := range p.services {
		if slices.Contains(next, s) {
			continue
		}
		p.drop(s)
		if s.machine.live() { // it stays until it has ended, behind those that are declared
			next = append(next, s)
		}
	}
	p.services = next
	p.dismissIdle()
}

// declared is the service that a declaration is about, as it has it now. A new one goes on with the
// numbers that its name had: a number names one run for ever, in the logs too.
func (p *Project) declared(d Declared, content any) *service {
	s := p.find(d.Name)
	if s == nil {
		s = &service{name: d.Name, machine: newMachine(d.Policy, p.lastRun[d.Name])}
	}
	s.gone, s.machine.policy, s.needs = false, d.Policy, d.DependsOn
	s.follows, s.idle = d.Replaces, d.Idle
	if s.toStart {
		s.content = content
	}
	return s
}

// drop stops a service that is no longer declared. It does not wait for what depends on it, which
// can no longer say so.
func (p *Project) drop(s *service) {
	s.gone, s.wanted, s.entered, p.record.dirty = true, false, false, true
	s.toStart, s.toStop, s.content = false, false, nil
	p.step(s, event{Kind: evStop})
}

// dismissIdle stops what was started when none had to be named and must be named now, unless
// another service needs it.
func (p *Project) dismissIdle() {
	busy := func(s *service) bool { return !s.idle }
	for _, s := range p.services {
		if s.idle && s.wanted && !p.needed(s, busy) {
			p.dismiss(s)
		}
	}
}

// bury removes a service that is no longer declared once nothing of it is left.
func (p *Project) bury(s *service) {
	if s.gone && !s.machine.live() {
		p.services = slices.DeleteFunc(p.services, func(o *service) bool { return o == s })
	}
}

// pick returns the named services, all but the idle where none is named, without those that are
// only waiting to be forgotten.
func (p *Project) pick(names []string) []*service {
	var out []*service
	for _, s := range p.services {
		all := len(names) == 0 && (!s.idle || s.wanted)
		if !s.gone && (all || slices.Contains(names, s.name)) {
			out = append(out, s)
		}
	}
	return out
}
