// Package supervisor decides. It owns the life of every service: a pure state
// machine for each (machine) and, for each project, one actor (Project), the
// goroutine that alone touches its machines, its presence and what is wanted.
//
// Goroutines: one for a Project until Close; one while a snapshot is being
// saved; a timer for each service in backoff, and one while a project that is
// to be stopped by itself is deserted. The actor never blocks: what
// takes time is done by the Runner and the Store and comes back as an event.
package supervisor

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/locald/locald/internal/procid"
)

// Runner executes what the machines decide. No method blocks; the answers are
// posted to the project: Launched, Ready, Ended.
type Runner interface {
	// Spawn forks each launch behind its gate and answers with one Launched.
	Spawn([]Launch)
	Release(service string, run int)
	Discard(service string, run int)
	// Stop ends the run and everything that belongs to it; hurry means without
	// grace.
	Stop(service string, run int, hurry bool)
	// Note says something in the service's log.
	Note(service string, run int, text string)
}

// Store puts a project on disk. Save returns when it is safe there; it is
// never called twice at a time.
type Store interface {
	Save(Snapshot) error
}

// Launch is one run to start.
type Launch struct {
	_       [0]func() // Content may be of a type that cannot be compared, so a Launch cannot either
	Service string
	Run     int
	// Content is that of the plan which ordered the run, so that what somebody approved or was shown
	// is what is started. It is nil where the machine decided by itself, which may be days later: the
	// Runner then reads the files anew.
	Content any
}

// runID names one run of a service.
type runID struct {
	service string
	run     int
}

// Live is what is known of a run's processes.
type Live struct {
	Leader    procid.Identity
	Marker    string
	Terminal  string // "" with pipes
	Started   time.Time
	Listener  procid.Identity // the process found listening on the service's port
	Listening []int           // all ports the run was found listening on
}

// Declared is a service as the Procfile has it now.
type Declared struct {
	Name      string
	Policy    Policy
	DependsOn []string // names of others; there is no cycle
	// Replaces names a service that may be up and is no longer declared: this
	// one goes on in its place, and starts once it has ended.
	Replaces string
	Idle     bool // started by name only, or because another needs it
}

// Plan is a project as its files have it now.
type Plan struct {
	Services []Declared
	// AutoStop is how long what entering started stays up once nobody is
	// there; 0 is for good.
	AutoStop time.Duration
	// Content is what the files said when the plan was made. It means nothing here and is handed
	// back with each Launch that this plan ordered. A service that first waits for another one, or
	// for its own end, keeps it until then, unless a later plan takes its place: that one knows more
	// recent files, and two services of one project should not be started from different ones.
	Content any
}

// Restored is what the record of an earlier daemon says.
type Restored struct {
	LastRun  map[string]int // service → number of its last run
	Wanted   []string
	Entered  []string // those of Wanted that nobody started by hand
	Held     []string
	Shells   []procid.Identity
	Deserted time.Time
}

// Snapshot is one consistent picture of a project. It is never changed after
// it was published.
type Snapshot struct {
	Services []Service         // in the Procfile's order, then those that it no longer has
	Held     []string          // services that stay down while somebody is there; sorted
	Withheld []string          // wanted when the last daemon died, and not started since; sorted
	Entered  []string          // wanted because somebody entered, not because they said so; sorted
	Shells   []procid.Identity // in the order in which they came
	Deserted time.Time         // when the last shell left; zero while one is there
	AutoStop time.Duration     // after which what was Entered is stopped; 0: never
	LastRun  map[string]int    // also of services that are no longer declared
	// Unsaved is why the record on disk is out of date, "" where it is not. The next daemon would
	// do what an older decision says; attempts to save go on by themselves.
	Unsaved string
}

// Wanted reports whether any service should be up.
func (s Snapshot) Wanted() bool {
	return len(s.Withheld) > 0 || slices.ContainsFunc(s.Services, func(v Service) bool { return v.Wanted })
}

// Find returns a service by name.
func (s Snapshot) Find(name string) (Service, bool) {
	for _, v := range s.Services {
		if v.Name == name {
			return v, true
		}
	}
	return Service{}, false
}

// Service is one service in a Snapshot.
type Service struct {
	Name     string
	State    State
	Ready    bool
	Wanted   bool
	Run      int // the current or last run, 0 before the first
	Restarts int // by itself, since somebody asked for a start
	Exit     *Exit
	Note     string
	Failure  Failure
	Live     *Live // nil where nothing is alive
	// Dropped counts what was reported of another run than the current one. A late report does no
	// harm; a number that keeps growing says that runs are reported twice.
	Dropped int
}

// Failure is why a service could not be started, for the exit code of a command.
type Failure string

const (
	FailureNone Failure = ""
	FailurePort Failure = "port_taken"
)

// Project is the actor of one project.
type Project struct {
	runner Runner
	store  Store

	inbox chan turn

	done   chan struct{} // closed when the actor is to end
	ending sync.Once     // closes done
	why    error         // it ended; to be read only once done is closed

	// Owned by the actor's goroutine.
	services  []*service
	closing   bool // nothing is started any more
	held      []string
	shells    []procid.Identity
	lastRun   map[string]int
	restored  map[string]bool // wanted when the daemon before us died, and not ordered since: true where entering had started it
	deserted  time.Time       // when the last shell left
	autoStop  time.Duration
	autoTimer *time.Timer
	launches  []Launch // collected during one turn
	forking   int      // batches of launches that are not answered yet
	record    keeping
	published bool // the last snapshot is still true

	mu       sync.Mutex // guards what follows; taken last
	snapshot Snapshot
	changed  chan struct{} // closed at the next snapshot
}

// turn is one message to the actor. over, where set, is closed when everything
// that the turn decided is visible in the snapshot.
type turn struct {
	do   func()
	over chan struct{}
}

type service struct {
	name    string
	machine *machine
	needs   []string
	wanted  bool
	entered bool   // wanted because somebody entered
	gone    bool   // no longer declared: removed once it has ended
	follows string // starts once that one, which is gone, has ended
	idle    bool   // not among those that are started when none is named
	content any    // toStart: of the plan that it is to be started from
	toStart bool   // asked for; waits for what it depends on, or for its own end
	toStop  bool   // asked for; waits for what depends on it
	hurry   bool   // toStop: without grace
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
func NewProject(runner Runner, store Store, restored Restored) *Project {
	p := &Project{
		runner: runner, store: store,
		inbox: make(chan turn), done: make(chan struct{}),
		held: restored.Held, shells: restored.Shells,
		lastRun:  restored.LastRun,
		restored: make(map[string]bool),
		changed:  make(chan struct{}),
	}
	if p.lastRun == nil {
		p.lastRun = make(map[string]int)
	}
	for _, name := range restored.Wanted {
		p.restored[name] = slices.Contains(restored.Entered, name)
	}
	if len(p.shells) == 0 { // they may have ended while no daemon was there to see it
		p.deserted = time.Now()
		if was := restored.Deserted; !was.IsZero() && was.Before(p.deserted) {
			p.deserted = was
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

// finishTurn does what one turn has collected: one batch of spawns, one save,
// one snapshot, however many services it concerned.
func (p *Project) finishTurn() {
	if p.ended() { // nothing may follow, a save least of all
		return
	}
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

// call hands something to the actor and waits until it is done.
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
		return ErrClosed
	}
	return err
}

// step feeds one event to a service and executes what follows.
func (p *Project) step(s *service, ev Event) {
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
		p.step(s, Event{Kind: evElapsed, Run: run})
	}
}

// jitter adds up to a tenth, so that services that failed together do not come
// back together for ever.
func jitter(d time.Duration) time.Duration {
	return d + time.Duration(rand.Int64N(int64(d)/10+1))
}

// current returns a service if run is its current one. What is told of another run comes too late
// to matter, and is counted.
func (p *Project) current(name string, run int) *service {
	s := p.find(name)
	if s == nil || s.machine.run == run {
		return s
	}
	s.machine.dropped++
	p.published = false
	return nil
}

func (p *Project) find(name string) *service {
	for _, s := range p.services {
		if s.name == name {
			return s
		}
	}
	return nil
}
