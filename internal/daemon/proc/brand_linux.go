package proc

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// showsBrands says that a process's limits can be read by others.
const showsBrands = true

// brandProcess gives a process behind its gate a number that all of its
// descendants inherit, whatever they do to their environment, session and
// parents: the soft limit of RLIMIT_RTTIME. That many microseconds of realtime
// scheduling are 146,000 years, so nobody is limited by it, and nobody has a
// reason to set it. Where prlimit(2) is forbidden the marker in the environment
// has to do.
func brandProcess(pid int, marker string) {
	var limit unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_RTTIME, nil, &limit); err != nil {
		return
	}
	limit.Cur = brandOf(marker)
	_ = unix.Prlimit(pid, unix.RLIMIT_RTTIME, &limit, nil)
}

// processBrand is a process's brand, 0 where it has none (proc_pid_limits(5)).
func processBrand(pid int) uint64 {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/limits")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(data, []byte("Max realtime timeout"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	n, err := strconv.ParseUint(string(fields[0]), 10, 64)
	if err != nil || n < brandFloor { // "unlimited", or a limit
		return 0
	}
	return n
}
