package proc

import (
	"os"
	"syscall"

	"github.com/locald/locald/internal/procid"
)

// EndOrphan ends a process, with its descendants, if it is what a run of ours
// left behind: a child that the daemon has adopted, or one with the marker of
// a run that has ended. It reports whether it was and is gone. A marker that
// ended does not know may be another daemon's, of another data directory.
func (h *Host) EndOrphan(pid int, ended func(marker string) bool) bool {
	id, err := procid.Of(pid)
	if err != nil || !h.orphan(pid, ended) {
		return false
	}
	t := newTree(id, "", nil, 0)
	t.swept = true
	t.known[id.PID] = id.Start
	c := clearing{host: h, tree: t}
	survivors, _ := c.run(stopRequest{syscall.SIGTERM, LeftoverGrace})
	return len(survivors) == 0
}

func (h *Host) orphan(pid int, ended func(marker string) bool) bool {
	if marker := markerOf(pid); marker != "" {
		return ended(marker)
	}
	entries, err := table()
	if err != nil {
		return false
	}
	h.mu.Lock()
	leader := h.leaders[pid]
	h.mu.Unlock()
	for _, e := range entries {
		if e.id.PID == pid {
			return e.parent == os.Getpid() && !leader
		}
	}
	return false
}
