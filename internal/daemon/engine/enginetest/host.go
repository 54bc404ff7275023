// Package enginetest has an engine in a world of its own for tests: its files are in temporary
// directories, and its processes are nothing but what the test says of them. It lives
// in a synctest bubble, whose time is its time. Only tests import it.
//
// Goroutines: none of its own; timers that end a process which has been told to end.
//
// Locks: Host.mu, which guards the host and all of its processes, and counter.mu and disk.mu, each
// taken alone.
package enginetest

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/ports"
	"github.com/locald/locald/internal/daemon/proc"
	"github.com/locald/locald/internal/procid"
)

// Host is a machine on which nothing happens by itself: a process that was let go listens on its
// port at once and lives until it is ended.
type Host struct {
	mu     sync.Mutex
	starts []*Process // all that ever were
	lives  func(*Process)
	taken  map[int]bool // ports that a stranger has
	blind  bool         // no look at the system succeeds
	shells map[procid.Identity]chan struct{}
	pids   int
	most   map[string]int // directory → the most that were alive of one port in it at a time
	looks  int
}

func newHost() *Host {
	return &Host{
		taken: make(map[int]bool), shells: make(map[procid.Identity]chan struct{}), pids: 1000,
		most: make(map[string]int),
	}
}

// OnRelease has each process do something else than listen on its port when it is let go. do may
// call the process's methods.
func (h *Host) OnRelease(do func(*Process)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lives = do
}

// Take gives a port to a stranger, or takes it away.
func (h *Host) Take(port int, taken bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.taken[port] = taken
}

// Blind has every look at the system fail, or not any more.
func (h *Host) Blind(blind bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.blind = blind
}

// Looks is how often somebody looked at the system.
func (h *Host) Looks() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.looks
}

// Starts are all processes that were started, in that order.
func (h *Host) Starts() []*Process {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.starts)
}

// Living are those of them that have not ended.
func (h *Host) Living() []*Process {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(h.starts), func(p *Process) bool { return p.ended })
}

// Process is the live one that runs a line; it panics where there is not exactly one.
func (h *Host) Process(line string) *Process {
	found := slices.DeleteFunc(h.Living(), func(p *Process) bool { return p.Command.Line != line })
	if len(found) != 1 {
		panic("there is not one process alive of: " + line)
	}
	return found[0]
}

// Shell makes a shell, which lives until EndShell.
func (h *Host) Shell() procid.Identity {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pids++
	id := procid.Identity{Boot: "boot", PID: h.pids, Start: uint64(h.pids)}
	h.shells[id] = make(chan struct{})
	return id
}

// EndShell ends a shell.
func (h *Host) EndShell(id procid.Identity) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if gone, ok := h.shells[id]; ok {
		close(gone)
		delete(h.shells, id)
	}
}

func (h *Host) endShells() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, gone := range h.shells {
		close(gone)
		delete(h.shells, id)
	}
}

// Start implements engine.Host.
func (h *Host) Start(c proc.Command) (engine.Started, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pids++
	p := &Process{
		Command: c, h: h, done: make(chan struct{}),
		Identity: procid.Identity{Boot: "boot", PID: h.pids, Start: uint64(h.pids)},
	}
	h.starts = append(h.starts, p)
	return engine.Started{Process: p, Identity: p.Identity}, nil
}

// EndOrphan implements engine.Host: nothing is left behind here.
func (h *Host) EndOrphan(int, []string) bool { return false }

// CheckPort implements engine.Host.
func (h *Host) CheckPort(port int) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.taken[port] {
		return ports.ErrTaken
	}
	return nil
}

// Identify implements engine.Host.
func (h *Host) Identify(pid int) (procid.Identity, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id := range h.shells {
		if id.PID == pid {
			return id, nil
		}
	}
	return procid.Identity{}, procid.ErrGone
}

// Alive implements engine.Host.
func (h *Host) Alive(id procid.Identity) bool {
	_, err := h.Identify(id.PID)
	return err == nil
}

// Watch implements engine.Host.
func (h *Host) Watch(id procid.Identity) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if gone, ok := h.shells[id]; ok {
		return gone
	}
	gone := make(chan struct{})
	close(gone)
	return gone
}

// View implements engine.Host.
func (h *Host) View() (engine.View, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.looks++
	if h.blind {
		return nil, errors.New("the system does not tell")
	}
	return view{h}, nil
}

type view struct{ h *Host }

func (v view) Listening(port int) bool {
	v.h.mu.Lock()
	defer v.h.mu.Unlock()
	return v.h.taken[port] || slices.ContainsFunc(v.h.starts, func(p *Process) bool {
		return slices.Contains(p.listens, port)
	})
}

func (v view) Listeners(of engine.Process) (procid.Identity, []int) {
	p := of.(*Process)
	v.h.mu.Lock()
	defer v.h.mu.Unlock()
	if slices.Contains(p.listens, p.Command.Port) {
		return p.Identity, slices.Clone(p.listens)
	}
	return procid.Identity{}, slices.Clone(p.listens)
}

// Process is one process. Its methods beside those of engine.Process are the test's.
type Process struct {
	Command  proc.Command
	Identity procid.Identity

	h        *Host
	done     chan struct{}
	listens  []int
	released bool
	stubborn bool // only SIGKILL ends it
	ended    bool
	exit     proc.Exit
}

// Listen has the process listen on these ports and no others.
func (p *Process) Listen(on ...int) {
	p.h.mu.Lock()
	defer p.h.mu.Unlock()
	p.listens = on
}

// Ignore has the process ignore every signal that can be ignored.
func (p *Process) Ignore() {
	p.h.mu.Lock()
	defer p.h.mu.Unlock()
	p.stubborn = true
}

// End ends the process by itself.
func (p *Process) End(exit proc.Exit) {
	p.h.mu.Lock()
	defer p.h.mu.Unlock()
	p.end(exit)
}

// end needs the lock.
func (p *Process) end(exit proc.Exit) {
	if p.ended {
		return
	}
	p.ended, p.exit, p.listens = true, exit, nil
	close(p.done)
}

// Released reports whether the process was let go.
func (p *Process) Released() bool {
	p.h.mu.Lock()
	defer p.h.mu.Unlock()
	return p.released
}

// Release implements engine.Process.
func (p *Process) Release() error {
	p.h.mu.Lock()
	p.released = true
	lives := p.h.lives
	alive := 0
	for _, o := range p.h.starts {
		if o.Command.Dir == p.Command.Dir && o.Command.Port == p.Command.Port && !o.ended {
			alive++
		}
	}
	p.h.most[p.Command.Dir] = max(p.h.most[p.Command.Dir], alive)
	if lives == nil {
		p.listens = []int{p.Command.Port}
	}
	p.h.mu.Unlock()
	if lives != nil {
		lives(p)
	}
	return nil
}

// Most is how many processes in a directory had the same port at a time.
func (h *Host) Most(dir string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.most[dir]
}

// Discard implements engine.Process.
func (p *Process) Discard() { p.End(proc.Exit{Code: 125}) }

// Stop implements engine.Process.
func (p *Process) Stop(sig syscall.Signal, grace time.Duration) {
	p.h.mu.Lock()
	defer p.h.mu.Unlock()
	if p.stubborn && sig != syscall.SIGKILL {
		time.AfterFunc(grace, func() { p.End(proc.Exit{Code: -1, Signal: syscall.SIGKILL}) })
		return
	}
	p.end(proc.Exit{Code: -1, Signal: cmp.Or(sig, syscall.SIGTERM)})
}

// Done implements engine.Process.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exit implements engine.Process.
func (p *Process) Exit() proc.Exit {
	p.h.mu.Lock()
	defer p.h.mu.Unlock()
	return p.exit
}

// Close implements engine.Process.
func (p *Process) Close() {}

// Type implements engine.Process.
func (p *Process) Type([]byte) error { return nil }

// Resize implements engine.Process.
func (p *Process) Resize(uint16, uint16) error { return nil }
