package ipc

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// peerUID asks the kernel whose process is at the other end (LOCAL_PEERCRED,
// sys/un.h).
func peerUID(conn *net.UnixConn) (int, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *unix.Xucred
	var opt error
	if err := raw.Control(func(fd uintptr) {
		cred, opt = unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	}); err != nil {
		return 0, err
	}
	if opt != nil {
		return 0, os.NewSyscallError("getsockopt", opt)
	}
	return int(cred.Uid), nil
}
