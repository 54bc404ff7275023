package procinfo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strconv"
)

// state is that of a socket, as in /proc/net/tcp (include/net/tcp_states.h).
type state int

const (
	timeWait state = 6
	listen   state = 10
)

// tcpSocket is what is asked of the kernel's table.
type tcpSocket struct {
	port  int
	inode uint64 // 0 in TIME_WAIT: no process has it any more
}

// parseTCP reads /proc/net/tcp or tcp6 and returns the sockets in one state. The heading, and what
// is not a row, are passed over.
func parseTCP(table []byte, want state) []tcpSocket {
	var out []tcpSocket
	for line := range bytes.Lines(table) {
		f := bytes.Fields(line)
		if len(f) < 10 {
			continue
		}
		is, err := strconv.ParseUint(string(f[3]), 16, 8)
		if err != nil || state(is) != want {
			continue
		}
		port, ok := parseTCPPort(f[1])
		inode, err := strconv.ParseUint(string(f[9]), 10, 64)
		if ok && err == nil {
			out = append(out, tcpSocket{port: port, inode: inode})
		}
	}
	return out
}

// parseTCPPort reads "0100007F:1F90": both are hexadecimal.
func parseTCPPort(address []byte) (int, bool) {
	_, hex, ok := bytes.Cut(address, []byte{':'})
	port, err := strconv.ParseUint(string(hex), 16, 16)
	return int(port), ok && err == nil
}

// Offsets in struct inet_diag_msg (linux/inet_diag.h), and its size.
const (
	diagPort   = 4 // in network byte order
	diagInode  = 68
	diagLength = 72
)

// parseDiag reads the body of one answer of sock_diag(7).
func parseDiag(body []byte) (tcpSocket, error) {
	if len(body) < diagLength {
		return tcpSocket{}, errors.New("an answer of sock_diag is too short")
	}
	return tcpSocket{
		port:  int(binary.BigEndian.Uint16(body[diagPort:])),
		inode: uint64(binary.NativeEndian.Uint32(body[diagInode:])),
	}, nil
}
