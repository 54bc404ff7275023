// Package daemon is the one background process of a user: it wires the
// supervisor to processes, logs, ports, records and trust, and serves clients.
// It is the only package that knows all of them.
//
// Start: lock, sweep what a dead daemon left, bind, restore what was wanted,
// serve. Stop: stop the services, record, unlink, unlock.
//
// Goroutines: one accepts connections; one makes the socket and the lock again
// when somebody removes them; one (with one more that notices its
// client's end) for each connection; one for each live shell in a project; for
// each live run one that waits for its end; one while services are awaited to
// be ready; for each wait one per project and one per log that is searched; one for a project while it has something to note in its logs or
// launches services.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/crashpoint"
	"github.com/locald/locald/internal/daemon/ports"
	"github.com/locald/locald/internal/daemon/proc"
	"github.com/locald/locald/internal/daemon/state"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/daemon/trust"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/userconfig"
	"github.com/locald/locald/internal/version"
)

// Daemon is the composition root.
type Daemon struct {
	paths   paths.Paths
	log     *slog.Logger
	uid     int
	started time.Time
	lock    *lock

	mu         sync.Mutex
	socket     string // where clients find us
	socketFile os.FileInfo

	host     *proc.Host
	ports    *ports.Book
	records  *state.Store
	trust    *trust.Store
	shells   *shells
	registry *registry
	prober   *prober

	troubles      map[string]string // slug → why its record could not be used; not changed after the start
	config        userconfig.Config
	configTrouble string // why the configuration does not hold, "" where it does

	stop chan bool // asked to stop; true keeps what is up wanted
}

// Run is the daemon's life. It returns when the daemon has stopped, or with
// the sentence why it could not start. ready hears "ready" once it listens, or
// that sentence, and is closed in either case.
func Run(p paths.Paths, ready io.WriteCloser) error {
	d, err := prepare(p)
	if err != nil {
		tell(ready, err.Error()+"\n")
		return err
	}
	defer func() { d.lock.release() }()
	crashpoint.Reach(crashpoint.BeforeBind)
	listener, err := d.open()
	if err != nil {
		d.shutdown(true)
		tell(ready, err.Error()+"\n")
		return err
	}
	d.log.Info("the daemon is up", "pid", os.Getpid(), "version", version.String(), "socket", d.address())
	d.restore()
	go d.accept(listener)
	stopGuard := d.guard(listener)
	tell(ready, ipc.Ready)
	keep := d.awaitStop()
	stopGuard()
	d.shutdown(keep)
	d.close()
	return nil
}

// tell writes to whoever started us, who may have given up waiting.
func tell(ready io.WriteCloser, text string) {
	_, _ = io.WriteString(ready, text)
	ready.Close()
}

// prepare takes the lock before it touches anything else, then cleans up after
// a predecessor.
func prepare(p paths.Paths) (*Daemon, error) {
	ipc.SealDescriptors()
	crashpoint.Arm()
	if err := p.MakeData(); err != nil {
		return nil, err
	}
	l, err := takeLock(p, unlessWell(p))
	if err != nil {
		return nil, err
	}
	if err := predecessor(p); err != nil {
		l.release()
		return nil, err
	}
	d := &Daemon{
		paths: p, log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
		uid: os.Geteuid(), started: time.Now(), lock: l,
		records: state.NewStore(p.Projects()), trust: trust.NewStore(p.Trust()),
		stop: make(chan bool, 1), troubles: make(map[string]string),
	}
	d.configure()
	d.ports = ports.NewBook(d.portRange(), ports.Check)
	d.shells, d.registry = newShells(), newRegistry(d)
	if d.host, err = proc.NewHost(); err == nil {
		d.prober = newProber(d.host)
		err = d.recall()
	}
	if err != nil {
		l.release()
		return nil, err
	}
	return d, nil
}

// recall reads the records and ends what is left of the runs in them.
func (d *Daemon) recall() error {
	records, troubles, err := d.records.Load()
	if err != nil {
		return err
	}
	for _, t := range troubles {
		d.log.Warn(t.Sentence)
		d.troubles[t.Slug] = t.Sentence
	}
	d.sweep(records)
	for slug, r := range records {
		d.ports.Adopt(string(r.Root), r.Ports)
		d.registry.recall(slug, r)
	}
	return nil
}

func (d *Daemon) sweep(records map[string]state.Record) {
	var left []proc.Leftover
	for _, r := range records {
		for _, run := range r.Runs {
			l := proc.Leftover{Leader: run.Leader, Marker: run.Marker, Terminal: run.Terminal}
			if run.Listener != nil {
				l.Listener = *run.Listener
			}
			left = append(left, l)
		}
	}
	if len(left) == 0 {
		return
	}
	swept := d.host.Sweep(left)
	crashpoint.Reach(crashpoint.InSweep)
	d.log.Warn("a daemon before this one ended without stopping its services", "runs", len(left), "killed", len(swept.Killed))
	for _, s := range swept.Survivors {
		d.log.Error("a leftover cannot be killed", "pid", s.PID, "command", s.Command)
	}
	for _, s := range swept.Detached {
		d.log.Info("left alive: started by a service, but it holds nothing of ours", "pid", s.PID, "command", s.Command)
	}
}

func (d *Daemon) open() (net.Listener, error) {
	l, socket, err := bind(d.paths)
	if err != nil {
		return nil, err
	}
	file, err := os.Lstat(socket)
	if err == nil {
		err = writePIDFile(d.paths, socket)
	}
	if err != nil {
		l.Close()
		os.Remove(socket)
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.socket, d.socketFile = socket, file
	return l, nil
}

// address is the socket that clients find us at.
func (d *Daemon) address() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.socket
}

// reachable reports whether what is at that address is still our socket.
func (d *Daemon) reachable() bool {
	now, err := os.Lstat(d.address())
	d.mu.Lock()
	defer d.mu.Unlock()
	return err == nil && os.SameFile(now, d.socketFile)
}

// restore starts again what was wanted when the daemon before us ended.
func (d *Daemon) restore() {
	for _, r := range d.registry.all() {
		r.restore()
	}
}

// awaitStop returns when the daemon is asked to stop. Signals end it as `daemon
// stop` does; SIGHUP too, because a daemon without its user's session has
// nobody to serve.
func (d *Daemon) awaitStop() (keep bool) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT)
	select {
	case keep = <-d.stop:
	case s := <-signals:
		d.log.Info("stopping", "signal", s.String())
	}
	return keep
}

// shutdown stops every service, all projects at once.
func (d *Daemon) shutdown(keep bool) {
	var wg sync.WaitGroup
	for _, r := range d.registry.all() {
		wg.Go(func() { r.shutdown(keep) })
	}
	wg.Wait()
}

func (d *Daemon) close() {
	// What cannot be removed is stale, which the next start copes with.
	os.Remove(d.paths.PIDFile())
	os.Remove(d.address())
	d.log.Info("the daemon has stopped")
}

// askStop asks the daemon to end; a second request changes nothing.
func (d *Daemon) askStop(keep bool) {
	select {
	case d.stop <- keep:
	default:
	}
}

func (d *Daemon) hello() ipc.Hello {
	return ipc.Hello{
		Version: version.String(), PID: os.Getpid(), Started: &d.started,
		Data: bytestr.String(d.paths.Data), Log: bytestr.String(d.paths.DaemonLog()),
	}
}

// serve answers one connection: one request.
func (d *Daemon) serve(conn net.Conn) {
	defer conn.Close()
	s, q, err := ipc.Accept(conn, d.hello())
	if err != nil {
		return // it was told
	}
	handle, ok := d.operations()[q.Op]
	if !ok {
		s.Fail(&ipc.Error{Code: ipc.CodeUnknownOp, Msg: fmt.Sprintf("cannot do %q: this daemon (%s) does not know that operation", q.Op, version.String()), Hint: "run: locald daemon restart"})
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	gone := s.Gone(ctx.Done(), q.Op == ipc.OpAttach)
	go func() {
		<-gone
		cancel()
	}()
	err = handle(ctx, s, q)
	if errors.Is(err, supervisor.ErrClosing) {
		err = &ipc.Error{Code: ipc.CodeShuttingDown, Msg: fmt.Sprintf("cannot %s: the daemon is shutting down", q.Op), Hint: "try again in a moment; the command starts a new one"}
	}
	if err != nil {
		s.Fail(err)
	}
}

type handler func(context.Context, *ipc.Session, ipc.Request) error

func (d *Daemon) operations() map[string]handler {
	return map[string]handler{
		ipc.OpAt: d.opAt, ipc.OpAllow: d.opAllow, ipc.OpDeny: d.opDeny,
		ipc.OpUp: d.opOrder, ipc.OpDown: d.opOrder, ipc.OpRestart: d.opOrder,
		ipc.OpStatus: d.opStatus, ipc.OpLogs: d.opLogs, ipc.OpEnv: d.opEnv, ipc.OpCheck: d.opCheck,
		ipc.OpDaemon: d.opDaemon, ipc.OpStop: d.opStop, ipc.OpForget: d.opForget,
		ipc.OpWait: d.opWait, ipc.OpAttach: d.opAttach,
	}
}

// sortedBy orders residents for output.
func sortedBy(list []*resident) []*resident {
	slices.SortFunc(list, func(a, b *resident) int {
		if a.name != b.name {
			if a.name < b.name {
				return -1
			}
			return 1
		}
		return 0
	})
	return list
}
