package ipc

import (
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// peerUID asks the kernel whose process is at the other end (SO_PEERCRED,
// unix(7)).
func peerUID(conn *net.UnixConn) (int, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *unix.Ucred
	var opt error
	if err := raw.Control(func(fd uintptr) {
		cred, opt = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return 0, err
	}
	if opt != nil {
		return 0, fmt.Errorf("SO_PEERCRED: %w", os.NewSyscallError("getsockopt", opt))
	}
	return int(cred.Uid), nil
}
