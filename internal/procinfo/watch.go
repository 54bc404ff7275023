package procinfo

import (
	"errors"

	"github.com/locald/locald/internal/procid"
)

// Watch returns a channel that is closed when the process has ended (it may still be a zombie), at
// once where it is gone already. Where it cannot be watched, for want of a descriptor, the channel
// stays open: taking a live process for dead would be the worse lie.
//
// cancel ends the watch and does not close the channel; calling it after the end is harmless.
func Watch(id procid.Identity) (gone <-chan struct{}, cancel func()) {
	gone, cancel, err := TryWatch(id)
	if err == nil {
		return gone, cancel
	}
	never := make(chan struct{})
	if errors.Is(err, procid.ErrGone) {
		close(never)
	}
	return never, func() {}
}

// identify compares a process that a watch or a descriptor was just put on with the one that was
// meant. The error is procid.ErrGone where the number is another's by now.
func identify(id procid.Identity) error {
	start, err := procid.StartTime(id.PID)
	if err == nil && start != id.Start {
		return procid.ErrGone
	}
	return err
}
