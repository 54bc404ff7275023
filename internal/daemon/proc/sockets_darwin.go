package proc

import (
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// Sockets is one look at who listens.
type Sockets struct {
	listening map[int][]int // PID → ports
}

// ReadSockets asks the system's lsof.
func ReadSockets() (*Sockets, error) {
	s := &Sockets{listening: make(map[int][]int)}
	out, err := exec.Command("/usr/sbin/lsof", "-nP", "-w", "-iTCP", "-sTCP:LISTEN", "-Fpn").Output()
	if err != nil && len(out) == 0 {
		if _, none := err.(*exec.ExitError); !none { // lsof exits with 1 when it finds nothing
			return nil, fmt.Errorf("cannot read the socket table: %w", err)
		}
	}
	s.addListeners(string(out))
	return s, nil
}

// addListeners reads lines "p123" and "n127.0.0.1:8080".
func (s *Sockets) addListeners(out string) {
	pid := 0
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "p"):
			pid, _ = strconv.Atoi(line[1:])
		case strings.HasPrefix(line, "n"):
			if port := afterLast(line, ":"); port != 0 {
				s.listening[pid] = append(s.listening[pid], port)
			}
		}
	}
}

// TimeWait reports whether the kernel still keeps a closed connection of port.
// Such a connection belongs to no process, so it is netstat that shows it.
func TimeWait(port int) bool {
	out, err := exec.Command("/usr/sbin/netstat", "-an", "-p", "tcp").Output()
	return err == nil && waiting(string(out), port)
}

// waiting reads lines such as "tcp4 0 0 127.0.0.1.8080 127.0.0.1.50000 TIME_WAIT".
func waiting(out string, port int) bool {
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		if len(f) >= 6 && f[5] == "TIME_WAIT" && afterLast(f[3], ".") == port {
			return true
		}
	}
	return false
}

func afterLast(address, sep string) int {
	port, _ := strconv.Atoi(address[strings.LastIndex(address, sep)+1:])
	return port
}

// Listening reports whether anybody listens on port.
func (s *Sockets) Listening(port int) bool {
	_, ok := s.Owner(port)
	return ok
}

// Of returns the ports on which a process listens, in order.
func (s *Sockets) Of(pid int) []int {
	out := slices.Clone(s.listening[pid])
	slices.Sort(out)
	return slices.Compact(out)
}

// Owner finds who listens on port. Processes of other users cannot be seen, so
// not finding one does not mean that there is none.
func (s *Sockets) Owner(port int) (pid int, ok bool) {
	for pid, ports := range s.listening {
		if slices.Contains(ports, port) {
			return pid, true
		}
	}
	return 0, false
}
