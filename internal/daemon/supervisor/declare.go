package supervisor

import "slices"

// declare takes over the services as they are declared now, in that order. One that is no longer
// declared is stopped and then forgotten; one that has become idle is stopped.
func (ss *services) declare(plan Plan) {
	ss.changes.show()
	next := make(list, 0, len(plan.Services))
	for _, d := range plan.Services {
		next = append(next, ss.declared(d, plan.Content))
	}
	ss.decisions.holdOnly(next)
	for _, s := range ss.list {
		if slices.Contains(next, s) {
			continue
		}
		ss.drop(s)
		if s.machine.live() { // it stays until it has ended, behind those that are declared
			next = append(next, s)
		}
	}
	ss.list = next
	ss.dismissIdle()
}

// declared is the service that a declaration is about, as it has it now. A new one goes on with the
// numbers that its name had: a number names one run for ever, in the logs too.
func (ss *services) declared(d Declared, content any) *service {
	s := ss.find(d.Name)
	if s == nil {
		s = &service{name: d.Name, machine: newMachine(d.Policy, ss.lastRun[d.Name])}
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
func (ss *services) drop(s *service) {
	s.gone, s.wanted, s.entered = true, false, false
	s.toStart, s.toStop, s.content = false, false, nil
	ss.changes.keep()
	ss.step(s, event{Kind: evStop})
}

// dismissIdle stops what was started when none had to be named and must be named now, unless
// another service needs it.
func (ss *services) dismissIdle() {
	busy := func(s *service) bool { return !s.idle }
	for _, s := range ss.list {
		if s.idle && s.wanted && !ss.needed(s, busy) {
			ss.dismiss(s)
		}
	}
}
