package procinfo

import (
	"strconv"

	"github.com/locald/locald/internal/procid"
)

// parseStat reads the line of proc_pid_stat(5).
func parseStat(pid int, stat []byte) (Process, bool) {
	f := procid.StatFields(stat)
	start, err := procid.StatStart(f)
	if err != nil {
		return Process{}, false
	}
	var ids [4]int // of the parent, the group, the session, and the terminal: 0 for none
	for i := range ids {
		if ids[i], err = strconv.Atoi(string(f[1+i])); err != nil {
			return Process{}, false
		}
	}
	return Process{
		ID:     procid.Identity{PID: pid, Start: start},
		Zombie: f[0][0] == 'Z' || f[0][0] == 'X',
		Parent: ids[0], Group: ids[1], Session: ids[2], Terminal: ids[3] != 0,
	}, true
}
