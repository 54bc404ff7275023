package proc

import (
	"syscall"
	"time"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
)

// shutdown ends every process of one run: a signal, a grace, SIGKILL, and a new look after each
// step, because what is being killed may still fork.
type shutdown struct {
	host *Host
	tree *tree
	// pinned says that the leader is an unreaped child of ours, so that the number of its group is
	// safe to signal.
	pinned bool
	leader <-chan struct{}    // closed at the leader's end; nil where that is not watched yet
	hurry  <-chan stopRequest // later stop requests; nil where none can come
}

// run returns the processes that would not die and those that are not ours to kill. The first are
// looked at once more at the very end: without a free descriptor, an end may have gone unnoticed.
func (s *shutdown) run(req stopRequest) (survivors, detached []Info) {
	deadline := time.NewTimer(req.grace)
	defer deadline.Stop()
	signal := req.signal
	signalled := make(map[procid.Identity]bool)
	for {
		members, others := s.tree.members(s.host.scanner.Scan())
		if len(members) == 0 {
			return nil, describe(others)
		}
		s.tree.keep(members...)
		s.signalOnce(members, signal, signalled)
		switch s.await(members, deadline.C, &req) {
		case allGone:
			s.tree.ended(members)
		case timeUp:
			if signal == syscall.SIGKILL {
				left, others := s.tree.members(s.host.scanner.Scan())
				return describe(left), describe(others)
			}
			signal, signalled = syscall.SIGKILL, make(map[procid.Identity]bool)
			deadline.Reset(settle)
		case hurried:
			deadline.Reset(req.grace)
		}
	}
}

// signalOnce signals each member once. The group is signalled as a whole first: that catches a
// child forked between the look and the signal.
func (s *shutdown) signalOnce(
	members []procid.Identity, sig syscall.Signal, signalled map[procid.Identity]bool,
) {
	first := len(signalled) == 0
	if first && s.pinned {
		s.host.signalGroup(s.tree.leader, sig)
	}
	for _, m := range members {
		if signalled[m] {
			continue
		}
		signalled[m] = true
		if !first || !s.pinned || !s.tree.inGroup(m.PID) {
			s.host.signal(m, sig, s.certain)
		}
		if sig != syscall.SIGKILL { // a stopped process acts on a signal only once it runs again
			s.host.signal(m, syscall.SIGCONT, s.certain)
		}
	}
}

// certain reports whether a process is the one that was found. It is asked once nobody else can get
// its number any more.
func (s *shutdown) certain(id procid.Identity) bool {
	return !s.tree.isFresh(id.PID) || s.host.ofRun(id.PID, s.tree.marker)
}

// waitResult is why a wait for processes came to its end.
type waitResult int

const (
	allGone waitResult = iota
	timeUp
	hurried
)

// await waits for members to end, for the deadline, or for a stop request that is in more of a
// hurry than the one in force, which it then stores in req.
func (s *shutdown) await(
	members []procid.Identity, deadline <-chan time.Time, req *stopRequest,
) waitResult {
	for _, m := range members {
		gone, cancel := s.gone(m)
		result := s.awaitOne(gone, deadline, req)
		cancel()
		if result != allGone {
			return result
		}
	}
	return allGone
}

// awaitOne is await for one process, whose end gone tells of.
func (s *shutdown) awaitOne(
	gone <-chan struct{}, deadline <-chan time.Time, req *stopRequest,
) waitResult {
	for {
		select {
		case <-gone:
			return allGone
		case <-deadline:
			return timeUp
		case next := <-s.hurry:
			if next.grace < req.grace {
				*req = next
				return hurried
			}
		}
	}
}

// gone is closed when m has ended. A leader of ours has a watcher already.
func (s *shutdown) gone(m procid.Identity) (<-chan struct{}, func()) {
	if s.leader != nil && m == s.tree.leader {
		return s.leader, func() {}
	}
	return procinfo.Watch(m)
}

// describe names processes for a person.
func describe(ids []procid.Identity) []Info {
	out := make([]Info, 0, len(ids))
	for _, id := range ids {
		out = append(out, Info{id.PID, procinfo.CommandOf(id.PID)})
	}
	return out
}
