package proc

import (
	"errors"

	"github.com/locald/locald/internal/procid"
)

// Watch returns a channel that is closed when the process has ended, at once
// where it is gone already. Where it cannot be watched (no descriptor left) the
// channel stays open: taking a live process for dead would be the worse lie.
func Watch(id procid.Identity) (gone <-chan struct{}, cancel func()) {
	gone, cancel, err := watch(id)
	if err == nil {
		return gone, cancel
	}
	never := make(chan struct{})
	if errors.Is(err, procid.ErrGone) {
		close(never)
	}
	return never, func() {}
}
