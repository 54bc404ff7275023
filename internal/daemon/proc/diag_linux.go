package proc

import (
	"encoding/binary"
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// States of a socket, as in /proc/net/tcp (include/net/tcp_states.h).
const (
	tcpTimeWait = 6
	tcpListen   = 10
)

// tcpSocket is what is asked of the kernel's table.
type tcpSocket struct {
	port  int
	inode uint32 // 0 in TIME_WAIT: no process has it any more
}

// sockets returns the TCP sockets in one state. sock_diag(7) looks only where
// such sockets are kept; /proc/net/tcp walks the whole table of connections,
// which is sized by the machine's memory and takes milliseconds where nothing
// is open. It serves where a kernel was built without sock_diag.
func sockets(state int) ([]tcpSocket, error) {
	var out []tcpSocket
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		found, err := diagnose(family, state)
		if err != nil {
			return procSockets(state)
		}
		out = append(out, found...)
	}
	return out, nil
}

// Sizes and offsets of the structures of linux/inet_diag.h and linux/netlink.h.
const (
	requestSize   = unix.NLMSG_HDRLEN + 56 // inet_diag_req_v2; the identity of a socket in it stays zero for a dump
	messagePort   = 4                      // in inet_diag_msg, in network byte order
	messageInode  = 68
	messageLength = 72
)

func diagnose(family uint8, state int) ([]tcpSocket, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var b [requestSize]byte
	binary.NativeEndian.PutUint32(b[0:], requestSize)
	binary.NativeEndian.PutUint16(b[4:], unix.SOCK_DIAG_BY_FAMILY)
	binary.NativeEndian.PutUint16(b[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	body := b[unix.NLMSG_HDRLEN:]
	body[0], body[1] = family, unix.IPPROTO_TCP
	binary.NativeEndian.PutUint32(body[4:], 1<<state)
	if err := unix.Sendto(fd, b[:], 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, err
	}
	return receiveDump(fd)
}

// receiveDump reads answers until the kernel says that it is done.
func receiveDump(fd int) ([]tcpSocket, error) {
	var out []tcpSocket
	buf := make([]byte, 32<<10)
	for {
		n, _, err := unix.Recvfrom(fd, buf, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, err
		}
		messages, err := syscall.ParseNetlinkMessage(buf[:n])
		if err != nil {
			return nil, err
		}
		for _, m := range messages {
			switch m.Header.Type {
			case unix.NLMSG_DONE:
				return out, nil
			case unix.NLMSG_ERROR:
				return nil, errors.New("sock_diag refused")
			}
			if len(m.Data) < messageLength {
				return nil, errors.New("an answer of sock_diag is too short")
			}
			out = append(out, tcpSocket{
				port:  int(binary.BigEndian.Uint16(m.Data[messagePort:])),
				inode: binary.NativeEndian.Uint32(m.Data[messageInode:]),
			})
		}
	}
}
