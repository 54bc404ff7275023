package engine

import (
	"errors"
	"fmt"

	"github.com/locald/locald/internal/daemon/ports"
	"github.com/locald/locald/internal/procinfo"
	"github.com/locald/locald/internal/project"
)

// Lease gets the ports of the whole project, before anything is expanded: one service's environment
// may name the port of another.
//
// The name is claimed first. Every environment that is made from these leases has the name beside
// the ports, and lives as long as its process: if the name could still become another project's,
// two of them would call themselves by it.
func (s *Runs) Lease(spec *project.Spec) (map[string]int, error) {
	s.p.e.registry.claim(s.p)
	// Before the lease, which would give worker.1 a new port although it is what worker was. A port
	// goes over only if its service has gone: if both are declared, each has its own.
	for _, service := range spec.Services {
		from := project.Heir(service.Name)
		if _, stays := spec.Service(from); from != "" && !stays {
			s.p.e.Ports.Pass(s.p.Root, from, service.Name)
		}
	}
	leases, refused, err := s.p.e.Ports.Lease(s.p.Root, spec.Names(), spec.PortWishes())
	if err != nil {
		return nil, err
	}
	// Another project's port is not taken away. The service gets a port nevertheless, and its log
	// says why it is not the one that its files ask for. Run 0 is no run: none has begun yet.
	for _, r := range refused {
		s.Note(r.Service, 0, fmt.Sprintf(
			"port %d, which its files ask for, belongs to %s in another project; using %d",
			r.Wished, r.Holder.Service, leases[r.Service],
		))
	}
	s.mu.Lock()
	// The map is replaced and never changed: whoever got it from Ports still reads it.
	s.leases = leases
	s.mu.Unlock()
	return leases, nil
}

// CheckPort is nil where a service could bind the port now, and ports.ErrTaken where somebody
// listens on it.
func (s *Runs) CheckPort(port int) error { return s.p.e.Host.CheckPort(port) }

// freePort checks that the port can be bound. What one of our own runs left listening there is
// ended first. One that nobody listens on, and that the kernel keeps for a connection of a server
// that bound without SO_REUSEADDR, may well be bound by the time the service tries; if not, its end
// is not counted as a failure (explainEnd).
func (s *Runs) freePort(port int) error {
	// The bind alone, which is cheap, in the usual case; the tables only if somebody has the port.
	err := s.CheckPort(port)
	if !errors.Is(err, ports.ErrTaken) {
		return err
	}
	sockets, readErr := procinfo.ReadSockets()
	// Without the table nobody knows who it is: the port is taken, and that is what is said.
	if readErr != nil {
		return err
	}
	if !sockets.Listening(port) && procinfo.TimeWait(port) {
		return nil
	}
	pid, ok := sockets.Owner(port)
	if !ok || !s.p.e.Host.EndOrphan(pid, s.endedMarkers()) {
		return err
	}
	s.p.e.Log.Warn(
		"ended what a service had left behind on its port", "project", s.p.Name(), "port", port,
		"pid", pid,
	)
	return s.CheckPort(port)
}

// endedMarkers are those of the services' last runs that have ended. Only what carries one of them
// may be ended to free a port: what carries no marker is somebody's own, and what carries that of a
// live run still belongs to it.
func (s *Runs) endedMarkers() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for service, last := range s.markers {
		if s.live[service] == nil {
			out = append(out, last)
		}
	}
	return out
}

// PortTrouble says who has a port. A service whose port is taken fails, and is not moved to another
// one: bookmarks, callbacks registered elsewhere and the settings of other services point to it,
// and would reach whoever has the port now. A person can act on the sentence; nobody notices a
// move.
func PortTrouble(port int) string {
	sockets, err := procinfo.ReadSockets()
	if err != nil {
		return fmt.Sprintf("port %d is taken", port)
	}
	pid, ok := sockets.Owner(port)
	if !ok {
		return fmt.Sprintf("port %d is taken by a process of another user", port)
	}
	return fmt.Sprintf("port %d is taken by PID %d (%s)", port, pid, procinfo.CommandOf(pid))
}

// PreviewPorts are the ports that the services of spec have, or will have because they ask for
// them. It leases none: a service that was never started and asks for none has no port yet.
func (s *Runs) PreviewPorts(spec *project.Spec) map[string]int {
	return s.p.e.Ports.Peek(s.p.Root, spec.Names(), spec.PortWishes())
}
