package procinfo

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// realtime is the name of the row of RLIMIT_RTTIME.
const realtime = "Max realtime timeout"

// Unlimited stands for no limit at all.
const Unlimited = math.MaxUint64

// errNoLimit says that the row is missing, which no kernel leaves out.
var errNoLimit = errors.New("not among the limits")

// parseLimit reads the soft limit of one row of proc_pid_limits(5), whose columns are the row's
// name, the soft limit, the hard one and the unit.
func parseLimit(limits []byte, name string) (uint64, error) {
	for line := range bytes.Lines(limits) {
		rest, ok := bytes.CutPrefix(line, []byte(name+" "))
		if !ok {
			continue
		}
		fields := bytes.Fields(rest)
		if len(fields) == 0 {
			break
		}
		if string(fields[0]) == "unlimited" {
			return Unlimited, nil
		}
		limit, err := strconv.ParseUint(string(fields[0]), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		return limit, nil
	}
	return 0, fmt.Errorf("%s: %w", name, errNoLimit)
}
