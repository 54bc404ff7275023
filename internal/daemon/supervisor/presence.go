package supervisor

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/locald/locald/internal/procid"
)

// Presence is the set of live shells in the project. The first one that enters starts it; when the
// last one has left, what only entering started may be stopped in time, and a down no longer holds:
// it was said to those who were there.

// Enter says that a shell is in the project. Where start is true and nothing keeps the project down
// or has it up already, all services are started; their names are returned.
func (p *Project) Enter(ctx context.Context, shell procid.Identity, plan Plan, start bool) (
	started []string, err error,
) {
	err = p.callOpen(ctx, func() {
		if !slices.Contains(p.shells, shell) {
			p.shells = append(slices.Clone(p.shells), shell)
			p.record.dirty, p.published = true, false
		}
		p.emptySince = time.Time{}
		if start { // also where nothing is started: the time may have been changed since
			p.autoStop = plan.AutoStop
		}
		if !start || len(p.heldDown) > 0 || p.wanted() {
			return
		}
		p.declare(plan)
		for _, s := range p.pick(nil) {
			p.order(s, plan.Content, true)
			started = append(started, s.name)
		}
	})
	return started, err
}

// Leave says that a shell has gone elsewhere or ended. With the last one goes what held services
// down.
func (p *Project) Leave(shell procid.Identity) {
	p.post(func() {
		i := slices.Index(p.shells, shell)
		if i < 0 {
			return
		}
		p.shells = slices.Delete(slices.Clone(p.shells), i, i+1)
		if len(p.shells) == 0 {
			p.heldDown, p.emptySince = nil, time.Now()
			p.awaitReturn()
		}
		p.record.dirty, p.published = true, false
	})
}

// awaitReturn has what entering started stopped in time, unless somebody comes back before.
func (p *Project) awaitReturn() {
	if p.autoTimer != nil {
		p.autoTimer.Stop()
	}
	if p.autoStop == 0 || len(p.shells) > 0 || p.closing {
		return
	}
	p.autoTimer = time.AfterFunc(time.Until(p.emptySince.Add(p.autoStop)), func() {
		p.post(p.stopAbandoned)
	})
}

// abandoned reports whether nobody has been there for so long that what entering started is no
// longer wanted.
func (p *Project) abandoned() bool {
	return p.autoStop > 0 && len(p.shells) == 0 && time.Since(p.emptySince) >= p.autoStop
}

// stopAbandoned stops what entering started, but for what a service that a person asked for needs.
// A timer that was too late to be stopped finds somebody there, or a time that is not over.
func (p *Project) stopAbandoned() {
	if p.closing || !p.abandoned() {
		p.awaitReturn()
		return
	}
	for _, s := range p.services {
		if !s.wanted || !s.entered || p.needed(s, byHand) {
			continue
		}
		p.dismiss(s)
		p.sayAbandoned(s)
	}
}

func byHand(s *service) bool { return !s.entered }

// needed reports whether a service that is wanted for its own sake depends on s, directly or by way
// of others.
func (p *Project) needed(s *service, forItself func(*service) bool) bool {
	return slices.ContainsFunc(p.services, func(o *service) bool {
		needs := o.wanted && slices.Contains(o.needs, s.name)
		return needs && (forItself(o) || p.needed(o, forItself))
	})
}

// sayAbandoned tells whoever comes back and wonders.
func (p *Project) sayAbandoned(s *service) {
	text := "stopped by auto_stop: nobody was here for " + plainly(p.autoStop)
	p.runner.Note(s.name, s.machine.run, text)
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
