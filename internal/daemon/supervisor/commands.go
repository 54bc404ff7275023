package supervisor

import (
	"context"
	"slices"

	"github.com/locald/locald/internal/procid"
)

// Up starts services (all of them where none is named) and what they depend
// on. One that is up or on its way stays as it is.
func (p *Project) Up(ctx context.Context, plan Plan, names []string) error {
	return p.callOpen(ctx, func() {
		p.declare(plan)
		for _, s := range p.pick(names) {
			p.order(s, plan.Content, false)
		}
	})
}

// Restart stops and starts services; one that is down is started.
func (p *Project) Restart(ctx context.Context, plan Plan, names []string) error {
	return p.callOpen(ctx, func() {
		p.declare(plan)
		for _, s := range p.pick(names) {
			s.toStop = s.machine.live()
			p.order(s, plan.Content, s.entered)
		}
	})
}

// Down stops services, also those that were to be restored. While a shell is in the project they stay down until
// Up. hurry gives no grace.
func (p *Project) Down(ctx context.Context, names []string, hurry bool) error {
	return p.call(ctx, func() {
		for name := range p.restored {
			if len(names) == 0 || slices.Contains(names, name) {
				delete(p.restored, name)
			}
		}
		for _, s := range p.pick(names) {
			p.dismiss(s)
			s.hurry = hurry
			if len(p.shells) > 0 && !slices.Contains(p.held, s.name) {
				p.held = append(slices.Clone(p.held), s.name)
			}
			if hurry && s.machine.phase == stopping {
				p.runner.Stop(s.name, s.machine.run, true)
			}
		}
	})
}

// Restore starts what was wanted when the daemon before us died, but for what
// nobody is there for any more.
func (p *Project) Restore(ctx context.Context, plan Plan) error {
	return p.callOpen(ctx, func() {
		p.declare(plan)
		abandoned := p.abandoned()
		for _, s := range p.services {
			entered, was := p.restored[s.name]
			switch {
			case was && entered && abandoned:
				p.sayDeserted(s)
			case was:
				p.order(s, plan.Content, entered)
			}
		}
		clear(p.restored)
		p.record.dirty = true
	})
}

// Declare makes the services known without starting any.
func (p *Project) Declare(ctx context.Context, plan Plan) error {
	return p.call(ctx, func() { p.declare(plan) })
}

// Launched answers one Spawn, for all of its launches in one turn.
func (p *Project) Launched(results []Launched) {
	p.post(func() {
		p.forking--
		for _, r := range results {
			p.launched(r)
		}
	})
}

// Launched is the outcome of one Launch: Live, or the reason why there is none.
type Launched struct {
	Launch
	Live    *Live
	Reason  string
	Failure Failure
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
		p.step(s, Event{Kind: evSpawnFailed, Run: r.Run, Reason: r.Reason})
		p.bury(s)
	default:
		s.live = r.Live
		p.step(s, Event{Kind: evSpawned, Run: r.Run})
	}
}

// Ready says that a run is ready, and who listens where.
func (p *Project) Ready(service string, run int, listener procid.Identity, listening []int) {
	p.post(func() {
		if s := p.current(service, run); s != nil {
			p.listens(s, listener, listening)
			p.step(s, Event{Kind: evReady, Run: run})
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

// Ended says how a run ended. By now all of its processes are gone. ev.Run and
// what concerns the end are set by the caller.
func (p *Project) Ended(service string, ev Event) {
	ev.Kind = evEnded
	p.post(func() {
		s := p.current(service, ev.Run)
		if s == nil {
			return
		}
		s.live = nil
		p.record.dirty = true
		p.step(s, ev)
		p.bury(s)
	})
}

// declare takes over the services as they are declared now, in that order.
// One that is no longer declared is stopped and then forgotten; one that has
// become idle is stopped.
func (p *Project) declare(plan Plan) {
	p.published = false
	p.autoStop = plan.AutoStop
	p.awaitReturn()
	next := make([]*service, 0, len(plan.Services))
	for _, d := range plan.Services {
		s := p.find(d.Name)
		if s == nil {
			s = &service{name: d.Name, machine: newMachine(d.Policy, p.lastRun[d.Name])}
		}
		s.gone, s.machine.policy, s.needs = false, d.Policy, d.DependsOn
		s.follows, s.idle = d.Replaces, d.Idle
		if s.toStart {
			s.content = plan.Content
		}
		next = append(next, s)
	}
	p.held = slices.DeleteFunc(slices.Clone(p.held), func(name string) bool {
		return !slices.ContainsFunc(plan.Services, func(d Declared) bool { return d.Name == name })
	})
	for _, s := range p.services {
		if slices.Contains(next, s) {
			continue
		}
		s.gone, s.wanted, s.entered, p.record.dirty = true, false, false, true
		s.toStart, s.toStop, s.content = false, false, nil
		p.step(s, Event{Kind: evStop})
		if s.machine.live() {
			next = append(next, s)
		}
	}
	p.services = next
	for _, s := range p.services {
		if s.idle && s.wanted && !p.needed(s, func(o *service) bool { return !o.idle }) {
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

// pick returns the named services, all but the idle where none is named,
// without those that are only waiting to be forgotten.
func (p *Project) pick(names []string) []*service {
	var out []*service
	for _, s := range p.services {
		if !s.gone && (len(names) == 0 && !(s.idle && !s.wanted) || slices.Contains(names, s.name)) {
			out = append(out, s)
		}
	}
	return out
}

func (p *Project) want(s *service, entered bool) {
	s.entered = entered && (s.entered || !s.wanted) // what a person asked for outlasts an entering
	s.wanted = true
	delete(p.restored, s.name)
	p.held = slices.DeleteFunc(slices.Clone(p.held), func(name string) bool { return name == s.name })
	p.record.dirty = true
}

func (p *Project) wanted() bool {
	return slices.ContainsFunc(p.services, func(s *service) bool { return s.wanted })
}
