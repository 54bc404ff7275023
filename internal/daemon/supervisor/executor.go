package supervisor

import (
	"math/rand/v2"
	"time"
)

// executor has the Runner do what the machines decide. Launches are collected until the end of the
// turn: a whole set of services is forked in one batch and recorded in one write.
type executor struct {
	box     *mailbox
	changes *changes
	runner  Runner

	launches []Launch
	batches  int     // of launches that are not answered yet
	gated    []runID // to be let go once they are on record
}

// runID names one run of a service.
type runID struct {
	service string
	run     int
}

// execute does one thing that the machine of s decided. content is that of the plan which ordered
// it, nil where nobody did.
func (x *executor) execute(s *service, e effect, content any) {
	switch e.Kind {
	case doSpawn:
		s.failure = FailureNone
		x.launches = append(x.launches, Launch{Service: s.name, Run: e.Run, Content: content})
	case doRecord:
		x.gated = append(x.gated, runID{s.name, e.Run})
		x.changes.keep()
	case doRelease:
		x.runner.Release(s.name, e.Run)
	case doDiscard:
		x.runner.Discard(s.name, e.Run)
	case doStop:
		x.runner.Stop(s.name, e.Run, false)
	case doArm:
		s.timer = time.AfterFunc(jitter(e.Delay), func() {
			x.box.post(func(a *actor) { a.services.elapsed(s, e.Run) })
		})
	case doNote:
		x.runner.Note(s.name, e.Run, e.Text)
	}
}

// jitter adds up to a tenth, so that services that failed together do not come back together for
// ever.
func jitter(d time.Duration) time.Duration {
	return d + time.Duration(rand.Int64N(int64(d)/10+1))
}

// hurry ends a stop that is under way without what is left of its grace. The machine does not hear
// of it: it knows one way to stop.
func (x *executor) hurry(s *service) {
	if s.machine.phase == stopping {
		x.runner.Stop(s.name, s.machine.run, true)
	}
}

// discard ends a run that nobody waits for any more.
func (x *executor) discard(r runID) { x.runner.Discard(r.service, r.run) }

// note says something in the log of s that its machine does not know.
func (x *executor) note(s *service, text string) { x.runner.Note(s.name, s.machine.run, text) }

// spawn hands over the launches of this turn.
func (x *executor) spawn() {
	if len(x.launches) > 0 {
		x.runner.Spawn(x.launches)
		x.launches = nil
		x.batches++
	}
}

// answered is for the Runner's answer to one batch.
func (x *executor) answered() { x.batches-- }

// forking reports whether a batch is under way.
func (x *executor) forking() bool { return x.batches > 0 }

// takeGated returns the runs that are to be let go by the record that is written now.
func (x *executor) takeGated() []runID {
	gated := x.gated
	x.gated = nil
	return gated
}
