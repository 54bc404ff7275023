package proc

import "hash/fnv"

// brandFloor keeps brands apart from every limit that anybody sets on purpose.
const brandFloor = 1 << 62

// brandOf is the number that stands for a marker where only a number can.
func brandOf(marker string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(marker))
	return brandFloor | h.Sum64()>>2
}

// carries reports whether a process with this environment marker and brand is
// of the run. A marker in the environment decides alone: a service may itself
// start programs that are runs of another daemon.
func carries(marker string, inEnvironment string, brand func() uint64) bool {
	if inEnvironment != "" {
		return inEnvironment == marker
	}
	return marker != "" && brand() == brandOf(marker)
}
