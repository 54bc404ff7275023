// Package procid tells one process from every other that ever had or will have its number. It is a
// leaf: reading an identity needs no other package and starts no goroutine.
//
// A PID alone names nobody: with the kernel's default limit it comes back after some 32,000 forks,
// which a busy machine makes in seconds. The boot and the start time make it unique.
package procid

import "errors"

// ErrGone says that no process has the number.
var ErrGone = errors.New("no such process")

// Identity names one process for ever. The zero value names none.
type Identity struct {
	Boot  string `json:"boot"`  // the kernel's id of this boot, and the PID namespace
	PID   int    `json:"pid"`   // in that namespace
	Start uint64 `json:"start"` // in clock ticks since boot on Linux, in µs since 1970 on macOS
}

// IsZero reports whether the identity names no process.
func (id Identity) IsZero() bool { return id.PID == 0 }

// Of reads the identity of a live process. The error is ErrGone where none has the number, or only
// a zombie that has been reaped meanwhile; any other says that the system would not tell.
func Of(pid int) (Identity, error) {
	start, err := StartTime(pid)
	if err != nil {
		return Identity{}, err
	}
	boot, err := Boot()
	if err != nil {
		return Identity{}, err
	}
	return Identity{Boot: boot, PID: pid, Start: start}, nil
}

// Alive reports whether the process with this identity still exists. A process that merely has its
// number does not count. Where the system would not tell, for want of a descriptor say, the answer
// is yes: to take a live process for dead would be the worse lie, since nobody would end it then.
func (id Identity) Alive() bool {
	if id.PID <= 0 {
		return false
	}
	if boot, err := Boot(); err == nil && boot != id.Boot {
		return false
	}
	start, err := StartTime(id.PID)
	if err != nil {
		return !errors.Is(err, ErrGone)
	}
	return start == id.Start
}
