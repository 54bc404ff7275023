package engine

import (
	"errors"
	"fmt"

	"github.com/locald/locald/internal/daemon/ports"
	"github.com/locald/locald/internal/daemon/proc"
	"github.com/locald/locald/internal/project"
)

// lease gets the ports of the whole project, before anything is expanded: one service's environment
// may name the port of another.
func (p *Project) lease(spec *project.Spec) (map[string]int, error) {
	for _, s := range spec.Services {
		from := project.Heir(s.Name)
		if _, stays := spec.Service(from); from != "" && !stays {
			p.e.Ports.Pass(p.Root, from, s.Name)
		}
	}
	leases, refused, err := p.e.Ports.Lease(p.Root, spec.Names(), spec.PortWishes())
	if err != nil {
		return nil, err
	}
	for _, r := range refused {
		p.Note(r.Service, 0, fmt.Sprintf("the port %d that its files ask for is that of %s in another project; using %d", r.Wished, r.Holder.Service, leases[r.Service]))
	}
	p.mu.Lock()
	p.leases = leases
	p.mu.Unlock()
	return leases, nil
}

// freePort checks that the port can be bound. What one of our own runs left listening there is
// ended first. One that nobody listens on, and that the kernel keeps for a connection of a server
// that bound without SO_REUSEADDR, may well be bound by the time the service tries; if not, its end
// is not counted as a failure (explainEnd).
func (p *Project) freePort(port int) error {
	err := ports.Check(port)
	if !errors.Is(err, ports.ErrTaken) {
		return err
	}
	sockets, readErr := proc.ReadSockets()
	if readErr != nil {
		return err
	}
	if !sockets.Listening(port) && proc.TimeWait(port) {
		return nil
	}
	pid, ok := sockets.Owner(port)
	if !ok || !p.e.Host.EndOrphan(pid, p.endedMarkers()) {
		return err
	}
	p.e.Log.Warn("ended what a service had left behind on its port", "project", p.Name(), "port", port, "pid", pid)
	return ports.Check(port)
}

// endedMarkers are those of the services' last runs that have ended.
func (p *Project) endedMarkers() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for service, last := range p.markers {
		if p.runs[service] == nil {
			out = append(out, last)
		}
	}
	return out
}

// PortTrouble says who has a port. It is never moved silently: bookmarks, callbacks and other
// services' settings point to it.
func (p *Project) PortTrouble(port int) string {
	sockets, err := proc.ReadSockets()
	if err != nil {
		return fmt.Sprintf("port %d is taken", port)
	}
	pid, ok := sockets.Owner(port)
	if !ok {
		return fmt.Sprintf("port %d is taken by a process of another user", port)
	}
	return fmt.Sprintf("port %d is taken by PID %d (%s)", port, pid, proc.CommandOf(pid))
}

// PreviewPorts are the ports that the services of spec have, or would get if they were started now.
// It leases none.
func (p *Project) PreviewPorts(spec *project.Spec) (map[string]int, error) {
	leases, _, err := p.e.Ports.Lease(p.Root, spec.Names(), spec.PortWishes())
	return leases, err
}
