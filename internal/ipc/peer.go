package ipc

import (
	"fmt"
	"net"
	"os"
)

// checkPeer refuses a process of another user at the other end. The modes of
// socket and directory say the same; this holds where somebody changed them.
func checkPeer(conn net.Conn) error {
	unixConn, ok := conn.(*net.UnixConn)
	if !ok { // an in-memory connection of a test has no user
		return nil
	}
	uid, err := peerUID(unixConn)
	if err != nil {
		return unreachable(fmt.Errorf("cannot tell whose process is at the other end of the socket: %w", err))
	}
	if uid != os.Geteuid() {
		return unreachable(fmt.Errorf("the process at the other end of the socket belongs to user %d, not to you", uid))
	}
	return nil
}
