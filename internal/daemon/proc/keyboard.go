package proc

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// typePatience is how long a service may leave what was typed unread before it is thrown away, as a
// terminal does whose buffer is full.
const typePatience = time.Second

// Type sends what a person typed to the service's terminal. The error wraps os.ErrDeadlineExceeded
// if the service does not read it.
func (p *Process) Type(keys []byte) error {
	master := p.Outputs[0].File
	if err := master.SetWriteDeadline(time.Now().Add(typePatience)); err != nil {
		return err
	}
	_, err := master.Write(keys)
	return err
}

// Resize tells the service how large the terminal is on which it is seen. The kernel sends its
// foreground processes SIGWINCH if the size has changed.
func (p *Process) Resize(rows, cols uint16) error {
	conn, err := p.Outputs[0].File.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = conn.Control(func(fd uintptr) {
		failed = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: cols})
	})
	if err := errors.Join(err, failed); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("cannot resize the terminal: %w", err)
	}
	return nil
}
