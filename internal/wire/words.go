package wire

// State is what a service does. Whether it is ready is said beside it.
type State string

// The states of a service.
const (
	Stopped  State = "stopped"
	Starting State = "starting"
	Running  State = "running"
	Stopping State = "stopping"
	Backoff  State = "backoff"
	Exited   State = "exited" // ended by itself with 0
	Failed   State = "failed"
)

// Trust is what holds for the content of a project.
type Trust string

// What may hold for a project's content.
const (
	TrustUnknown Trust = "unknown" // nobody has decided yet
	TrustChanged Trust = "changed" // other content was allowed
	TrustAllowed Trust = "allowed"
	TrustDenied  Trust = "denied"
	TrustUnsafe  Trust = "unsafe" // others can write to it
	TrustGone    Trust = "gone"   // its directory or its Procfile is
	// TrustUnreadable: its file system does not answer, so nobody can say.
	TrustUnreadable Trust = "unreadable"
)

// Outcome is what became of a service in an order or a wait.
type Outcome string

// The outcomes.
const (
	OutcomeReady     Outcome = "ready"
	OutcomeExited    Outcome = "exited"
	OutcomeStopped   Outcome = "stopped"
	OutcomeFailed    Outcome = "failed"
	OutcomeElsewhere Outcome = "elsewhere" // it listens, but not on its port
	OutcomeWaiting   Outcome = "waiting"   // the time is up, or nobody waits
	OutcomeWithdrawn Outcome = "withdrawn" // another command decided otherwise
	OutcomePrinted   Outcome = "printed"   // the line that was waited for
)

// Goal is what a wait waits for.
type Goal string

// What can be waited for.
const (
	WaitReady Goal = "ready"
	WaitExit  Goal = "exit" // ended by itself, and not started again
	WaitLog   Goal = "log"  // a line of the current run
)

// Failure is why a service could not be started, where a command's exit status depends on it.
type Failure string

// FailurePort says that somebody else has the service's port.
const FailurePort Failure = "port_taken"

// Stream is where a line of a log came from.
type Stream string

// The streams. A service on a terminal has StreamOut only.
const (
	StreamOut    Stream = "stdout"
	StreamErr    Stream = "stderr"
	StreamLocald Stream = "locald" // what the daemon says about the service
)

// Level is how bad a finding of check is.
type Level string

// The levels: with an error, nothing would start.
const (
	LevelError   Level = "error"
	LevelWarning Level = "warning"
)

// Mark is how a service differs from what was allowed last.
type Mark string

// The marks of a change.
const (
	MarkSame  Mark = ""
	MarkNew   Mark = "+"
	MarkGone  Mark = "-"
	MarkOther Mark = "~" // the command is another one
)
