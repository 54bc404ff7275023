// Package supervisor decides. It owns the life of every service: a pure state machine for each
// (machine) and, for each project, one actor (Project), which alone touches its machines, its
// presence and what is wanted. What has to be done it asks of a Runner and a Store, whose answers
// are events; so nothing here starts a process, writes a file or waits for either.
//
// An order goes like this: a command posts a turn to the actor; the turn marks services (toStart,
// toStop); when it ends, those whose dependencies allow it are stepped; the effects of their
// machines go to the Runner in one batch and to the Store in one record.
//
// Goroutines:
//   - the actor of a Project, from NewProject to Close or Retire. It never blocks.
//   - one while a record is being saved, at most one for each Project.
//
// Timers, each of which posts one turn and holds up nobody; none is armed while nothing is pending:
//   - for each service in backoff, until its restart;
//   - while a project that is to be stopped by itself is empty, until then;
//   - while the record on disk is out of date because a save failed, until the next attempt.
//
// Locks: Project.mu, taken alone. It guards the published snapshot and is held to load or replace
// it. Everything else belongs to the actor's goroutine and needs none.
package supervisor

import (
	"time"

	"github.com/locald/locald/internal/procid"
)

// Runner executes what the machines decide. No method blocks: each is called by the actor, and a
// project that waits for one process could decide nothing about the others. The answers are posted
// to the Project: Launched, Ready, Listens, Ended.
type Runner interface {
	// Spawn forks each launch behind its gate and answers with one Launched.
	Spawn([]Launch)
	// Release opens the gate of a run that is on record by now.
	Release(service string, run int)
	// Discard ends a run that was never let go; its end is reported like any other.
	Discard(service string, run int)
	// Stop ends the run and everything that belongs to it; force means without grace. It may be
	// called again with force while the grace of an earlier call still runs.
	Stop(service string, run int, force bool)
	// Note says something in the service's log.
	Note(service string, run int, text string)
}

// Store puts a project on disk. Save returns when it is safe there; it is never called twice at a
// time.
type Store interface {
	Save(Snapshot) error
}

// Launch is one run to start.
type Launch struct {
	_       [0]func() // Content may be of a type that cannot be compared, so a Launch cannot either
	Service string
	Run     int
	// Content is that of the plan which ordered the run, so that what somebody approved or was
	// shown is what is started. It is nil where the machine decided by itself, which may be days
	// later: the Runner then reads the files anew.
	Content any
}

// Launched is the outcome of one Launch: Live, or the reason why there is none.
type Launched struct {
	Launch
	Live    *Live
	Reason  string
	Failure Failure
}

// Live is what is known of a run's processes.
type Live struct {
	Leader    procid.Identity
	Marker    string
	Terminal  string // "" with pipes
	Started   time.Time
	Listener  procid.Identity // the process found listening on the service's port
	Listening []int           // all ports the run was found listening on; sorted
}

// Failure is why a service could not be started, for the exit code of a command.
type Failure string

const (
	FailureNone Failure = ""
	FailurePort Failure = "port_taken"
)

// Declared is a service as the Procfile has it now.
type Declared struct {
	Name      string
	Policy    Policy
	DependsOn []string // names of others; there is no cycle
	// Replaces names a service that may be up and is no longer declared: this one goes on in its
	// place, and starts once that one has ended.
	Replaces string
	Idle     bool // started by name only, or because another one needs it
}

// Plan is a project as its files have it now.
type Plan struct {
	Services []Declared
	// AutoStop is how long what entering started stays up once nobody is there; 0 is for good.
	AutoStop time.Duration
	// Content is what the files said when the plan was made. It means nothing here and is handed
	// back with each Launch that this plan ordered. A service that first waits for another one, or
	// for its own end, keeps it until then, unless a later plan takes its place: that one knows
	// more recent files, and two services of one project should not be started from different ones.
	Content any
}

// Inherited is what the record of an earlier daemon says.
type Inherited struct {
	LastRun    map[string]int // service → number of its last run
	Wanted     []string
	Entered    []string // those of Wanted that nobody started by hand
	HeldDown   []string // as in a Snapshot, and so are the following
	Shells     []procid.Identity
	EmptySince time.Time
}
