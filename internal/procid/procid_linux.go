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
)

// Boot is the kernel's random id of this boot (random(4)).
var Boot = sync.OnceValues(func() (string, error) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("cannot read the boot id: %w", err)
	}
	return strings.TrimSpace(string(id)), nil
})

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
