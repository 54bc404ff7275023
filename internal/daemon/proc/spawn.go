package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"syscall"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
)

// shell runs a service's line, as every Procfile runner does.
const shell = "/bin/sh"

// gateScript waits for one line on descriptor 3 and then becomes the real shell: same PID, same
// start time, so what was recorded stays true. When the daemon dies first, read meets the end of
// the pipe and nothing has run.
const gateScript = `read -r locald_gate <&3 || exit 125
exec 3<&-
[ -z "$2" ] || umask "$2"
exec ` + shell + ` -c "$1"`

// size is that of the terminal that a service sees until somebody attaches to it.
var size = pty.Winsize{Rows: 40, Cols: 120}

// Host starts processes and remembers which of the daemon's children are leaders of runs, whose
// status their owners take; every other child is an orphan that it has adopted.
type Host struct {
	// Trace, if set, hears of every signal before it is sent (a negative PID is a group). Set it
	// before the first Start.
	Trace func(pid int, sig syscall.Signal)

	mu      sync.Mutex // held over fork and over reap, so that neither sees half of the other
	leaders map[int]bool

	core    coreLimit        // of the services
	scanner procinfo.Scanner // shared by all runs: a scan costs the same for one as for all
	reserve reserve
}

// newHost fills the reserve first of all, while there are descriptors.
func newHost() *Host {
	h := &Host{leaders: make(map[int]bool), core: leaveNoCore()}
	h.reserve.fill()
	h.scanner.Retry = h.reserve.use
	return h
}

// Start forks the command behind its gate. Nothing of it runs before Release.
func (h *Host) Start(c Command) (*Process, error) {
	if err := isDirectory(c.Dir); err != nil {
		return nil, fmt.Errorf("cannot start in %s: %w", c.Dir, err)
	}
	gateRead, gateWrite, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("cannot start: %w", err)
	}
	defer gateRead.Close()
	if limit, scarce := descriptorsScarce(gateWrite); scarce {
		gateWrite.Close()
		return nil, fmt.Errorf("cannot start: the %d file descriptors that the daemon may have "+
			"are nearly used up; raise the limit (ulimit -n) and run: locald daemon restart", limit)
	}
	io, err := newStreams(c.TTY)
	if err != nil {
		gateWrite.Close()
		return nil, fmt.Errorf("cannot start: %w", err)
	}
	p, err := h.fork(c, io, gateRead)
	if err != nil {
		gateWrite.Close()
		io.closeAll()
		return nil, err
	}
	p.gate = gateWrite
	go p.own()
	return p, nil
}

// isDirectory is asked before the fork, whose own error would name the shell and not the directory.
// Only what is known to be gone is called so: one may also be forbidden to look.
func isDirectory(dir string) error {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return errors.New("the directory is gone")
	}
	return err
}

// fork starts the shell behind its gate. The child is registered as a leader under the same lock:
// otherwise the reaper of orphans would take the status of one that ends at once.
func (h *Host) fork(c Command, io *streams, gate *os.File) (*Process, error) {
	defer io.closeChild()
	attr := &syscall.ProcAttr{
		Dir:   c.Dir,
		Env:   c.Env,
		Files: append(io.childFDs(), gate.Fd()),
		Sys:   &syscall.SysProcAttr{Setsid: true, Setctty: c.TTY},
	}
	h.mu.Lock()
	argv := []string{shell, "-c", gateScript, shell, c.Line, c.Umask}
	pid, err := h.core.forkExec(shell, argv, attr)
	if err == nil {
		h.leaders[pid] = true
	}
	h.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("cannot start: %w", err)
	}
	brandProcess(pid, c.Marker)
	id, leader, err := h.follow(pid)
	if err != nil {
		return nil, fmt.Errorf("cannot start: %w", err)
	}
	links, pipes := io.links(), []string(nil)
	if io.terminal == "" {
		pipes = links
	}
	return &Process{
		Identity: id, Terminal: io.terminal, Pipes: pipes, Outputs: io.outputs, held: io.held,
		host: h, leader: leader,
		tree:  newTree(id, c, links),
		stops: make(chan stopRequest, 1), done: make(chan struct{}),
	}, nil
}

// errEndedAtTheGate is said of a child that was gone before it could be watched: a limit on CPU
// time or memory may have ended it.
var errEndedAtTheGate = errors.New("its shell ended before it ran anything")

// follow identifies and watches a new child. A child that cannot be watched is ended here, still
// behind its gate. Nobody else can reap it, so a child that is gone has ended by itself.
func (h *Host) follow(pid int) (procid.Identity, <-chan struct{}, error) {
	id, err := procid.Of(pid)
	var gone <-chan struct{}
	if err == nil {
		gone, _, err = procinfo.TryWatch(id)
	}
	if err != nil {
		h.trace(-pid, syscall.SIGKILL)
		_ = syscall.Kill(-pid, syscall.SIGKILL) // it is our unreaped child: the number is its own
		h.reap(pid)
		if errors.Is(err, procid.ErrGone) {
			err = errEndedAtTheGate
		}
		return procid.Identity{}, nil, err
	}
	return id, gone, nil
}

// streams are both ends of what a service reads and writes.
type streams struct {
	child    [3]*os.File
	outputs  []Output
	held     []*os.File
	terminal string
}

// newStreams makes what a service reads and writes: a terminal, for the colours and the line at a
// time that programs keep for people, or pipes, which tell stdout from stderr.
func newStreams(tty bool) (*streams, error) {
	if tty {
		return newTerminal()
	}
	return newPipes()
}

// newTerminal keeps our descriptor of the terminal's far end open until Close: macOS drops unread
// output when the last one goes. Output processing is off, so that a line ends in LF as in a pipe.
func newTerminal() (*streams, error) {
	master, slave, err := pty.Open()
	if err != nil {
		return nil, fmt.Errorf("no terminal is available: %w", err)
	}
	err = plain(slave)
	if err == nil {
		master, err = pollable(master)
	}
	if err != nil {
		master.Close()
		slave.Close()
		return nil, fmt.Errorf("cannot set up the terminal: %w", err)
	}
	// A failure leaves the size 0×0, which programs take for unknown.
	_ = pty.Setsize(slave, &size)
	return &streams{
		child:    [3]*os.File{slave, slave, slave},
		outputs:  []Output{{File: master}},
		held:     []*os.File{slave},
		terminal: slave.Name(),
	}, nil
}

// pollable moves a descriptor to the runtime's poller. The pty package puts it into blocking mode
// while it sets the terminal up (File.Fd does), and each service would then cost a thread that sits
// in read(2).
func pollable(f *os.File) (*os.File, error) {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return f, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return f, err
	}
	f.Close()
	return os.NewFile(uintptr(fd), f.Name()), nil
}

// newPipes gives stdin a pipe that nobody writes to and that stays open: watchers such as esbuild's
// quit when their input ends.
func newPipes() (*streams, error) {
	s := &streams{}
	var files []*os.File
	for range 3 {
		r, w, err := os.Pipe()
		if err != nil {
			for _, f := range files {
				f.Close()
			}
			return nil, err
		}
		files = append(files, r, w)
	}
	s.child = [3]*os.File{files[0], files[3], files[5]}
	s.held = []*os.File{files[1]}
	s.outputs = []Output{{File: files[2]}, {File: files[4], Stderr: true}}
	return s, nil
}

// childFDs puts the descriptors into blocking mode (File.Fd does): the flag is shared with the
// child, whose reads would otherwise fail with EAGAIN.
func (s *streams) childFDs() []uintptr {
	return []uintptr{s.child[0].Fd(), s.child[1].Fd(), s.child[2].Fd()}
}

// closeChild closes the child's ends that the parent has no use for.
func (s *streams) closeChild() {
	if s.terminal != "" {
		return
	}
	for _, f := range s.child {
		f.Close()
	}
}

// closeAll is for a start that has failed; the child's ends are closed by then.
func (s *streams) closeAll() {
	for _, f := range s.held {
		f.Close()
	}
	for _, o := range s.outputs {
		o.File.Close()
	}
}

// links are the names under which the system shows what we gave the service.
func (s *streams) links() []string {
	if s.terminal != "" {
		return []string{s.terminal}
	}
	var out []string
	for _, o := range s.outputs {
		if link, ok := procinfo.LinkOf(o.File); ok {
			out = append(out, link)
		}
	}
	return out
}
