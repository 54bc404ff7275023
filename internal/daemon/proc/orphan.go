package proc

import (
	"slices"
	"syscall"

	"github.com/locald/locald/internal/procid"
)

// EndOrphan ends a process, with its descendants, if it was left behind by a run that has ended;
// ended are the markers of such runs. It reports whether it was one and is gone. A marker that is
// not among them may belong to another daemon, with another data directory.
func (h *Host) EndOrphan(pid int, ended []string) bool {
	id, err := procid.Of(pid)
	if err != nil {
		return false
	}
	marker, limit := h.testimony(pid)
	ours := slices.ContainsFunc(ended, func(m string) bool { return carries(m, marker, limit) })
	if !ours {
		return false
	}
	t := newTree(id, "", nil, 0)
	t.swept = true // its session is not one of ours
	c := shutdown{host: h, tree: t}
	survivors, _ := c.run(stopRequest{syscall.SIGTERM, LeftoverGrace})
	return len(survivors) == 0
}
