package procid

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Boot is the kernel's random id of this boot (random(4)).
var Boot = sync.OnceValues(func() (string, error) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("cannot read the boot id: %w", err)
	}
	return strings.TrimSpace(string(id)), nil
})

// Now is the start time of a process that starts now.
func Now() uint64 {
	// A tick is a hundredth of a second for whoever reads /proc (time(7)), whatever the kernel's own
	// is. The clock is one that every kernel with pidfds has.
	const tick = 10 * time.Millisecond
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &t)
	return uint64(t.Nano()) / uint64(tick)
}

// StartTime is when the process started, in clock ticks since boot. The error is ErrGone only where
// the kernel says that no process has the number; a lack of descriptors is not an end.
func StartTime(pid int) (uint64, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	// ESRCH: it ended between the opening and the reading.
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return 0, ErrGone
	}
	if err != nil {
		return 0, fmt.Errorf("cannot identify process %d: %w", pid, err)
	}
	start, err := StatStart(StatFields(stat))
	if err != nil {
		return 0, fmt.Errorf("cannot identify process %d: %w", pid, err)
	}
	return start, nil
}
