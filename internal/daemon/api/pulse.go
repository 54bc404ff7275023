package api

import (
	"context"

	"github.com/locald/locald/internal/daemon/engine"
)

// pulse tells one waiter to look again at some projects. Any number of changes before it looks
// are one: who is slow, or told slowly by a client, is always shown the latest.
type pulse struct {
	ctx  context.Context
	wake chan struct{}
}

// newPulse is of no project yet. Its goroutines end with ctx.
func newPulse(ctx context.Context) pulse { return pulse{ctx, make(chan struct{}, 1)} }

// beat says that there is something to look at.
func (p pulse) beat() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// of follows a project as well, until it is forgotten.
func (p pulse) of(followed *engine.Project) {
	go func() {
		for {
			_, next := followed.Actor.Snapshot()
			p.beat()
			select {
			case <-next:
			case <-followed.Actor.Done():
				p.beat()
				return
			case <-p.ctx.Done():
				return
			}
		}
	}()
}

// each calls look now and after every change until it says that all is over. It returns nil also
// when the context is done.
func (p pulse) each(look func() (over bool, err error)) error {
	for {
		over, err := look()
		if over || err != nil {
			return err
		}
		select {
		case <-p.wake:
		case <-p.ctx.Done():
			return nil
		}
	}
}
