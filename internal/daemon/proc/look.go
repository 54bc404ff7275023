package proc

import (
	"os"
	"slices"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
)

// evidence is what a look asks about single processes, beside their rows in the table.
type evidence interface {
	Still(procid.Identity) bool
	Getenv(pid int, name string) string
	RealtimeLimit(pid int) uint64
	Holds(pid int, links []string) bool
	Ports(pid int) []int
	Arguments(pid int) []string
}

// look decides which of the processes of one table belong to a run. These do:
//
//   - its session, whose number nobody else can have while the leader is not reaped;
//   - the descendants of what belongs, up to a program with a terminal of its own;
//   - what carries the run's marker and holds something we gave it, or listens on a leased port.
//
// The last rule ends where a person begins: what was started from a shell on another terminal is
// theirs, though it has inherited the marker.
//
// The table is read row by row, and a number can come back meanwhile. So a row counts for what it
// says of another number only if the process that had this number still has it after the whole
// table was read.
type look struct {
	*tree
	now  *procinfo.Scan
	ask  evidence
	ours map[int]bool // index of the row
	cut  map[int]bool // children of ours with a terminal of their own
}

// look finds the session and the descendants.
func (t *tree) look(now *procinfo.Scan, ask evidence) *look {
	l := &look{tree: t, now: now, ask: ask, ours: make(map[int]bool), cut: make(map[int]bool)}
	session := !t.swept || t.pinned && l.is(t.leader) && ask.Still(t.leader)
	for i, e := range now.Processes {
		if start, kept := t.kept[e.ID.PID]; kept && start == e.ID.Start ||
			session && e.Session == t.leader.PID && l.possible(e) {
			l.ours[i] = true
		}
	}
	l.descend()
	return l
}

// self is our own number. To ask for it is a system call, and each look would ask it of every
// process for every run that is awaited.
var self = os.Getpid()

// possible leaves out who cannot be of the run: who is older than it, and ourselves.
func (l *look) possible(e procinfo.Process) bool {
	return e.ID.Start >= l.leader.Start && e.ID.PID != self
}

// is reports whether a process is in the table.
func (l *look) is(id procid.Identity) bool {
	_, listed := l.now.Find(id)
	return listed
}

// members are the rows that belong to the run.
func (l *look) members() []procinfo.Process {
	var out []procinfo.Process
	for i := range l.ours {
		out = append(out, l.now.Processes[i])
	}
	return out
}

// descend adds all descendants of what belongs, to a fixed point: a child may stand before its
// parent in the table.
func (l *look) descend() {
	for grown := true; grown; {
		grown = false
		for i, e := range l.now.Processes {
			if l.ours[i] || l.cut[i] || !l.possible(e) || !l.isChild(e) {
				continue
			}
			if l.aside(e) {
				l.cut[i] = true
			} else {
				l.ours[i], grown = true, true
			}
		}
	}
}

// isChild reports whether a process is a child of one that belongs. Where the parent has ended
// since its child's row was read, nobody knows whose number that row names, and the child has to
// say it itself.
func (l *look) isChild(e procinfo.Process) bool {
	parent, listed := l.now.Row(e.Parent)
	if !listed {
		return l.ended(e.Parent) && l.carries(e.ID.PID)
	}
	return l.ours[parent] && (l.ask.Still(l.now.Processes[parent].ID) || l.carries(e.ID.PID))
}

// aside reports whether a child has a terminal of its own, on which it ends what belongs.
func (l *look) aside(e procinfo.Process) bool {
	parent, listed := l.now.Row(e.Parent)
	return e.Terminal && (!listed || e.Session != l.now.Processes[parent].Session)
}

// ended reports whether a number was one of the run's, and is not in the table.
func (l *look) ended(pid int) bool {
	_, kept := l.kept[pid]
	_, last := l.last[pid]
	return kept || last
}

// carries reports whether a process carries the run's brand or, where it shows none, the run's
// marker.
func (l *look) carries(pid int) bool {
	inEnvironment := func() string { return l.ask.Getenv(pid, MarkerName) }
	return carries(l.marker, l.ask.RealtimeLimit(pid), inEnvironment)
}

// testify adds what belongs by its own testimony, and the descendants of that. It returns what only
// carries the marker, a browser that a service has opened, for example, and what has a terminal of
// its own.
func (l *look) testify() (detached []procid.Identity) {
	for i, e := range l.now.Processes {
		if l.ours[i] || e.Zombie || !l.possible(e) {
			continue
		}
		carries := l.carries(e.ID.PID)
		if !carries && !l.cut[i] || l.byHand(e) {
			continue
		}
		if carries && l.isTied(e) {
			l.ours[i] = true
		} else {
			detached = append(detached, e.ID)
		}
	}
	l.descend()
	return slices.DeleteFunc(detached, func(id procid.Identity) bool {
		i, _ := l.now.Row(id.PID)
		return l.ours[i]
	})
}

// isTied reports whether a process that carries the marker has to do with the run beside that.
func (l *look) isTied(e procinfo.Process) bool {
	if e.Session == l.leader.PID || l.ask.Holds(e.ID.PID, l.links) {
		return true
	}
	return slices.ContainsFunc(l.ask.Ports(e.ID.PID), func(port int) bool {
		return slices.Contains(l.leased, port)
	})
}

// byHand reports whether a process was started by somebody from a shell on another terminal: in a
// tmux, say, whose server a service had started, and with it the shell.
func (l *look) byHand(e procinfo.Process) bool {
	for {
		if e.Terminal && e.Session != l.leader.PID && (usedByHand(l.ask.Arguments(e.Session)) ||
			usedByHand(l.ask.Arguments(e.ID.PID))) { // below su, say
			return true
		}
		parent, listed := l.now.Row(e.Parent)
		if !listed || e.Parent == self || l.ours[parent] {
			return false
		}
		// A parent that is younger has got the number of the one that was meant.
		p := l.now.Processes[parent]
		if p.ID.PID == e.ID.PID || p.ID.Start > e.ID.Start {
			return false
		}
		e = p
	}
}
