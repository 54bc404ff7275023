package proc

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
)

// NewHost makes the daemon a child subreaper: what a service detaches from itself becomes our child
// and is reaped here, since in many containers init never reaps. It starts one goroutine for the
// life of the program.
func NewHost() (*Host, error) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("cannot become a child subreaper: %w", err)
	}
	if err := procinfo.ProbePidfd(); err != nil {
		return nil, err
	}
	h := newHost()
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGCHLD)
	go func() {
		for range ended {
			h.reapOrphans()
		}
	}()
	return h, nil
}

// reapOrphans takes the status of ended children that are no leaders. It peeks (WNOWAIT) and takes
// only what is not a run's leader: a plain wait for any child would steal a leader's status and
// free its number under its owner. When the first one found is a leader the search stops; the
// owner's reap starts it again.
func (h *Host) reapOrphans() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		pid := peekEnded()
		if pid == 0 || h.leaders[pid] {
			return
		}
		// An error means that it is gone, which is what was wanted.
		_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil)
	}
}

// wide is 1 where a pointer has 64 bits, and 0 where it has 32.
const wide = unsafe.Sizeof(uintptr(0)) / 8

// siginfo is siginfo_t, 128 bytes, as waitid(2) fills it for a child. si_pid begins a union that
// follows three ints and is aligned for pointers: before one of 64 bits lie four bytes of padding.
type siginfo struct {
	_   [3 + wide]int32
	pid int32
	_   [28 - wide]int32
}

// peekEnded returns a child that has ended and is not reaped, or 0.
func peekEnded() int {
	var info siginfo
	for {
		_, _, errno := unix.Syscall6(unix.SYS_WAITID, unix.P_ALL, 0, uintptr(unsafe.Pointer(&info)),
			unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, 0, 0)
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 {
			return 0
		}
		return int(info.pid)
	}
}

// reap takes the status of a leader that has ended.
func (h *Host) reap(pid int) unix.WaitStatus {
	var status unix.WaitStatus
	h.mu.Lock()
	for {
		if _, err := unix.Wait4(pid, &status, 0, nil); err != unix.EINTR {
			break
		}
	}
	delete(h.leaders, pid)
	h.mu.Unlock()
	h.reapOrphans()
	return status
}

// abandon hands a leader that cannot be killed over to reapOrphans.
func (h *Host) abandon(pid int) {
	h.mu.Lock()
	delete(h.leaders, pid)
	h.mu.Unlock()
}

// signal sends sig to exactly the process that id names. The pidfd is opened first and the start
// time compared second: from then on the descriptor names that process and no other, whatever
// becomes of the number (pidfd_open(2)). Where that does not do, certain is asked.
func (h *Host) signal(id procid.Identity, sig syscall.Signal, certain func(procid.Identity) bool) {
	var fd int
	err := h.reserve.use(func() (err error) {
		fd, err = procinfo.OpenPidfd(id)
		return err
	})
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if !certain(id) {
		return
	}
	h.trace(id.PID, sig)
	// ESRCH: it has just ended. EPERM: it has become another user's, and will be found alive.
	_ = unix.PidfdSendSignal(fd, sig, nil, 0)
}

// forkExec gives the child the limit back while it waits at its gate: it inherits the daemon's.
// Where prlimit(2) is forbidden a service leaves no core dump.
func (l coreLimit) forkExec(name string, argv []string, attr *syscall.ProcAttr) (int, error) {
	pid, err := syscall.ForkExec(name, argv, attr)
	if err == nil && l.known {
		limit := unix.Rlimit{Cur: l.Cur, Max: l.Max}
		_ = unix.Prlimit(pid, unix.RLIMIT_CORE, &limit, nil)
	}
	return pid, err
}
