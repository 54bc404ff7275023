package proc

import (
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
)

// NewHost prepares the starting of processes. macOS has no child subreaper: what a service detaches
// becomes launchd's child and is found by its marker (the environment of one's own processes can be
// read) or as the recorded listener. There is thus nothing to adopt and no goroutine.
func NewHost() (*Host, error) {
	return newHost(), nil
}

// reap takes the status of a leader that has ended.
func (h *Host) reap(pid int) unix.WaitStatus {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.leaders, pid)
	var status unix.WaitStatus
	for {
		if _, err := unix.Wait4(pid, &status, 0, nil); err != unix.EINTR {
			return status
		}
	}
}

// abandon reaps a leader that could not be killed when it ends at last. Where it cannot be watched
// either, it stays a zombie for as long as the daemon lives, which costs a number and nothing else.
func (h *Host) abandon(pid int) {
	id, err := procid.Of(pid)
	if err != nil {
		return
	}
	gone, _ := procinfo.Watch(id)
	go func() {
		<-gone
		h.reap(pid)
	}()
}

// signal compares the start time directly before it signals. macOS has no descriptor for a process,
// so a window of a few microseconds remains in which the process would have to end and its number
// come round again.
func (h *Host) signal(id procid.Identity, sig syscall.Signal, certain func(procid.Identity) bool) {
	if start, err := procid.StartTime(id.PID); err != nil || start != id.Start || !certain(id) {
		return
	}
	h.trace(id.PID, sig)
	// ESRCH: it has just ended. EPERM: it has become another user's, and will be found alive.
	_ = syscall.Kill(id.PID, sig)
}

// forkExec gives this process the limit back for as long as the fork takes: macOS has no call by
// which a child's limits are set. The host's lock is held, so nobody else is forking with it.
func (l coreLimit) forkExec(name string, argv []string, attr *syscall.ProcAttr) (int, error) {
	if l.known {
		_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &l.Rlimit)
		defer l.forbid()
	}
	return syscall.ForkExec(name, argv, attr)
}
