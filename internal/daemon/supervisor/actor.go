package supervisor

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/locald/locald/internal/procid"
)

// Project is the actor of one project.
type Project struct {
	runner Runner
	store  Store

	inbox  chan turn     // unbuffered: whoever posts knows that the actor has begun with it
	done   chan struct{} // closed when the actor is to end
	ending sync.Once     // closes done
	why    error         // it ended; to be read only once done is closed

	// What follows belongs to the actor's goroutine.

	services   []*service // in the Procfile's order, then those that it no longer has
	closing    bool       // nothing is started any more
	heldDown   []string
	shells     []procid.Identity
	lastRun    map[string]int
	emptySince time.Time // when the last shell left
	autoStop   time.Duration
	autoTimer  *time.Timer
	// unrestored was wanted when the daemon before us died, and nobody has decided about it since:
	// true where entering had started it.
	unrestored map[string]bool

	launches  []Launch // collected during one turn
	forking   int      // batches of launches that are not answered yet
	record    keeping
	published bool // the last snapshot is still true

	mu       sync.Mutex // guards what follows; taken alone
	snapshot Snapshot
	changed  chan struct{} // closed at the next snapshot
}

// turn is one message to the actor. over, where set, is closed when everything that the turn
// decided is visible in the snapshot.
type turn struct {
	do   func()
	over chan struct{}
}

// service is one service of a project. The machine knows what is alive; the rest is what people and
// dependencies want of it, which may have to wait.
type service struct {
	name    string
	machine *machine
	needs   []string
	follows string // starts once that one, which is gone, has ended
	idle    bool   // not among those that are started when none is named
	gone    bool   // no longer declared: removed once it has ended

	wanted  bool
	entered bool // wanted because somebody entered
	toStart bool // asked for; waits for what it depends on, or for its own end
	content any  // toStart: of the plan that it is to be started from
	toStop  bool // asked for; waits for what depends on it
	force   bool // toStop: without grace

	live    *Live
	failure Failure
	timer   *time.Timer // armed while in backoff
}

// disarm stops the timer of a restart that is no longer coming.
func (s *service) disarm() {
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
}

// NewProject starts the actor.
func NewProject(runner Runner, store Store, inherited Inherited) *Project {
	p := &Project{
		runner: runner, store: store,
		inbox: make(chan turn), done: make(chan struct{}),
		heldDown: inherited.HeldDown, shells: inherited.Shells,
		lastRun:    maps.Clone(inherited.LastRun), // the actor writes into it
		unrestored: make(map[string]bool),
		changed:    make(chan struct{}),
	}
	if p.lastRun == nil {
		p.lastRun = make(map[string]int)
	}
	for _, name := range inherited.Wanted {
		p.unrestored[name] = slices.Contains(inherited.Entered, name)
	}
	if len(p.shells) == 0 { // they may have ended while no daemon was there to see it
		p.emptySince = time.Now()
		if was := inherited.EmptySince; !was.IsZero() && was.Before(p.emptySince) {
			p.emptySince = was
		}
	}
	p.snapshot = p.picture()
	go p.loop()
	return p
}

func (p *Project) loop() {
	defer p.stopTimers()
	for !p.ended() { // a select alone would take one more turn now and then
		select {
		case t := <-p.inbox:
			t.do()
			p.finishTurn()
			if t.over != nil {
				close(t.over)
			}
		case <-p.done:
		}
	}
}

// finishTurn does what one turn has collected: one batch of spawns, one save, one snapshot, however
// many services it concerned.
func (p *Project) finishTurn() {
	p.advance()
	if len(p.launches) > 0 {
		p.runner.Spawn(p.launches)
		p.launches = nil
		p.forking++
	}
	p.save()
	if !p.published {
		p.publish()
	}
	p.answerSyncs()
}

// post hands something to the actor without waiting until it is done.
func (p *Project) post(do func()) {
	select {
	case p.inbox <- turn{do: do}:
	case <-p.done:
	}
}

// call hands something to the actor and waits until it is done. The context counts only until the
// actor has begun: from then on it is done in any case, and the caller had better know how.
func (p *Project) call(ctx context.Context, do func()) error {
	over := make(chan struct{})
	select {
	case p.inbox <- turn{do, over}:
	case <-ctx.Done():
		return ctx.Err()
	case <-p.done:
		return p.why
	}
	<-over
	return nil
}

// callOpen is call for what may start something: not once Shutdown was called.
func (p *Project) callOpen(ctx context.Context, do func()) error {
	closing := false
	err := p.call(ctx, func() {
		if closing = p.closing; !closing {
			do()
		}
	})
	if err == nil && closing {
		return ErrClosing
	}
	return err
}

// step feeds one event to a service and executes what follows.
func (p *Project) step(s *service, ev event) {
	p.published = false
	var content any
	if ev.Kind == evStart { // only an order is made from a plan
		content, s.content = s.content, nil
	}
	for _, e := range s.machine.step(ev) {
		p.execute(s, e, content)
	}
	if s.machine.phase != waiting {
		s.disarm()
	}
	p.lastRun[s.name] = s.machine.run
}

func (p *Project) execute(s *service, e effect, content any) {
	switch e.Kind {
	case doSpawn:
		s.failure = FailureNone
		p.launches = append(p.launches, Launch{Service: s.name, Run: e.Run, Content: content})
	case doRecord:
		p.record.runs = append(p.record.runs, runID{s.name, e.Run})
		p.record.dirty = true
	case doRelease:
		p.runner.Release(s.name, e.Run)
	case doDiscard:
		p.runner.Discard(s.name, e.Run)
	case doStop:
		p.runner.Stop(s.name, e.Run, false)
	case doArm:
		s.timer = time.AfterFunc(jitter(e.Delay), func() {
			p.post(func() { p.elapsed(s, e.Run) })
		})
	case doNote:
		p.runner.Note(s.name, e.Run, e.Text)
	}
}

// elapsed is for the timer of a service that may have been forgotten, and even been declared anew,
// since it fired. To step that one would give the name its old number of runs back.
func (p *Project) elapsed(s *service, run int) {
	if p.find(s.name) == s {
		p.step(s, event{Kind: evElapsed, Run: run})
	}
}

// jitter adds up to a tenth, so that services that failed together do not come back together for
// ever.
func jitter(d time.Duration) time.Duration {
	return d + time.Duration(rand.Int64N(int64(d)/10+1))
}

func (p *Project) find(name string) *service {
	for _, s := range p.services {
		if s.name == name {
			return s
		}
	}
	return nil
}
