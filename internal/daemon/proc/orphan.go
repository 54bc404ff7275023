package proc

import (
	"slices"
	"syscall"

	"github.com/locald/locald/internal/procid"
)

// EndOrphan ends a process, with its descendants, if it was left behind by a run that has ended;
// ended are the markers of such runs. It reports whether it was one and is gone. A marker that is
// not among them may belong to another daemon, with another data directory. What somebody has
// started by hand, from a shell that a run had started, is theirs.
func (h *Host) EndOrphan(pid int, ended []string) bool {
	now := h.scanner.Scan()
	i, listed := now.Row(pid)
	if !listed {
		return false
	}
	boot, err := procid.Boot()
	if err != nil {
		return false
	}
	row := now.Processes[i]
	limit, marker := h.testimony(pid)
	of := slices.IndexFunc(ended, func(m string) bool { return carries(m, limit, marker) })
	if of < 0 {
		return false
	}
	id := procid.Identity{Boot: boot, PID: pid, Start: row.ID.Start}
	t := newTree(id, Command{Marker: ended[of]}, nil)
	t.swept = true // its session is not one of ours
	if (&look{tree: t, now: now, ask: now}).byHand(row) {
		return false
	}
	c := shutdown{host: h, tree: t}
	survivors, _ := c.run(stopRequest{syscall.SIGTERM, LeftoverGrace})
	return len(survivors) == 0
}
