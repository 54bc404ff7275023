package proc

import (
	"os"

	"golang.org/x/sys/unix"
)

// plain turns off output processing. Signals from the terminal's control characters, line editing
// and echo stay as a program expects them.
func plain(tty *os.File) error {
	conn, err := tty.SyscallConn()
	if err != nil {
		return err
	}
	var ioctl error
	err = conn.Control(func(fd uintptr) {
		var t *unix.Termios
		if t, ioctl = unix.IoctlGetTermios(int(fd), getTermios); ioctl != nil {
			return
		}
		t.Oflag &^= unix.OPOST
		ioctl = unix.IoctlSetTermios(int(fd), setTermios, t)
	})
	if err != nil {
		return err
	}
	return ioctl
}
