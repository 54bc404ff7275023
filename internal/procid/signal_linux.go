package procid

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// Signal sends sig to exactly this process, or returns ErrGone. The descriptor is opened first and
// the start time compared second: from then on it names that process and no other, whatever becomes
// of the number (pidfd_open(2)).
func (id Identity) Signal(sig syscall.Signal) error {
	fd, err := unix.PidfdOpen(id.PID, 0)
	if errors.Is(err, unix.ESRCH) {
		return ErrGone
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if !id.Alive() {
		return ErrGone
	}
	if err := unix.PidfdSendSignal(fd, sig, nil, 0); errors.Is(err, unix.ESRCH) {
		return ErrGone
	} else if err != nil {
		return err
	}
	return nil
}
