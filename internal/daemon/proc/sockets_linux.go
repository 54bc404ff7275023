package proc

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
)

// Sockets is one look at who listens.
type Sockets struct {
	listening map[string]int // link of the socket, as a descriptor shows it → port
}

// ReadSockets reads the listening sockets of IPv4 and IPv6.
func ReadSockets() (*Sockets, error) {
	found, err := sockets(tcpListen)
	if err != nil {
		return nil, fmt.Errorf("cannot read the socket table: %w", err)
	}
	s := &Sockets{listening: make(map[string]int, len(found))}
	for _, f := range found {
		s.listening["socket:["+strconv.FormatUint(uint64(f.inode), 10)+"]"] = f.port
	}
	return s, nil
}

// TimeWait reports whether the kernel still keeps a closed connection of port.
func TimeWait(port int) bool {
	found, err := sockets(tcpTimeWait)
	return err == nil && slices.ContainsFunc(found, func(f tcpSocket) bool { return f.port == port })
}

// procSockets reads the tables as text.
func procSockets(state int) ([]tcpSocket, error) {
	var out []tcpSocket
	for _, path := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		data, err := os.ReadFile(path)
		if os.IsNotExist(err) { // a kernel without IPv6
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, parseSockets(data, state)...)
	}
	return out, nil
}

func parseSockets(data []byte, state int) []tcpSocket {
	var out []tcpSocket
	for line := range bytes.Lines(data) {
		f := bytes.Fields(line)
		if len(f) < 10 || string(f[3]) != fmt.Sprintf("%02X", state) {
			continue
		}
		inode, _ := strconv.ParseUint(string(f[9]), 10, 32)
		out = append(out, tcpSocket{port: portOf(f[1]), inode: uint32(inode)})
	}
	return out
}

// portOf reads "0100007F:1F90".
func portOf(address []byte) int {
	_, hex, _ := bytes.Cut(address, []byte{':'})
	port, _ := strconv.ParseUint(string(hex), 16, 16)
	return int(port)
}

// Listening reports whether anybody listens on port.
func (s *Sockets) Listening(port int) bool {
	for _, p := range s.listening {
		if p == port {
			return true
		}
	}
	return false
}

// Of returns the ports on which a process listens, in order.
func (s *Sockets) Of(pid int) []int {
	var out []int
	for _, link := range openLinks(pid) {
		port, ok := s.listening[link]
		if ok && !slices.Contains(out, port) {
			out = append(out, port)
		}
	}
	slices.Sort(out)
	return out
}

// Owner finds who listens on port. Processes of other users cannot be looked
// into, so not finding one does not mean that there is none.
func (s *Sockets) Owner(port int) (pid int, ok bool) {
	pids, err := listPIDs()
	if err != nil {
		return 0, false
	}
	for _, pid := range pids {
		if slices.Contains(s.Of(pid), port) {
			return pid, true
		}
	}
	return 0, false
}
