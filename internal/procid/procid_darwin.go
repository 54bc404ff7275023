package procid

import (
	"fmt"
	"sync"

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

// StartTime is when the process started, in microseconds since the epoch.
func StartTime(pid int) (uint64, error) {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil || int(info.Proc.P_pid) != pid {
		return 0, ErrGone
	}
	t := info.Proc.P_starttime
	return uint64(t.Sec)*1e6 + uint64(t.Usec), nil
}
