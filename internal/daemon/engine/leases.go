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
func (s *Runs) Lease(spec *project.Spec) (map[string]int, error) {
	s.p.e.registry.claim(s.p)
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
	for _, r := range refused {
		s.Note(r.Service, 0, fmt.Sprintf(
			"port %d, which its files ask for, belongs to %s in another project; using %d",
			r.Wished, r.Holder.Service, leases[r.Service],
		))
	}
	s.mu.Lock()
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
	err := s.CheckPort(port)
	if !errors.Is(err, ports.ErrTaken) {
		return err
	}
	sockets, readErr := procinfo.ReadSockets()
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

// endedMarkers are those of the services' last runs that have ended.
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

// PortTrouble says who has a port. It is never moved silently: bookmarks, callbacks and other
// services' settings point to it.
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
