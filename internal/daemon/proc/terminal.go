package proc

import (
	"os"

	"golang.org/x/sys/unix"
)

// quiet turns off output processing and echo. Signals from the terminal's
// control characters and line editing stay as a program expects them.
func quiet(tty *os.File) error {
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
		t.Lflag &^= unix.ECHO | unix.ECHONL
		ioctl = unix.IoctlSetTermios(int(fd), setTermios, t)
	})
	if err != nil {
		return err
	}
	return ioctl
}
