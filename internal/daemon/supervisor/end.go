package supervisor

import (
	"context"
	"errors"
	"slices"
	"strings"
)

var (
	// ErrClosing says that the daemon is stopping: nothing is started any more.
	ErrClosing = errors.New("the daemon is stopping")
	// ErrForgotten says that this Project was retired. The project itself may well be there: who
	// asked for it makes a new one and tries again.
	ErrForgotten = errors.New("the project has just been forgotten")
)

// InUseError is why a project cannot be forgotten.
type InUseError struct {
	Services []string // those that are alive or about to be, in the Procfile's order
}

func (e *InUseError) Error() string {
	return "still in use: " + strings.Join(e.Services, ", ")
}

// Shutdown is for the end of the daemon: it stops every service, lets none start any more, and
// returns once all have ended and the record says so, or with the reason why it cannot say so. keep
// leaves them wanted, for the next daemon to start again. A project that was retired has nothing to
// stop.
func (p *Project) Shutdown(ctx context.Context, keep bool) error {
	err := p.box.call(ctx, func(a *actor) { a.close(keep) })
	if errors.Is(err, ErrForgotten) {
		return nil
	}
	if err != nil {
		return err
	}
	for {
		snapshot, changed := p.Snapshot()
		if !slices.ContainsFunc(snapshot.Services, underWay) {
			return p.Sync(ctx)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-p.Done(): // somebody else has shut it down meanwhile
			return p.Err()
		}
	}
}

func underWay(v Service) bool { return v.State == Stopping || v.State == Starting }

// close stops everything and lets nothing start any more. Without keep it is not wanted after that.
func (a *actor) close(keep bool) {
	a.closing = true
	a.presence.disarm()
	if !keep {
		a.decisions.dropRestore(nil)
	}
	a.services.haltAll(keep)
}

// Retire is for a project that is forgotten: it ends the actor for good, unless a service is in
// use, which is an *InUseError: it is alive, will be restarted, or is about to start or to stop.
// One that is at rest does not count, although a service that has failed or finished is still
// wanted, and what an earlier daemon wanted may not have been started: forgetting is how a person
// says that it is no longer wanted.
//
// All of this is decided in one turn, so that an Up beside it either comes first and keeps the
// project, or is told ErrForgotten. When Retire returns nil, nothing writes the record any more,
// and it may be removed.
func (p *Project) Retire(ctx context.Context) error {
	var refused error
	var written <-chan struct{}
	err := p.box.call(ctx, func(a *actor) { written, refused = a.retire() })
	if err != nil || refused != nil {
		return errors.Join(err, refused)
	}
	if written != nil {
		<-written // although whoever asked may have gone: the record must not come back
	}
	return nil
}

// retire ends the actor, and returns what is closed once nothing writes the record any more: nil
// where nothing has.
func (a *actor) retire() (written <-chan struct{}, refused error) {
	if a.closing {
		return nil, ErrClosing
	}
	if used := a.services.inUse(); len(used) > 0 {
		return nil, &InUseError{used}
	}
	a.box.end(ErrForgotten)
	return a.record.writing, nil
}

// Close ends the actor. Nothing may be alive by then.
func (p *Project) Close() { p.box.end(ErrClosing) }

// Done is closed once the actor has been told to end. Nothing is published after that: who waits
// for the next snapshot waits for this too.
func (p *Project) Done() <-chan struct{} { return p.box.done }

// Err is why Done is closed, ErrClosing or ErrForgotten; nil while it is not.
func (p *Project) Err() error {
	if p.box.ended() {
		return p.box.why
	}
	return nil
}
