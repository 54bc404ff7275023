package term

import (
	"os"

	"golang.org/x/sys/unix"
)

// Abandoned is closed when nobody reads the stream any more, as after "| head
// -1": whoever waits for something to print would otherwise notice only by
// printing it. It costs a goroutine, and a thread, until the program ends.
func (p *Printer) Abandoned() <-chan struct{} {
	gone := make(chan struct{})
	f, ok := p.Writer.(*os.File)
	if !ok {
		return gone
	}
	go func() {
		// Without a wish only POLLERR, POLLHUP and POLLNVAL are reported, which
		// a file and a terminal in use never are (poll(2)).
		poll := []unix.PollFd{{Fd: int32(f.Fd())}}
		for {
			switch n, err := unix.Poll(poll, -1); {
			case err == unix.EINTR:
				continue
			case err == nil && n > 0:
				close(gone)
			}
			return
		}
	}()
	return gone
}
