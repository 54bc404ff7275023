package procinfo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
)

// Sockets is one look at who listens. Which process has a socket is found out when it is asked for,
// since that takes a look into the process.
type Sockets struct {
	listening map[string]int // link of the socket, as a descriptor shows it → port
}

// ReadSockets reads the listening sockets of IPv4 and IPv6.
func ReadSockets() (*Sockets, error) {
	found, err := readTCP(listen)
	if err != nil {
		return nil, fmt.Errorf("cannot read the socket table: %w", err)
	}
	s := &Sockets{listening: make(map[string]int, len(found))}
	for _, f := range found {
		s.listening["socket:["+strconv.FormatUint(f.inode, 10)+"]"] = f.port
	}
	return s, nil
}

// TimeWait reports whether the kernel is known still to keep a closed connection of port. A table
// that cannot be read makes it unknown.
func TimeWait(port int) bool {
	found, err := readTCP(timeWait)
	return err == nil && slices.ContainsFunc(found, func(s tcpSocket) bool {
		return s.port == port
	})
}

// readProcTCP reads the tables as text. Only that of IPv6 may be missing: a kernel can be built
// without it, whereas no table at all means that /proc is not what it should be.
func readProcTCP(want state) ([]tcpSocket, error) {
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return nil, err
	}
	out := parseTCP(table, want)
	table, err = os.ReadFile("/proc/net/tcp6")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return append(out, parseTCP(table, want)...), nil
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

// Of returns the ports on which a process listens, in order. There are none for a process that
// cannot be looked into.
func (s *Sockets) Of(pid int) []int {
	links, _ := OpenLinks(pid)
	return s.among(links)
}

// among returns the ports of the sockets that are among a process's links.
func (s *Sockets) among(links []string) []int {
	var out []int
	for _, link := range links {
		if port, ok := s.listening[link]; ok {
			out = append(out, port)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// portsOf is Of with what the scan has read of the process already.
func (s *Scan) portsOf(pid int) []int { return s.sockets.among(s.openLinks(pid)) }

// Owner finds who listens on port. Processes of other users cannot be looked into, so not finding
// one does not mean that there is none.
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
