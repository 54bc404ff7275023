package supervisor

import (
	"fmt"
	"syscall"
	"time"
)

// State is what a person is told. Whether a service is ready is said beside it.
type State string

const (
	Stopped  State = "stopped"
	Starting State = "starting"
	Running  State = "running"
	Stopping State = "stopping"
	Backoff  State = "backoff"
	Exited   State = "exited" // ended by itself with 0
	Failed   State = "failed"
)

// Policy says when a service that ended is started again.
type Policy string

const (
	RestartOnFailure Policy = "on-failure"
	RestartAlways    Policy = "always"
	RestartNo        Policy = "no"
)

// How failures are answered. The delays are long enough not to burn a core with a program that
// cannot start, and short enough that whoever has just mended it need not type anything.
const (
	healthy      = 30 * time.Second       // a run this long wipes the slate clean
	firstDelay   = 200 * time.Millisecond // doubles with each failure
	longestDelay = 30 * time.Second
	// A failure that does not count waits for the kernel's TIME_WAIT, which is over within a
	// minute.
	longestUncountedDelay = 5 * time.Second
	failureWindow         = 60 * time.Second // so many failures
	failureLimit          = 5                // within that time are enough
	atOnce                = time.Second      // by then a command has been found, or not
)

// Exit is how a run ended: by a status, or by a signal.
type Exit struct {
	Code   int
	Signal syscall.Signal // 0 where it exited
}

// OK reports whether the run did what it was meant to do.
func (e Exit) OK() bool { return e.Signal == 0 && e.Code == 0 }

// cannotRun is what a shell means by the statuses that it keeps for commands that never ran (POSIX,
// Shell Command Language 2.8.2). Starting such a command again would end in the same way.
func (e Exit) cannotRun() string {
	switch {
	case e.Signal != 0:
	case e.Code == 126:
		return "the command cannot be executed"
	case e.Code == 127:
		return "the command was not found"
	}
	return ""
}

func (e Exit) String() string {
	if e.Signal != 0 {
		return "killed by " + SignalName(e.Signal)
	}
	return fmt.Sprintf("exited with %d", e.Code)
}

// phase is finer than State: what is under way and must be answered.
type phase int

const (
	idle      phase = iota // nothing is alive; m.rest says why
	spawning               // a fork is under way
	recording              // alive behind its gate until the record is on disk
	starting               // released, not ready yet
	running                // ready
	stopping               // told to end
	waiting                // for the timer of a restart
)

// eventKind tells events apart. All but the first three come from outside and carry the run that
// they are about.
type eventKind int

const (
	evStart        eventKind = iota // somebody wants it up
	evStop                          // nobody wants it up any more
	evBlocked                       // what it depends on will never be ready
	evSpawned                       // it waits behind its gate
	evSpawnFailed                   // it could not even be forked
	evRecorded                      // its record is on disk
	evRecordFailed                  // its record could not be written
	evReady                         // it does what it is there for
	evEnded                         // it and all of its processes are gone
	evElapsed                       // the pause before a restart is over
)

// event is one input of a machine.
type event struct {
	Kind   eventKind
	Run    int
	Reason string // evBlocked, evSpawnFailed and evRecordFailed
	End    End    // evEnded
}

// End is how a run ended, as its Runner tells it.
type End struct {
	Run  int
	At   time.Time
	Exit Exit
	Ran  time.Duration // since it was released; 0 where it never was
	// NotCounted says that the end is not to be counted as a failure: its port was not let go yet,
	// and another attempt will do.
	NotCounted bool
	Reason     string // what a person should know beyond Exit; "" where that says it all
}

// effect is one thing to do. It is done outside the machine, and the answer is another event.
type effect struct {
	Kind  effectKind
	Run   int
	Delay time.Duration // doArm, before jitter
	Text  string        // doNote
}

// effectKind tells effects apart.
type effectKind int

const (
	doSpawn   effectKind = iota // fork behind the gate
	doRecord                    // put the run on disk
	doRelease                   // open the gate
	doDiscard                   // close the gate unopened
	doStop                      // end the run and all of its processes
	doArm                       // for a restart
	doNote                      // say Text in the service's log
)

// machine is the life of one service. It has no clock and does nothing itself, so that every order
// in which things can happen is a list of events that a test can play.
//
//	idle ──Start──► spawning ──Spawned──► recording ──Recorded──► starting ──Ready──► running
//	 ▲                  │                     │                       │                  │
//	 │                  └────────Stop─────────┴───────────Stop────────┴───────Stop───────┤
//	 │                                                                                   ▼
//	 ├──────────────────────────────────────Ended──────────────────────────────────── stopping
//	 └─ Ended with 0, or too often ─┐
//	                    waiting ◄───┴── Ended badly     waiting ──Elapsed──► spawning
type machine struct {
	policy Policy

	phase    phase
	rest     State // idle: Stopped, Exited or Failed
	run      int   // the current run, else the last one
	cancel   bool  // spawning: stop was asked for meanwhile
	failures []time.Time
	delays   int // restarts since the last healthy run
	restarts int // restarts since somebody asked for a start
	exit     *Exit
	note     string
	dropped  int // events of another run than the current one
}

// newMachine continues the numbering of runs after last.
func newMachine(policy Policy, last int) *machine {
	return &machine{policy: policy, rest: Stopped, run: last}
}

// state is what to tell a person.
func (m *machine) state() State {
	switch m.phase {
	case spawning, recording, starting:
		return Starting
	case running:
		return Running
	case stopping:
		return Stopping
	case waiting:
		return Backoff
	}
	return m.rest
}

// live reports whether a run is under way: from the order to fork it until all of its processes are
// gone. There is never a second one beside it.
func (m *machine) live() bool { return m.phase != idle && m.phase != waiting }

// satisfied reports whether what depends on the service may start: it is ready, or has done its
// work.
func (m *machine) satisfied() bool {
	return m.phase == running || m.phase == idle && m.rest == Exited
}

// step takes one event and returns what to do, in order. An event of another run than the current
// one changes nothing: a late exit of run 3 must not be booked on run 4.
func (m *machine) step(ev event) []effect {
	switch ev.Kind {
	case evStart:
		return m.start()
	case evStop:
		return m.stop()
	case evBlocked:
		return m.blocked(ev)
	}
	if m.late(ev.Run) {
		return nil
	}
	switch ev.Kind {
	case evSpawned:
		return m.spawned()
	case evSpawnFailed:
		return m.spawnFailed(ev)
	case evRecorded:
		return m.recorded()
	case evRecordFailed:
		return m.recordFailed(ev)
	case evReady:
		return m.ready()
	case evEnded:
		return m.ended(ev.End)
	case evElapsed:
		return m.elapsed()
	}
	return nil
}

// late reports whether what is told of a run comes too late to matter, and counts it.
func (m *machine) late(run int) bool {
	if run == m.run {
		return false
	}
	m.dropped++
	return true
}

// start answers an order of a person, of an entering shell, or of a service that needs this one.
// Whoever orders a start has a reason to think that it will work now, so old failures are forgiven.
func (m *machine) start() []effect {
	switch m.phase {
	case idle:
		m.forgive()
		m.restarts = 0
		return m.spawn()
	case waiting: // the restart that was coming, now
		m.forgive()
		m.restarts++
		return m.spawn()
	case spawning: // a stop that came before this is taken back
		m.cancel = false
	}
	return nil // it is on its way or up already
}

// stop answers what is no longer wanted. A fork that is under way cannot be called back; it is
// discarded once there is something to discard.
func (m *machine) stop() []effect {
	switch m.phase {
	case idle, waiting:
		m.settle(Stopped, "")
		return nil
	case spawning:
		m.cancel = true
		return nil
	case stopping:
		return nil
	case recording:
		m.phase = stopping
		return []effect{{Kind: doDiscard, Run: m.run}}
	}
	m.phase = stopping
	return []effect{{Kind: doStop, Run: m.run}}
}

// blocked gives up a start whose dependency has failed.
func (m *machine) blocked(ev event) []effect {
	if m.live() {
		return nil
	}
	m.settle(Failed, ev.Reason)
	return []effect{{Kind: doNote, Run: m.run, Text: "failed: " + ev.Reason}}
}

// spawn begins the next run. Its number is taken here, before anything can fail: no number is ever
// given to two runs, whatever became of the first.
func (m *machine) spawn() []effect {
	m.run++
	m.phase, m.cancel = spawning, false
	m.note = ""
	return []effect{{Kind: doSpawn, Run: m.run}}
}

// spawned has the run recorded before it is let go: a daemon that dies between the two leaves
// behind a process that ends at its gate, and never one that nobody knows.
func (m *machine) spawned() []effect {
	if m.phase != spawning {
		return nil
	}
	if m.cancel {
		m.phase = stopping
		return []effect{{Kind: doDiscard, Run: m.run}}
	}
	m.phase = recording
	return []effect{{Kind: doRecord, Run: m.run}}
}

// spawnFailed is final: what keeps a command from being started at all (a taken port, a missing
// directory, an unreadable .env) does not go away by trying again.
func (m *machine) spawnFailed(ev event) []effect {
	if m.phase != spawning {
		return nil
	}
	if m.cancel {
		m.settle(Stopped, "")
		return nil
	}
	m.settle(Failed, ev.Reason)
	return []effect{{Kind: doNote, Run: m.run, Text: "failed: " + ev.Reason}}
}

// recorded opens the gate, unless the run was stopped or has ended while its record was written.
func (m *machine) recorded() []effect {
	if m.phase != recording {
		return nil
	}
	m.phase = starting
	return []effect{{Kind: doRelease, Run: m.run}}
}

// recordFailed never lets the command go: a run that is on no record could not be cleaned up after.
func (m *machine) recordFailed(ev event) []effect {
	if m.phase != recording {
		return nil
	}
	m.phase = stopping
	m.note = ev.Reason
	return []effect{{Kind: doDiscard, Run: m.run}}
}

// ready counts once and for a run that has been let go. One that is being stopped is not wanted by
// then, ready or not.
func (m *machine) ready() []effect {
	if m.phase == starting {
		m.phase = running
	}
	return nil
}

// ended tells an end that was ordered from one that was not, which decides what follows.
func (m *machine) ended(end End) []effect {
	switch m.phase {
	case stopping:
		return m.stopped(end)
	case recording, starting, running: // behind its gate it can only have been killed
		m.exit = &end.Exit
		if end.Exit.OK() && m.policy != RestartAlways {
			m.settle(Exited, "")
			return nil
		}
		return m.recover(end)
	}
	return nil
}

// stopped ends a stop. With a note pending the stop was our own, because the run could not be
// recorded.
func (m *machine) stopped(end End) []effect {
	if note := m.note; note != "" {
		m.settle(Failed, note)
		return []effect{{Kind: doNote, Run: m.run, Text: "failed: " + note}}
	}
	m.exit = &end.Exit
	m.settle(Stopped, "")
	return nil
}

// recover decides whether and when a run that ended by itself is followed by another.
func (m *machine) recover(end End) []effect {
	if m.policy == RestartNo {
		m.settle(Failed, end.Exit.String())
		return nil
	}
	if why := end.Exit.cannotRun(); why != "" && end.Ran < atOnce {
		m.settle(Failed, end.Exit.String()+": "+why)
		return []effect{{Kind: doNote, Run: m.run, Text: "failed: " + m.note}}
	}
	if end.Ran >= healthy {
		m.forgive()
		return m.retry(0, end)
	}
	if !end.NotCounted {
		m.count(end.At)
	}
	if len(m.failures) >= failureLimit {
		m.settle(Failed, fmt.Sprintf("%s; it failed %d times within %d s",
			end.Exit, failureLimit, int(failureWindow.Seconds())))
		return []effect{{Kind: doNote, Run: m.run, Text: "failed: " + m.note}}
	}
	delay := longestDelay
	if end.NotCounted {
		delay = longestUncountedDelay
	}
	if m.delays < 8 { // 0.2 s · 2⁸ is beyond the longest
		delay = min(firstDelay<<m.delays, delay)
	}
	m.delays++
	return m.retry(delay, end)
}

// retry arms one more start. What the note says stays on show meanwhile: it is the only answer to
// why a service is not up.
func (m *machine) retry(delay time.Duration, end End) []effect {
	m.phase = waiting
	m.note = end.Exit.String()
	if end.Reason != "" {
		m.note = end.Reason
	}
	text := "restarting"
	if delay > 0 {
		text += " in " + delay.String()
	}
	return []effect{
		{Kind: doNote, Run: m.run, Text: text},
		{Kind: doArm, Run: m.run, Delay: delay},
	}
}

// elapsed starts the next run, unless somebody has stopped or started the service meanwhile.
func (m *machine) elapsed() []effect {
	if m.phase != waiting {
		return nil
	}
	m.restarts++
	return m.spawn()
}

// count books a failure and forgets those outside the window.
func (m *machine) count(at time.Time) {
	kept := m.failures[:0]
	for _, f := range m.failures {
		if at.Sub(f) < failureWindow {
			kept = append(kept, f)
		}
	}
	m.failures = append(kept, at)
}

// forgive forgets the failures, as if the service had never had one.
func (m *machine) forgive() { m.failures, m.delays = nil, 0 }

// settle brings the service to rest.
func (m *machine) settle(rest State, note string) {
	m.phase, m.rest, m.note = idle, rest, note
	m.cancel = false
}
