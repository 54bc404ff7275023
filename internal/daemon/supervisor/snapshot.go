package supervisor

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/locald/locald/internal/procid"
)

// Snapshot is one consistent picture of a project. It is never changed after it was published, so
// any number of readers may share it.
type Snapshot struct {
	Services []Service // in the Procfile's order, then those that it no longer has
	HeldDown []string  // services that stay down while somebody is there; sorted
	// Unrestored are the services that were wanted when the last daemon died and about which nobody
	// has decided since: their content is no longer what was allowed, or cannot be read. Sorted.
	Unrestored []string
	// Entered are those that are wanted, or were, only because somebody entered. Sorted.
	Entered    []string
	Shells     []procid.Identity // in the order in which they came
	EmptySince time.Time         // when the last shell left; zero while one is there
	AutoStop   time.Duration     // after which what was Entered is stopped; 0: never
	LastRun    map[string]int    // also of services that are no longer declared
	// Unsaved is why the record on disk is out of date, "" where it is not. The next daemon would
	// do what an older decision says; attempts to save go on by themselves.
	Unsaved string
}

// Wanted reports whether any service should be up.
func (s Snapshot) Wanted() bool {
	wanted := func(v Service) bool { return v.Wanted }
	return len(s.Unrestored) > 0 || slices.ContainsFunc(s.Services, wanted)
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

// board shows the latest snapshot to whoever looks, and wakes whoever waits for the next.
type board struct {
	mu      sync.Mutex // guards what follows; taken alone
	now     Snapshot
	changed chan struct{} // closed at the next snapshot
}

func newBoard(first Snapshot) *board {
	return &board{now: first, changed: make(chan struct{})}
}

func (b *board) latest() (Snapshot, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now, b.changed
}

func (b *board) show(next Snapshot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = next
	close(b.changed)
	b.changed = make(chan struct{})
}

// picture is what is true now. Its slices are never changed in place, and equal pictures are equal
// byte for byte: each slice has an order of its own, whatever the order of events and of maps.
func (a *actor) picture() Snapshot {
	var out Snapshot
	a.services.fill(&out)
	a.decisions.fill(&out)
	a.presence.fill(&out)
	a.record.fill(&out)
	slices.Sort(out.Entered) // some are said by the services, some by the decisions
	return out
}

// pictures are the services as a snapshot has them.
func (l list) pictures() []Service {
	out := make([]Service, 0, len(l))
	for _, s := range l {
		out = append(out, l.picture(s))
	}
	return out
}

func (l list) picture(s *service) Service {
	m := s.machine
	v := Service{
		Name: s.name, State: m.state(), Ready: m.phase == running, Wanted: s.wanted,
		Run: m.run, Restarts: m.restarts, Exit: m.exit, Note: m.note, Failure: s.failure,
		Live: s.live, Dropped: m.dropped,
	}
	switch { // what waits is on its way, although its machine has not heard of it yet
	case s.toStop:
		v.State, v.Ready = Stopping, false
		v.Note = "waits for " + strings.Join(l.dependents(s), ", ")
	case s.toStart && !m.live():
		missing, _ := l.missing(s)
		v.State, v.Note = Starting, "waits for "+strings.Join(missing, ", ")
	}
	return v
}
