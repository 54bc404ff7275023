package supervisor

import "context"

// What people ask for. A command returns when the actor has decided, not when it is so: who wants
// to wait looks at the snapshots.

// Up starts services (all of them where none is named) and what they depend on. One that is up or
// on its way stays as it is.
func (p *Project) Up(ctx context.Context, plan Plan, names []string) error {
	return p.callOpen(ctx, func(a *actor) {
		a.declare(plan)
		for _, s := range a.services.pick(names) {
			a.services.order(s, plan.Content, false)
		}
	})
}

// Restart stops and starts services; one that is down is started.
func (p *Project) Restart(ctx context.Context, plan Plan, names []string) error {
	return p.callOpen(ctx, func(a *actor) {
		a.declare(plan)
		for _, s := range a.services.pick(names) {
			a.services.again(s, plan.Content)
		}
	})
}

// Down stops services, also those that were to be restored. While a shell is in the project they
// stay down until Up. force gives no grace, not even what is left of one that has begun.
func (p *Project) Down(ctx context.Context, names []string, force bool) error {
	return p.box.call(ctx, func(a *actor) {
		a.decisions.dropRestore(names)
		for _, s := range a.services.pick(names) {
			a.services.takeDown(s, force)
			if a.presence.anybody() {
				a.decisions.hold(s.name)
			}
		}
	})
}

// Restore starts what was wanted when the daemon before us died, but for what nobody is there for
// any more.
func (p *Project) Restore(ctx context.Context, plan Plan) error {
	return p.callOpen(ctx, func(a *actor) {
		a.declare(plan)
		a.services.restore(plan.Content, a.presence.abandoned())
	})
}

// Declare makes the services known without starting any.
func (p *Project) Declare(ctx context.Context, plan Plan) error {
	return p.box.call(ctx, func(a *actor) { a.declare(plan) })
}
