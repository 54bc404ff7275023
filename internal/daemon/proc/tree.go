package proc

import (
	"cmp"
	"os"
	"slices"
	"sync"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
)

// tree knows which processes belong to one run: its session, the descendants, whatever has been
// seen to be one of them, and a process that left the session but carries the run's marker and
// still holds something we gave it or listens on a TCP port.
type tree struct {
	leader procid.Identity
	marker string
	links  []string // the run's terminal or pipes
	port   int      // 0 of a swept run: nobody asks where that listens
	// swept says that the run is one of a dead daemon. Its leader's number is then no longer ours
	// to keep, and no process became our child.
	swept bool
	// pinned, of a swept run, says that its leader was seen to be of the run: the record alone
	// could name anybody.
	pinned bool

	mu     sync.Mutex     // the owner and whoever asks for the listener look at the same time
	known  map[int]uint64 // PID → start of everything attributed so far
	groups map[int]int    // PID → group, as of the last look
}

// newTree is the tree of a run whose leader is known to be its own.
func newTree(leader procid.Identity, marker string, links []string, port int) *tree {
	return &tree{
		leader: leader, marker: marker, links: links, port: port,
		known: map[int]uint64{leader.PID: leader.Start}, // should the first look fail
	}
}

// newSweptTree is the tree of a run of a dead daemon, of which nothing is known but the record.
func newSweptTree(run Leftover, links []string, pinned bool) *tree {
	t := newTree(run.Leader, run.Marker, links, 0)
	t.swept, t.pinned = true, pinned
	if !pinned {
		delete(t.known, run.Leader.PID)
	}
	return t
}

// members returns the live processes of the run, leader first, and the live ones that only carry
// its marker. Where the system would not be looked at, they are those known so far: taking them for
// gone would be the worse lie.
func (t *tree) members(now *procinfo.Scan) (ours []procid.Identity, detached []Info) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Err != nil {
		return t.remembered(), nil
	}
	t.attribute(now.Processes)
	for _, e := range now.Processes {
		if e.Zombie || t.has(e) || e.ID.Start < t.leader.Start || e.ID.PID == os.Getpid() {
			continue
		}
		switch t.classify(e, now) {
		case belongs:
			t.known[e.ID.PID] = e.ID.Start
		case carriesMarker:
			detached = append(detached, Info{e.ID.PID, procinfo.CommandOf(e.ID.PID)})
		}
	}
	t.attribute(now.Processes) // the children of what was just found
	return t.live(now.Processes), detached
}

// kin returns the live processes of the session and their descendants, which needs no look into any
// process. Where the system would not be looked at, they are all those known so far.
func (t *tree) kin(now *procinfo.Scan) []procid.Identity {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Err != nil {
		return t.remembered()
	}
	t.attribute(now.Processes)
	return t.live(now.Processes)
}

// attribute adds the session and all descendants of what is known, to a fixed point: a child may
// stand before its parent in the table.
func (t *tree) attribute(entries []procinfo.Process) {
	t.groups = make(map[int]int, len(entries))
	now := startsOf(entries)
	session := !t.swept || t.pinned && t.leaderIn(entries)
	for grown := true; grown; {
		grown = false
		for _, e := range entries {
			t.groups[e.ID.PID] = e.Group
			if t.has(e) || e.ID.Start < t.leader.Start {
				continue
			}
			if session && e.Session == t.leader.PID || t.isParent(e.Parent, now) {
				t.known[e.ID.PID] = e.ID.Start
				grown = true
			}
		}
	}
	t.forget(now)
}

// isParent reports whether the children of a process belong to the run. A parent that is missing in
// the table has ended while that was read, after its child was. One that is there with another
// start is a stranger who has got the number, and whose children are not ours.
func (t *tree) isParent(pid int, now map[int]uint64) bool {
	start, ok := t.known[pid]
	is, listed := now[pid]
	return ok && (!listed || is == start)
}

// startsOf returns when each process has started.
func startsOf(entries []procinfo.Process) map[int]uint64 {
	now := make(map[int]uint64, len(entries))
	for _, e := range entries {
		now[e.ID.PID] = e.ID.Start
	}
	return now
}

// leaderIn reports whether the leader itself still stands in the table. While it does, its
// session's number can be nobody else's.
func (t *tree) leaderIn(entries []procinfo.Process) bool {
	return slices.ContainsFunc(entries, func(e procinfo.Process) bool {
		return e.ID.PID == t.leader.PID && e.ID.Start == t.leader.Start
	})
}

// forget drops what is gone, so that a number that comes back is a stranger's.
func (t *tree) forget(now map[int]uint64) {
	for pid, start := range t.known {
		if now[pid] != start {
			delete(t.known, pid)
		}
	}
}

// has reports whether a process is attributed to the run.
func (t *tree) has(e procinfo.Process) bool {
	start, ok := t.known[e.ID.PID]
	return ok && start == e.ID.Start
}

// live returns what is attributed and can still be signalled.
func (t *tree) live(entries []procinfo.Process) []procid.Identity {
	var out []procid.Identity
	for _, e := range entries {
		if e.Zombie || !t.has(e) {
			continue
		}
		id := e.ID
		id.Boot = t.leader.Boot
		out = append(out, id)
	}
	t.sort(out)
	return out
}

// ended drops processes whose end was seen. Without it a look that fails again and again would
// bring them back for as long as they are zombies.
func (t *tree) ended(ids []procid.Identity) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range ids {
		if t.known[id.PID] == id.Start {
			delete(t.known, id.PID)
		}
	}
}

// remembered returns what is known so far, without what is certain to be gone.
func (t *tree) remembered() []procid.Identity {
	var out []procid.Identity
	for pid, start := range t.known {
		id := procid.Identity{Boot: t.leader.Boot, PID: pid, Start: start}
		if id.Alive() {
			out = append(out, id)
		}
	}
	t.sort(out)
	return out
}

// sort puts the leader first, which is signalled before those that it looks after.
func (t *tree) sort(ids []procid.Identity) {
	slices.SortFunc(ids, func(a, b procid.Identity) int {
		switch t.leader.PID {
		case a.PID:
			return -1
		case b.PID:
			return 1
		}
		return cmp.Compare(a.PID, b.PID)
	})
}

// inGroup reports whether a signal to the leader's group reaches a process.
func (t *tree) inGroup(pid int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.groups[pid] == t.leader.PID
}

// verdict says what a process outside the session has to do with the run.
type verdict int

const (
	stranger verdict = iota
	belongs
	carriesMarker // and nothing else: a browser that a service has opened, for example
)

// classify decides about a process outside the session, by the run's marker in its environment or,
// where it has blanked that, by the run's brand.
func (t *tree) classify(e procinfo.Process, now *procinfo.Scan) verdict {
	pid := e.ID.PID
	limit := func() uint64 { return now.RealtimeLimit(pid) }
	if !carries(t.marker, now.Getenv(pid, MarkerName), limit) {
		return stranger
	}
	if e.Session == t.leader.PID || now.Holds(pid, t.links) || len(now.Ports(pid)) > 0 {
		return belongs
	}
	return carriesMarker
}
