package proc

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// States of a socket in /proc/net/tcp (include/net/tcp_states.h).
const (
	tcpTimeWait = "06"
	tcpListen   = "0A"
)

// Sockets is one look at the kernel's TCP table.
type Sockets struct {
	listening map[string]int // socket inode → port
	waiting   map[int]bool   // ports with a connection in TIME_WAIT
}

// ReadSockets reads the table of IPv4 and IPv6.
func ReadSockets() (*Sockets, error) {
	s := &Sockets{listening: make(map[string]int), waiting: make(map[int]bool)}
	for _, path := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		data, err := os.ReadFile(path)
		if os.IsNotExist(err) { // a kernel without IPv6
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read the socket table: %w", err)
		}
		s.add(data)
	}
	return s, nil
}

func (s *Sockets) add(data []byte) {
	for line := range bytes.Lines(data) {
		f := bytes.Fields(line)
		if len(f) < 10 {
			continue
		}
		switch state := string(f[3]); state {
		case tcpListen:
			s.listening[string(f[9])] = portOf(f[1])
		case tcpTimeWait:
			s.waiting[portOf(f[1])] = true
		}
	}
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

// TimeWait reports whether the kernel still keeps a closed connection of port.
func (s *Sockets) TimeWait(port int) bool { return s.waiting[port] }

// Of returns the ports on which a process listens, in order.
func (s *Sockets) Of(pid int) []int {
	var out []int
	for _, link := range openLinks(pid) {
		inode, ok := strings.CutPrefix(link, "socket:[")
		if !ok {
			continue
		}
		port, ok := s.listening[strings.TrimSuffix(inode, "]")]
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
