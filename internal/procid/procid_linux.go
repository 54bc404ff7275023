package procid

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The namespaces that the kernel itself has made (PROC_PID_INIT_INO, PROC_TIME_INIT_INO).
const (
	firstNamespace = "pid:[4026531836]"
	firstTime      = "time:[4026531834]"
)

// Boot is the kernel's random id of this boot (random(4)) and, in a container, what the kernel
// calls its PID namespace: there the same numbers are other processes. In a time namespace the same
// process has another start time (time_namespaces(7)), so that counts, too.
//
// The error says also that /proc is one of another PID namespace, where every answer would be about
// somebody else.
var Boot = sync.OnceValues(func() (string, error) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("cannot read the boot id: %w", err)
	}
	if self, err := os.Readlink("/proc/self"); err != nil || self != strconv.Itoa(os.Getpid()) {
		return "", errors.New("/proc shows another PID namespace than the one that this program " +
			"is in; mount the right one, as in: unshare --pid --fork --mount-proc")
	}
	boot := strings.TrimSpace(string(id))
	if namespace := Namespace(); namespace != "" {
		boot += "/" + namespace
	}
	return boot, nil
})

// Namespace is what the kernel calls the PID and the time namespace of a container, "" outside of
// one.
var Namespace = sync.OnceValue(func() string {
	var out []string
	for name, first := range map[string]string{"pid": firstNamespace, "time": firstTime} {
		// A kernel without namespaces has one of each.
		namespace, err := os.Readlink("/proc/self/ns/" + name)
		if err == nil && namespace != first {
			out = append(out, namespace)
		}
	}
	slices.Sort(out)
	return strings.Join(out, ",")
})

// Machine is what tells this machine from others, "" where nothing does. It is made of the
// machine's id, which programs are asked to keep to themselves (machine-id(5)).
var Machine = sync.OnceValue(func() string {
	for _, path := range []string{"/etc/machine-id", "/var/lib/dbus/machine-id"} {
		if id, err := os.ReadFile(path); err == nil && len(id) > 1 {
			return hashed(strings.TrimSpace(string(id)))
		}
	}
	return ""
})

// Now is the start time of a process that starts now.
func Now() uint64 {
	// A tick is a hundredth of a second for whoever reads /proc (time(7)), whatever the kernel's
	// own is. The clock is one that every kernel with pidfds has.
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
