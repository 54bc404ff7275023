package procid

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
)

// Boot is the kernel's random id of this boot (random(4)).
var Boot = sync.OnceValues(func() (string, error) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("cannot read the boot id: %w", err)
	}
	return strings.TrimSpace(string(id)), nil
})

// StartTime is when the process started, in clock ticks since boot.
func StartTime(pid int) (uint64, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, ErrGone
	}
	return startFromStat(stat)
}

// startFromStat takes field 22 of proc_pid_stat(5). The second field is the
// command's name in parentheses and may itself hold blanks and parentheses,
// hence the search for the last one.
func startFromStat(stat []byte) (uint64, error) {
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return 0, ErrGone
	}
	fields := bytes.Fields(stat[end+1:])
	const startField = 22 - 3 // fields[0] is the third
	if len(fields) <= startField {
		return 0, ErrGone
	}
	return strconv.ParseUint(string(fields[startField]), 10, 64)
}
