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
	Pipes     []string
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
