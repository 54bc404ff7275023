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

// carries reports whether a process with this limit and this environment marker is of the run. A
// brand decides alone: no program changes it by accident, and what a service starts by way of
// another daemon has that one's.
func carries(marker string, limit uint64, inEnvironment func() string) bool {
	if marker == "" {
		return false
	}
	if brand := brandIn(limit); brand != 0 {
		return brand == brandOf(marker)
	}
	return inEnvironment() == marker
}

// testimony is what a single process says of itself: its limit, and its marker once it is asked
// for. What cannot be read is 0 and "", as of a process that has neither.
func (h *Host) testimony(pid int) (limit uint64, marker func() string) {
	_ = h.reserve.use(func() (err error) {
		limit, err = procinfo.RealtimeLimit(pid)
		return err
	})
	return limit, func() (marker string) {
		_ = h.reserve.use(func() (err error) {
			marker, err = procinfo.Getenv(pid, MarkerName)
			return err
		})
		return marker
	}
}
