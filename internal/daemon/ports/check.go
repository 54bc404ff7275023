package ports

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// ErrTaken says that somebody listens on the port.
var ErrTaken = errors.New("the port is taken")

// Check reports whether a server could bind port now, on all addresses and on either loopback
// address. It binds with SO_REUSEADDR, as servers do, so that connections in TIME_WAIT do not
// count; it never listens, so that no client can connect to it by mistake.
func Check(port int) error {
	if err := bind(unix.AF_INET, &unix.SockaddrInet4{Port: port}); err != nil {
		return err
	}
	loopback := &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}
	if err := bind(unix.AF_INET, loopback); err != nil {
		return err
	}
	for _, addr := range [][16]byte{{}, {15: 1}} {
		err := bind(unix.AF_INET6, &unix.SockaddrInet6{Port: port, Addr: addr})
		if err != nil && !errors.Is(err, unix.EAFNOSUPPORT) && !errors.Is(err, unix.EADDRNOTAVAIL) {
			return err
		}
	}
	return nil
}

func bind(family int, addr unix.Sockaddr) error {
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err != nil {
		return fmt.Errorf("cannot check the port: %w", err)
	}
	defer unix.Close(fd)
	unix.CloseOnExec(fd)
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return fmt.Errorf("cannot check the port: %w", err)
	}
	switch err := unix.Bind(fd, addr); {
	case errors.Is(err, unix.EADDRINUSE):
		return ErrTaken
	case errors.Is(err, unix.EACCES):
		return fmt.Errorf("cannot bind port %d: ports below 1024 need root", portOf(addr))
	case err != nil:
		return fmt.Errorf("cannot check the port: %w", err)
	}
	return nil
}

func portOf(addr unix.Sockaddr) int {
	switch a := addr.(type) {
	case *unix.SockaddrInet4:
		return a.Port
	case *unix.SockaddrInet6:
		return a.Port
	}
	return 0
}
