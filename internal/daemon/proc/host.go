package proc

import (
	"syscall"

	"github.com/locald/locald/internal/procid"
)

// signalGroup signals the group of an unreaped leader, whose number the kernel therefore still
// keeps.
func (h *Host) signalGroup(leader procid.Identity, sig syscall.Signal) {
	h.trace(-leader.PID, sig)
	// ESRCH: every member has ended in the meantime.
	_ = syscall.Kill(-leader.PID, sig)
}

// trace tells of a signal that is about to be sent.
func (h *Host) trace(pid int, sig syscall.Signal) {
	if h.Trace != nil {
		h.Trace(pid, sig)
	}
}
