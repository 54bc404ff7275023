package proc

import (
	"syscall"
	"time"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
)

// clearing ends every process of one run: a signal, a grace, SIGKILL, and a
// new look after each step, because what is being killed may still fork.
type clearing struct {
	host *Host
	tree *tree
	// pinned says that the leader is an unreaped child of ours, so that the
	// number of its group is safe to signal.
	pinned bool
	leader <-chan struct{}    // closed at the leader's end; nil where that is not watched yet
	hurry  <-chan stopRequest // later stop requests; nil where none can come
}

// run returns the processes that would not die and those that are not ours to kill. Whether they
// would not die is looked at last of all: for want of a descriptor an end may not have been noticed.
func (c *clearing) run(req stopRequest) (survivors, detached []Info) {
	deadline := time.NewTimer(req.grace)
	defer deadline.Stop()
	signal := req.signal
	told := make(map[procid.Identity]bool)
	for {
		members, others := c.tree.members(c.host.scanner.Scan())
		if len(members) == 0 {
			return nil, others
		}
		c.tell(members, signal, told)
		switch c.await(members, deadline.C, &req) {
		case allGone:
			c.tree.ended(members)
		case timeUp:
			if signal == syscall.SIGKILL {
				left, others := c.tree.members(c.host.scanner.Scan())
				return describe(left), others
			}
			signal, told = syscall.SIGKILL, make(map[procid.Identity]bool)
			deadline.Reset(settle)
		case hurried:
			deadline.Reset(req.grace)
		}
	}
}

// tell signals each member once. The group is signalled as a whole first: that
// catches a child forked between the look and the signal.
func (c *clearing) tell(members []procid.Identity, sig syscall.Signal, told map[procid.Identity]bool) {
	first := len(told) == 0
	if first && c.pinned {
		c.host.signalGroup(c.tree.leader, sig)
	}
	for _, m := range members {
		if told[m] {
			continue
		}
		told[m] = true
		if !first || !c.pinned || !c.tree.inGroup(m.PID) {
			c.host.signal(m, sig)
		}
		if sig != syscall.SIGKILL { // a stopped process acts on a signal only once it runs again
			c.host.signal(m, syscall.SIGCONT)
		}
	}
}

type waitResult int

const (
	allGone waitResult = iota
	timeUp
	hurried
)

// await waits for members to end, for the deadline, or for a stop request that
// is in more of a hurry than the one in force, which it then stores in req.
func (c *clearing) await(members []procid.Identity, deadline <-chan time.Time, req *stopRequest) waitResult {
	for _, m := range members {
		gone, cancel := c.gone(m)
		result := c.awaitOne(gone, deadline, req)
		cancel()
		if result != allGone {
			return result
		}
	}
	return allGone
}

func (c *clearing) awaitOne(gone <-chan struct{}, deadline <-chan time.Time, req *stopRequest) waitResult {
	for {
		select {
		case <-gone:
			return allGone
		case <-deadline:
			return timeUp
		case next := <-c.hurry:
			if next.grace < req.grace {
				*req = next
				return hurried
			}
		}
	}
}

// gone is closed when m has ended. A leader of ours has a watcher already.
func (c *clearing) gone(m procid.Identity) (<-chan struct{}, func()) {
	if c.leader != nil && m == c.tree.leader {
		return c.leader, func() {}
	}
	return procinfo.Watch(m)
}

func describe(ids []procid.Identity) []Info {
	out := make([]Info, 0, len(ids))
	for _, id := range ids {
		out = append(out, Info{id.PID, procinfo.CommandOf(id.PID)})
	}
	return out
}
