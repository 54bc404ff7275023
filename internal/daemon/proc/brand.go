package proc

import (
	"hash/fnv"

	"github.com/locald/locald/internal/procinfo"
)

// brandFloor keeps brands apart from every limit that anybody sets on purpose.
const brandFloor = 1 << 62

// brandOf is the number that stands for a marker where only a number can.
func brandOf(marker string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(marker))
	return brandFloor | h.Sum64()>>2
}

// brandIn is the brand in a process's limit; 0 if it has no limit, or an ordinary one.
func brandIn(limit uint64) uint64 {
	if limit < brandFloor || limit == procinfo.Unlimited {
		return 0
	}
	return limit
}

// carries reports whether a process with this environment marker and this limit is of the run. A
// marker in the environment decides alone: a service may itself start programs that are runs of
// another daemon.
func carries(marker string, inEnvironment string, limit func() uint64) bool {
	if inEnvironment != "" {
		return inEnvironment == marker
	}
	return marker != "" && brandIn(limit()) == brandOf(marker)
}

// testimony is what a single process says of itself: its marker, and its limit once it is asked
// for. What cannot be read is "" and 0, as of a process that has neither.
func (h *Host) testimony(pid int) (marker string, limit func() uint64) {
	_ = h.reserve.use(func() (err error) {
		marker, err = procinfo.Getenv(pid, MarkerName)
		return err
	})
	return marker, func() (limit uint64) {
		_ = h.reserve.use(func() (err error) {
			limit, err = procinfo.RealtimeLimit(pid)
			return err
		})
		return limit
	}
}
