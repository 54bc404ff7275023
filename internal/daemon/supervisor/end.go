package supervisor

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

var (
	// ErrClosing says that the daemon is stopping: nothing is started any more.
	ErrClosing = errors.New("the daemon is shutting down")
	// ErrForgotten says that this Project was retired. The project itself may well be there: who
	// asked for it makes a new one and tries again.
	ErrForgotten = errors.New("the project has just been forgotten")
)

// InUseError is why a project cannot be forgotten.
type InUseError struct {
	Services []string // those that are alive or wanted, in the Procfile's order
}

func (e *InUseError) Error() string {
	return "still up or wanted: " + strings.Join(e.Services, ", ")
}

// Shutdown is for the end of the daemon: it stops every service, lets none start any more, and
// returns once all have ended and the record says so, or with the reason why it cannot say so. keep
// leaves them wanted, for the next daemon to start again. A project that was retired has nothing to
// stop.
func (p *Project) Shutdown(ctx context.Context, keep bool) error {
	err := p.call(ctx, func() { p.beginShutdown(keep) })
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
		case <-p.done: // somebody else has shut it down meanwhile
			return p.why
		}
	}
}

func (p *Project) beginShutdown(keep bool) {
	p.closing = true
	if !keep {
		clear(p.unrestored)
	}
	for _, s := range p.services {
		s.wanted = s.wanted && keep
		s.toStart, s.toStop, s.content = false, true, nil
		p.record.dirty, p.published = true, false
	}
}

func underWay(v Service) bool { return v.State == Stopping || v.State == Starting }

// Retire is for a project that is forgotten: it ends the actor for good, unless a service is alive
// or wanted, which is an *InUseError. Both are decided in one turn, so that an Up beside it either
// comes first and keeps the project, or is told ErrForgotten. What an earlier daemon wanted and
// this one has not started does not count: forgetting is how a person says that it is no longer
// wanted.
//
// When Retire returns nil, nothing writes the record any more, and it may be removed.
func (p *Project) Retire(ctx context.Context) error {
	var refused error
	var writing chan struct{}
	err := p.call(ctx, func() {
		switch used := p.inUse(); {
		case p.closing:
			refused = ErrClosing
		case len(used) > 0:
			refused = &InUseError{used}
		default:
			writing = p.record.writing
			p.end(ErrForgotten)
		}
	})
	if err != nil || refused != nil {
		return errors.Join(err, refused)
	}
	if writing != nil {
		<-writing // although whoever asked may have gone: the record must not come back
	}
	return nil
}

// inUse names the services that are alive or should be.
func (p *Project) inUse() (names []string) {
	for _, s := range p.services {
		if s.wanted || s.toStart || s.toStop || s.machine.live() {
			names = append(names, s.name)
		}
	}
	return names
}

// Close ends the actor. Nothing may be alive by then.
func (p *Project) Close() { p.end(ErrClosing) }

// Done is closed once the actor has been told to end. Nothing is published after that: who waits
// for the next snapshot waits for this too.
func (p *Project) Done() <-chan struct{} { return p.done }

// Err is why Done is closed, ErrClosing or ErrForgotten; nil while it is not.
func (p *Project) Err() error {
	if p.ended() {
		return p.why
	}
	return nil
}

// end lets every later call return why, and the actor's goroutine stop. The first reason holds.
func (p *Project) end(why error) {
	p.ending.Do(func() {
		p.why = why
		close(p.done)
	})
}

// ended reports whether the actor has been told to end.
func (p *Project) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// stopTimers is the actor's last act. A timer that has fired already finds nobody who listens.
func (p *Project) stopTimers() {
	for _, s := range p.services {
		s.disarm()
	}
	for _, t := range []*time.Timer{p.autoTimer, p.record.retry} {
		if t != nil {
			t.Stop()
		}
	}
}
