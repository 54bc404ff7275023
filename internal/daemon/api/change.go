package api

import (
	"context"

	"github.com/locald/locald/internal/daemon/engine"
)

// wakeUp tells one waiter to look again. Any number of calls before it looks are one.
type wakeUp chan struct{}

func newWakeUp() wakeUp { return make(wakeUp, 1) }

func (w wakeUp) wake() {
	select {
	case w <- struct{}{}:
	default:
	}
}

// onChange calls wake after each new snapshot of a project until ctx is done.
func onChange(ctx context.Context, p *engine.Project, wake func()) {
	for {
		_, changed := p.Actor.Snapshot()
		wake()
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}
