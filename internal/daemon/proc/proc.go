// Package proc owns the operating-system side of services: processes behind a gate, their
// terminals, their signals, the question which processes belong to a run, and the sweep of
// leftovers. What the system knows about processes it asks procinfo, which changes nothing.
//
// Goroutines:
//   - one owner for each Process, which alone signals and reaps it;
//   - on Linux one for a Host, which reaps adopted orphans;
//   - those of procinfo for each process whose end is awaited, which wait without a thread;
//   - on macOS one for each leader that could not be killed, until it ends.
package proc

import (
	"errors"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
)

// LeftoverGrace is how long a process that outlived its service has between SIGTERM and SIGKILL.
const LeftoverGrace = 2 * time.Second

// settle bounds the wait for processes that were sent SIGKILL. One in an uninterruptible system
// call dies when the kernel lets go of it, which nobody can hurry.
const settle = 3 * time.Second

// Command is one run of a service.
type Command struct {
	Line   string   // handed to /bin/sh -c unchanged
	Dir    string   // the project's root
	Env    []string // complete, with the marker
	Marker string   // the value of MarkerName in Env
	Port   int      // the service's lease, 0 where it has none
	Leased []int    // the leases of the whole project
	Umask  string   // octal; "" for the daemon's own
	TTY    bool     // a terminal; else pipes, which tell stdout from stderr
}

// MarkerName is the environment variable by which a run's processes are known again. It holds a
// random word, no secret.
const MarkerName = "LOCALD_RUN"

// Output is one stream of a process, open for reading, on the runtime's poller.
type Output struct {
	Stderr bool // only ever set without a terminal
	File   *os.File
}

// Exit is how a run ended.
type Exit struct {
	Code   int            // exit status, -1 where a signal ended it
	Signal syscall.Signal // 0 where it exited
	// Survivors could not be killed within the time given: they hang in the kernel. Detached
	// carried the run's marker but hold nothing of ours.
	Survivors, Detached []Info
}

// Info names a process for a person.
type Info struct {
	PID     int
	Command string // printable, shortened
}

// Process is one live run: a session of its own with the shell as leader.
type Process struct {
	Identity procid.Identity
	Terminal string   // the terminal's path, "" with pipes
	Pipes    []string // the names of those that it writes to, where the system shows them
	Outputs  []Output

	host     *Host
	tree     *tree
	gate     *os.File   // closing it unwritten ends the child before it ran anything
	held     []*os.File // our ends of its terminal or stdin, closed by Close
	stops    chan stopRequest
	leader   <-chan struct{} // closed when the leader has ended, not yet reaped
	done     chan struct{}
	exit     Exit
	gateOnce sync.Once
}

// stopRequest is what Stop asks of the owner.
type stopRequest struct {
	signal syscall.Signal
	grace  time.Duration
}

// Release lets the command go. It is called once the run is on record. It never blocks: one byte
// always has room in the pipe. With Discard it shares gateOnce, so that whichever comes first
// decides, and a gate that was closed is never opened.
func (p *Process) Release() error {
	err := errors.New("the gate is closed already")
	p.gateOnce.Do(func() {
		_, err = p.gate.Write([]byte("\n"))
		p.gate.Close()
	})
	return err
}

// Discard ends a process whose gate was not opened: nothing of the command has run and nothing
// will.
func (p *Process) Discard() {
	p.gateOnce.Do(func() { p.gate.Close() })
}

// Stop asks the whole run to end with sig and kills what is left after grace. It never blocks. Of
// several requests the one with the shortest grace wins.
func (p *Process) Stop(sig syscall.Signal, grace time.Duration) {
	request := stopRequest{sig, grace}
	for {
		select {
		case p.stops <- request:
			return
		case <-p.done:
			return
		case waiting := <-p.stops: // nobody has taken it yet: keep the more urgent one
			if waiting.grace < request.grace {
				request = waiting
			}
		}
	}
}

// Done is closed when the run has ended, every process of it is gone or known to be unkillable, and
// the leader is reaped.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exit is valid once Done is closed.
func (p *Process) Exit() Exit { return p.exit }

// Close gives the terminal or the pipes back. Called after the output has been drained: on macOS
// the last close of a terminal throws unread output away.
func (p *Process) Close() {
	for _, f := range p.held {
		f.Close()
	}
}

// own is the one goroutine that signals and reaps the process. As long as the leader is unreaped
// the kernel keeps its number, and with it the numbers of its group and session, so that no signal
// here can reach a stranger.
func (p *Process) own() {
	defer close(p.done)
	request := stopRequest{syscall.SIGTERM, LeftoverGrace}
	select {
	case <-p.leader:
	case request = <-p.stops:
	}
	c := shutdown{host: p.host, tree: p.tree, pinned: true, leader: p.leader, hurry: p.stops}
	survivors, detached := c.run(request)
	// Only now: the unreaped leader has kept its numbers from others while the rest was signalled.
	p.exit = p.reap()
	p.exit.Survivors, p.exit.Detached = survivors, detached
}

// reap takes the leader's status. A leader that cannot be killed is left to the host, which reaps
// it whenever it ends.
func (p *Process) reap() Exit {
	select {
	case <-p.leader:
	default:
		p.host.abandon(p.Identity.PID)
		return Exit{Code: -1, Signal: syscall.SIGKILL}
	}
	status := p.host.reap(p.Identity.PID)
	if status.Signaled() {
		return Exit{Code: -1, Signal: status.Signal()}
	}
	return Exit{Code: status.ExitStatus()}
}

// View is one look at all processes and sockets, good for many questions about the same instant.
type View struct {
	Sockets *procinfo.Sockets
	host    *Host
	scan    *procinfo.Scan
}

// View reads the socket table, and the processes once somebody asks about them.
func (h *Host) View() (*View, error) {
	s, err := procinfo.ReadSockets()
	if err != nil {
		return nil, err
	}
	return &View{Sockets: s, host: h}, nil
}

// Listening returns the process of the run that listens on the run's port (the zero identity where
// none does) and the ports on which the run listens. Each step costs more than the one before: the
// leader alone, its kin, all that may belong to it. The listener that is found stays the run's,
// also where it gives up by what it is known.
func (p *Process) Listening(v *View) (listener procid.Identity, ports []int) {
	listener, ports = p.listeners(v.Sockets, []procid.Identity{p.Identity})
	if !listener.IsZero() {
		return listener, ports
	}
	if v.scan == nil {
		v.scan = v.host.scanner.Scan()
	}
	if listener, ports = p.listeners(v.Sockets, p.tree.kin(v.scan)); listener.IsZero() {
		members, detached := p.tree.members(v.scan)
		listener, ports = p.listeners(v.Sockets, members)
		if len(ports) == 0 {
			_, ports = p.listeners(v.Sockets, detached)
		}
	}
	if !listener.IsZero() {
		p.tree.keep(listener)
	}
	return listener, ports
}

// listeners asks about some processes what Listening asks about the run.
func (p *Process) listeners(
	s *procinfo.Sockets, members []procid.Identity,
) (listener procid.Identity, ports []int) {
	for _, m := range members {
		of := s.Of(m.PID)
		if slices.Contains(of, p.tree.port) {
			listener = m
		}
		ports = append(ports, of...)
	}
	slices.Sort(ports)
	return listener, slices.Compact(ports)
}
