package procid

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Boot is the kernel's id of this boot.
var Boot = sync.OnceValues(func() (string, error) {
	id, err := unix.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return "", fmt.Errorf("cannot read the boot id: %w", err)
	}
	return id, nil
})

// Namespace is always "": macOS has one set of PIDs.
func Namespace() string { return "" }

// Machine is what tells this machine from others, "" where nothing does.
var Machine = sync.OnceValue(func() string {
	id, err := unix.Sysctl("kern.uuid")
	if err != nil || id == "" {
		return ""
	}
	return hashed(id)
})

// Now is the start time of a process that starts now.
func Now() uint64 { return uint64(time.Now().UnixMicro()) }

// StartTime is when the process started, in microseconds since the epoch. The error is ErrGone only
// where the kernel says that no process has the number.
func StartTime(pid int) (uint64, error) {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	// The kernel's answer about a number that nobody has is empty, which x/sys reports as EIO.
	if errors.Is(err, unix.EIO) || errors.Is(err, unix.ESRCH) {
		return 0, ErrGone
	}
	if err != nil {
		return 0, fmt.Errorf("cannot identify process %d: %w", pid, err)
	}
	if int(info.Proc.P_pid) != pid {
		return 0, ErrGone
	}
	return StartOf(&info.Proc), nil
}

// StartOf is the start time of a row of the kernel's table of processes.
func StartOf(p *unix.ExternProc) uint64 {
	return uint64(p.P_starttime.Sec)*1e6 + uint64(p.P_starttime.Usec)
}
