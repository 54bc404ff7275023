// Package supervisor decides. It owns the life of every service: a pure state machine for each
// (machine) and, for each project, one actor, which alone touches its machines, its presence and
// what is wanted. What has to be done it asks of a Runner and a Store, whose answers are events; so
// nothing here starts a process, writes a file or waits for either.
//
// An order goes like this: a command posts a turn to the actor; the turn marks services (toStart,
// toStop); when it ends, those whose dependencies allow it are stepped; the effects of their
// machines go to the Runner in one batch and to the Store in one record.
//
// What everybody may use, from any goroutine:
//   - Project, the handle. It holds nothing but the next two, and so has no way to what the actor
//     owns except a turn, which is a func(*actor).
//   - mailbox: the turns on their way to the actor, and the word that there will be no more.
//   - board: the latest snapshot, for whoever looks.
//
// What belongs to the actor's goroutine. None of it has a lock, and each part is changed by its own
// methods only:
//   - actor: the loop, the end of a turn, and the turns that concern several of its parts.
//   - services: each service with its machine, and what is ordered of it. Its list answers what
//     follows from how they depend on each other, and changes nothing.
//   - executor: what the machines decided and the Runner has not heard of yet: the launches of this
//     turn, and the runs that are let go once they are on record.
//   - decisions: what holds of services by name, declared or not: held down, not restored yet.
//   - presence: the shells that are there, and the time after which what they started is stopped.
//   - record: what is on disk, what is not, and who waits for it.
//   - changes: what the turn under way has to show and to save when it ends.
//
// Goroutines:
//   - the actor of a Project, from NewProject to Close or Retire. It never blocks.
//   - one while a record is being saved, at most one for each Project.
//
// Timers, each of which posts one turn and holds up nobody; none is armed while nothing is pending:
//   - for each service in backoff, until its restart;
//   - while a project that is to be stopped by itself is empty, until then;
//   - while the record on disk is out of date because a save failed, until the next attempt.
//
// Locks: board.mu, taken alone. It guards the published snapshot and is held to load or replace it.
package supervisor

import "context"

// Project is the handle of one project's actor. Its methods may be called by anybody, except from
// within a turn: the actor would wait for itself.
type Project struct {
	box   *mailbox
	board *board
}

// NewProject starts the actor.
func NewProject(runner Runner, store Store, inherited Inherited) *Project {
	box := newMailbox()
	a := newActor(box, runner, store, inherited)
	go a.loop()
	return &Project{box: box, board: a.board}
}

// Snapshot returns the latest picture and a channel that is closed when there is a newer one. It
// never waits for the actor.
func (p *Project) Snapshot() (Snapshot, <-chan struct{}) { return p.board.latest() }

// callOpen is call for what may start something: not once Shutdown was called.
func (p *Project) callOpen(ctx context.Context, do func(*actor)) error {
	closing := false
	err := p.box.call(ctx, func(a *actor) {
		if closing = a.closing; !closing {
			do(a)
		}
	})
	if err == nil && closing {
		return ErrClosing
	}
	return err
}
