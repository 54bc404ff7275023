package supervisor

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/locald/locald/internal/procid"
)

// Enter says that a shell is in the project. Where start is true and nothing keeps the project down
// or has it up already, all services are started; their names are returned.
func (p *Project) Enter(ctx context.Context, shell procid.Identity, plan Plan, start bool) (
	started []string, err error,
) {
	err = p.callOpen(ctx, func(a *actor) {
		a.presence.enter(shell)
		if start {
			started = a.startEntered(plan)
		}
	})
	return started, err
}

// Leave says that a shell has gone elsewhere or ended. With the last one goes what held services
// down.
func (p *Project) Leave(shell procid.Identity) {
	p.box.post(func(a *actor) {
		if last := a.presence.leave(shell); last {
			a.decisions.letGo()
			a.awaitReturn()
		}
	})
}

func (a *actor) startEntered(plan Plan) (started []string) {
	a.presence.stopAfter(plan.AutoStop) // it may have been changed, although all is up
	if a.decisions.holding() || a.services.wanted() {
		return nil
	}
	a.declare(plan)
	for _, s := range a.services.pick(nil) {
		a.services.order(s, plan.Content, true)
		started = append(started, s.name)
	}
	return started
}

// awaitReturn has what entering started stopped in time. When the daemon ends all is stopped
// anyway, and what was wanted is to stay so.
func (a *actor) awaitReturn() {
	if !a.closing {
		a.presence.awaitReturn()
	}
}

// stopAbandoned is for the timer. One that was too late to be stopped finds somebody there, or a
// time that is not over.
func (a *actor) stopAbandoned() {
	why := a.presence.abandoned()
	if a.closing || why == "" {
		a.awaitReturn()
		return
	}
	a.services.dismissEntered(why)
}

// presence is the set of live shells in the project. The first one that enters starts it; when the
// last one has left, what only entering started may be stopped in time.
type presence struct {
	box     *mailbox
	changes *changes

	shells     []procid.Identity // never changed in place: snapshots share it
	emptySince time.Time         // when the last shell left; zero while one is there
	autoStop   time.Duration     // after which what entering started is stopped; 0: never
	timer      *time.Timer       // armed while nobody is there, until that time is over
}

func inheritedPresence(box *mailbox, c *changes, inherited Inherited) *presence {
	p := &presence{box: box, changes: c, shells: inherited.Shells}
	if p.anybody() {
		return p
	}
	p.emptySince = time.Now() // they may have ended while no daemon was there to see it
	if was := inherited.EmptySince; !was.IsZero() && was.Before(p.emptySince) {
		p.emptySince = was
	}
	return p
}

func (p *presence) anybody() bool { return len(p.shells) > 0 }

func (p *presence) enter(shell procid.Identity) {
	if slices.Contains(p.shells, shell) {
		return
	}
	p.disarm()
	p.shells = append(slices.Clone(p.shells), shell)
	p.emptySince = time.Time{}
	p.changes.keep()
}

// leave reports whether this was the last one.
func (p *presence) leave(shell procid.Identity) (last bool) {
	i := slices.Index(p.shells, shell)
	if i < 0 {
		return false
	}
	p.shells = slices.Delete(slices.Clone(p.shells), i, i+1)
	p.changes.keep()
	if p.anybody() {
		return false
	}
	p.emptySince = time.Now()
	return true
}

// stopAfter sets how long what entering started stays up once nobody is there.
func (p *presence) stopAfter(d time.Duration) {
	if d != p.autoStop {
		p.autoStop = d
		p.changes.show()
	}
}

// awaitReturn arms the timer for the time that is left until the project counts as abandoned. It is
// called again when that time is another one.
func (p *presence) awaitReturn() {
	p.disarm()
	if p.autoStop == 0 || p.anybody() {
		return
	}
	p.timer = time.AfterFunc(time.Until(p.emptySince.Add(p.autoStop)), func() {
		p.box.post(func(a *actor) { a.stopAbandoned() })
	})
}

func (p *presence) disarm() {
	if p.timer != nil {
		p.timer.Stop()
	}
}

// abandoned says why what entering started is no longer wanted: nobody has been there for too long.
// It is "" where that is not so.
func (p *presence) abandoned() string {
	if p.autoStop == 0 || p.anybody() || time.Since(p.emptySince) < p.autoStop {
		return ""
	}
	return "stopped by auto_stop: no shell was here for " + plainly(p.autoStop)
}

// plainly writes a duration without the zeros that its String ends in.
func plainly(d time.Duration) string {
	text := d.String()
	if cut, ok := strings.CutSuffix(text, "m0s"); ok {
		text = cut + "m"
	}
	if cut, ok := strings.CutSuffix(text, "h0m"); ok {
		text = cut + "h"
	}
	return text
}

// fill says in a snapshot who is there.
func (p *presence) fill(out *Snapshot) {
	out.Shells, out.EmptySince, out.AutoStop = p.shells, p.emptySince, p.autoStop
}
