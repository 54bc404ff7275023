package procinfo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// readTCP returns the TCP sockets in one state. sock_diag(7) looks only where such sockets are
// kept; /proc/net/tcp walks the whole table of connections, which is sized by the machine's memory
// and takes milliseconds where nothing is open. It serves where a kernel was built without
// sock_diag, or a sandbox forbids it.
func readTCP(want state) ([]tcpSocket, error) {
	var out []tcpSocket
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		found, err := diagnose(family, want)
		if err != nil {
			return readProcTCP(want)
		}
		out = append(out, found...)
	}
	return out, nil
}

// requestSize is that of a header and struct inet_diag_req_v2, in which the identity of a socket
// stays zero for a dump.
const requestSize = unix.NLMSG_HDRLEN + 56

// diagnose asks for the sockets of one family: the kernel dumps one at a time.
func diagnose(family uint8, want state) ([]tcpSocket, error) {
	const kind = unix.SOCK_DGRAM | unix.SOCK_CLOEXEC
	fd, err := unix.Socket(unix.AF_NETLINK, kind, unix.NETLINK_SOCK_DIAG)
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
	binary.NativeEndian.PutUint32(body[4:], 1<<want)
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
			return nil, fmt.Errorf("an answer of sock_diag: %w", err)
		}
		for _, m := range messages {
			switch m.Header.Type {
			case unix.NLMSG_DONE:
				return out, nil
			case unix.NLMSG_ERROR:
				return nil, errors.New("sock_diag refused")
			}
			socket, err := parseDiag(m.Data)
			if err != nil {
				return nil, err
			}
			out = append(out, socket)
		}
	}
}
