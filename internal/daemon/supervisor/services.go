package supervisor

import (
	"maps"
	"slices"
	"time"
)

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

// inUse reports whether something of the service is under way or about to be. One that has ended by
// itself, well or badly, is not, although it may still be wanted.
func (s *service) inUse() bool {
	return s.toStart || s.toStop || s.machine.phase != idle
}

// services are those of a project, with what is ordered of each.
type services struct {
	changes   *changes
	exec      *executor
	decisions *decisions

	list                   // in the Procfile's order, then those that it no longer has
	lastRun map[string]int // also of those that are no longer there
}

func newServices(c *changes, x *executor, d *decisions, lastRun map[string]int) *services {
	lastRun = maps.Clone(lastRun) // it is written into
	if lastRun == nil {
		lastRun = make(map[string]int)
	}
	return &services{changes: c, exec: x, decisions: d, lastRun: lastRun}
}

// step feeds one event to a service and executes what follows.
func (ss *services) step(s *service, ev event) {
	ss.changes.show()
	var content any
	if ev.Kind == evStart { // only an order is made from a plan
		content, s.content = s.content, nil
	}
	for _, e := range s.machine.step(ev) {
		ss.exec.execute(s, e, content)
	}
	if s.machine.phase != waiting {
		s.disarm()
	}
	ss.lastRun[s.name] = s.machine.run
}

// elapsed is for the timer of a service that may have been forgotten, and even been declared anew,
// since it fired. To step that one would give the name its old number of runs back.
func (ss *services) elapsed(s *service, run int) {
	if ss.find(s.name) == s {
		ss.step(s, event{Kind: evElapsed, Run: run})
	}
}

// bury removes a service that is no longer declared once nothing of it is left.
func (ss *services) bury(s *service) {
	if s.gone && !s.machine.live() {
		ss.list = slices.DeleteFunc(ss.list, func(o *service) bool { return o == s })
	}
}

// disarm stops the timers of all restarts.
func (ss *services) disarm() {
	for _, s := range ss.list {
		s.disarm()
	}
}

// fill says in a snapshot what the services do.
func (ss *services) fill(out *Snapshot) {
	out.Services, out.LastRun = ss.pictures(), maps.Clone(ss.lastRun)
	for _, s := range ss.list {
		if s.wanted && s.entered {
			out.Entered = append(out.Entered, s.name)
		}
	}
}
