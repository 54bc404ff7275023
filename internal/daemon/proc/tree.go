package proc

import (
	"cmp"
	"slices"
	"sync"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
)

// tree is one run, as far as processes are concerned, and what is known of them between two looks
// at the system. Which of them belong to the run is decided anew by each look (look.go).
type tree struct {
	leader procid.Identity
	marker string
	links  []string // the run's terminal or pipes
	port   int      // the service's own; 0 of a swept run: nobody asks where that listens
	leased []int    // of the whole project
	// swept says that the run is one of a dead daemon. Its leader's number is then no longer ours
	// to keep, and no process became our child.
	swept bool
	// pinned, of a swept run, says that its leader was seen to be of the run: the record alone
	// could name anybody.
	pinned bool

	mu sync.Mutex // the owner and whoever asks for the listener look at the same time
	// kept are the processes that belong to the run whatever the next look finds of their parents:
	// the one that listens, and while the run is ended all that did when that began, since each end
	// makes orphans of others.
	kept   map[int]uint64 // PID → start
	last   map[int]uint64 // what the last look found, for when there is none: PID → start
	groups map[int]int    // PID → group, likewise
	fresh  map[int]bool   // PID → its start time alone does not yet tell it from its successor
}

// newTree is the tree of a run whose leader is known to be its own.
func newTree(leader procid.Identity, c Command, links []string) *tree {
	return &tree{
		leader: leader, marker: c.Marker, links: links, port: c.Port, leased: c.Leased,
		kept: map[int]uint64{leader.PID: leader.Start},
	}
}

// newSweptTree is the tree of a run of a dead daemon, of which nothing is known but the record.
func newSweptTree(run Leftover, links []string, pinned bool) *tree {
	t := newTree(run.Leader, Command{Marker: run.Marker, Leased: run.Leased}, links)
	t.swept, t.pinned = true, pinned
	if !pinned {
		delete(t.kept, run.Leader.PID)
	}
	return t
}

// members returns the live processes of the run, leader first, and the live ones that only carry
// its marker. Where the system would not be looked at, they are those known so far: taking them for
// gone would be the worse lie.
func (t *tree) members(now *procinfo.Scan) (ours, detached []procid.Identity) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Err != nil {
		return t.remembered(), nil
	}
	l := t.look(now, now)
	detached = l.testify()
	return t.found(l), detached
}

// kin returns the live processes of the session and their descendants, which needs no look into any
// process. Where the system would not be looked at, they are all those known so far.
func (t *tree) kin(now *procinfo.Scan) []procid.Identity {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Err != nil {
		return t.remembered()
	}
	return t.found(t.look(now, now))
}

// found takes over what a look has found, and drops of what was kept who has ended since: a number
// that comes back is a stranger's.
func (t *tree) found(l *look) []procid.Identity {
	rows := l.members()
	t.last = make(map[int]uint64, len(rows))
	t.groups = make(map[int]int, len(rows))
	t.fresh = make(map[int]bool)
	out := make([]procid.Identity, 0, len(rows))
	for _, e := range rows {
		if e.Zombie {
			continue
		}
		pid := e.ID.PID
		t.last[pid], t.groups[pid] = e.ID.Start, e.Group
		if l.now.Fresh(e.ID) {
			t.fresh[pid] = true
		}
		out = append(out, t.identity(pid, e.ID.Start))
	}
	for pid, start := range t.kept {
		if !l.is(procid.Identity{PID: pid, Start: start}) {
			delete(t.kept, pid)
		}
	}
	t.sort(out)
	return out
}

// keep has processes belong to the run for as long as they live.
func (t *tree) keep(ids ...procid.Identity) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range ids {
		t.kept[id.PID] = id.Start
	}
}

// ended drops processes whose end was seen. Without it a look that fails again and again would
// bring them back for as long as they are zombies.
func (t *tree) ended(ids []procid.Identity) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range ids {
		for _, known := range []map[int]uint64{t.kept, t.last} {
			if known[id.PID] == id.Start {
				delete(known, id.PID)
			}
		}
	}
}

// remembered returns what is known so far, without what is certain to be gone.
func (t *tree) remembered() []procid.Identity {
	var out []procid.Identity
	for _, known := range []map[int]uint64{t.kept, t.last} {
		for pid, start := range known {
			id := t.identity(pid, start)
			if !slices.Contains(out, id) && id.Alive() {
				out = append(out, id)
			}
		}
	}
	t.sort(out)
	return out
}

// identity is that of a process of this run.
func (t *tree) identity(pid int, start uint64) procid.Identity {
	return procid.Identity{Boot: t.leader.Boot, PID: pid, Start: start}
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

// isFresh reports whether a process has to be asked once more who it is before it is signalled.
func (t *tree) isFresh(pid int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.fresh[pid]
}
