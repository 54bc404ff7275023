package supervisor

import (
	"context"
	"slices"
)

// What people ask for. A command returns when the actor has decided, not when it is so: who wants
// to wait looks at the snapshots.

// Up starts services (all of them where none is named) and what they depend on. One that is up or
// on its way stays as it is.
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

// Down stops services, also those that were to be restored. While a shell is in the project they
// stay down until Up. force gives no grace, not even what is left of one that has begun.
func (p *Project) Down(ctx context.Context, names []string, force bool) error {
	return p.call(ctx, func() {
		for name := range p.unrestored {
			if len(names) == 0 || slices.Contains(names, name) {
				delete(p.unrestored, name)
			}
		}
		for _, s := range p.pick(names) {
			p.dismiss(s)
			s.force = force
			if len(p.shells) > 0 && !slices.Contains(p.heldDown, s.name) {
				p.heldDown = append(slices.Clone(p.heldDown), s.name)
			}
			if force && s.machine.phase == stopping {
				p.runner.Stop(s.name, s.machine.run, true)
			}
		}
	})
}

// Restore starts what was wanted when the daemon before us died, but for what nobody is there for
// any more.
func (p *Project) Restore(ctx context.Context, plan Plan) error {
	return p.callOpen(ctx, func() {
		p.declare(plan)
		abandoned := p.abandoned()
		for _, s := range p.services {
			entered, was := p.unrestored[s.name]
			switch {
			case was && entered && abandoned:
				p.sayAbandoned(s)
			case was:
				p.order(s, plan.Content, entered)
			}
		}
		clear(p.unrestored)
		p.record.dirty = true
	})
}

// Declare makes the services known without starting any.
func (p *Project) Declare(ctx context.Context, plan Plan) error {
	return p.call(ctx, func() { p.declare(plan) })
}

// want records that a service should be up, and why. It settles what was open about it: nobody
// holds it down any more, and no restore is due.
func (p *Project) want(s *service, entered bool) {
	// What a person asked for outlasts an entering.
	s.entered = entered && (s.entered || !s.wanted)
	s.wanted = true
	delete(p.unrestored, s.name)
	p.heldDown = slices.DeleteFunc(slices.Clone(p.heldDown), func(name string) bool {
		return name == s.name
	})
	p.record.dirty = true
}

func (p *Project) wanted() bool {
	return slices.ContainsFunc(p.services, func(s *service) bool { return s.wanted })
}
