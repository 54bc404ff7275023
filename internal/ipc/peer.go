package ipc

import (
	"fmt"
	"net"
	"os"

	"github.com/locald/locald/internal/wire"
)

// CheckPeer refuses a process of another user at the other end. The modes of socket and directory
// say the same; this holds where somebody changed them. What is not a Unix socket has no user, and
// is refused.
func CheckPeer(conn net.Conn) error {
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		return unreachable(fmt.Errorf("cannot tell whose process is at the other end: "+
			"this is a %T, not a Unix socket", conn))
	}
	uid, err := peerUID(unixConn)
	if err != nil {
		return unreachable(
			fmt.Errorf("cannot tell whose process is at the other end of the socket: %w", err))
	}
	if uid != os.Geteuid() {
		return unreachable(fmt.Errorf("the process at the other end of the socket "+
			"belongs to user %d, not to you", uid))
	}
	return nil
}

func unreachable(err error) error {
	return &wire.Error{Code: wire.CodeUnreachable, Msg: err.Error()}
}
