package engine

import (
	"syscall"
	"time"

	"github.com/locald/locald/internal/daemon/ports"
	"github.com/locald/locald/internal/daemon/proc"
	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
)

// Host starts processes and looks at what they do. NewHost has the real one. It is an interface so
// that the tests of engine and api can end a process, or have one listen, at the moment that they
// are about. Its methods are called from many goroutines at the same time.
type Host interface {
	// Start forks a command behind its gate: nothing of it runs before Release.
	Start(proc.Command) (Started, error)
	// View is one look at the system's sockets and processes. On macOS it runs a program, so one
	// look has to do for all runs that are waited for at the time.
	View() (View, error)
	// EndOrphan ends a process if it is what a run left behind whose marker is among ended. It
	// reports whether it was that and is gone.
	EndOrphan(pid int, ended []string) bool
	// CheckPort is nil where a server could bind the port now, and ports.ErrTaken where somebody
	// listens on it.
	CheckPort(port int) error
	// Identify names the live process that has a PID.
	Identify(pid int) (procid.Identity, error)
	// Alive reports whether a process is still there.
	Alive(procid.Identity) bool
	// Watch returns a channel that is closed when a process has ended, at once if it has ended
	// already: so nobody has to ask Alive first, and no end falls between the two.
	Watch(procid.Identity) <-chan struct{}
}

// Started is a process behind its gate, and what is known of it from the first.
type Started struct {
	Process
	Identity procid.Identity
	Terminal string   // its path, "" with pipes
	Pipes    []string // their names, where the system shows them
	Outputs  []proc.Output
}

// Process is one run of a service, as the system has it. *proc.Process documents the methods.
type Process interface {
	Release() error
	Discard()
	Stop(sig syscall.Signal, grace time.Duration)
	Done() <-chan struct{}
	Exit() proc.Exit
	Close()
	Type(keys []byte) error
	Resize(rows, cols uint16) error
}

// View is one look at the system, good for many questions about the same instant.
type View interface {
	// Listening reports whether anybody listens on a port.
	Listening(port int) bool
	// Listeners returns the process of a run that listens on the run's own port (the zero identity
	// where none does), and all ports on which the run listens.
	Listeners(Process) (procid.Identity, []int)
}

// NewHost is this machine.
func NewHost(h *proc.Host) Host { return machine{h} }

type machine struct{ *proc.Host }

func (m machine) Start(c proc.Command) (Started, error) {
	p, err := m.Host.Start(c)
	if err != nil {
		return Started{}, err
	}
	return Started{p, p.Identity, p.Terminal, p.Pipes, p.Outputs}, nil
}

func (machine) CheckPort(port int) error { return ports.Check(port) }

func (machine) Identify(pid int) (procid.Identity, error) { return procid.Of(pid) }

func (machine) Alive(id procid.Identity) bool { return id.Alive() }

func (machine) Watch(id procid.Identity) <-chan struct{} {
	gone, _ := procinfo.Watch(id)
	return gone
}

func (m machine) View() (View, error) {
	v, err := m.Host.View()
	if err != nil {
		return nil, err
	}
	return view{v}, nil
}

type view struct{ *proc.View }

func (v view) Listening(port int) bool { return v.Sockets.Listening(port) }

func (v view) Listeners(p Process) (procid.Identity, []int) {
	return p.(*proc.Process).Listening(v.View) // a machine starts nothing else
}
