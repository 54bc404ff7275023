package supervisor

import (
	"time"

	"github.com/locald/locald/internal/procid"
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
