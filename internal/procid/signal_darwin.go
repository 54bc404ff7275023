package procid

import (
	"errors"
	"syscall"
)

// Signal sends sig to this process, or returns ErrGone. macOS has no descriptor for a process, so a
// window of a few microseconds remains in which the process would have to end and its number come
// round again.
func (id Identity) Signal(sig syscall.Signal) error {
	if !id.Alive() {
		return ErrGone
	}
	if err := syscall.Kill(id.PID, sig); errors.Is(err, syscall.ESRCH) {
		return ErrGone
	} else if err != nil {
		return err
	}
	return nil
}
