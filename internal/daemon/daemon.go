// Package daemon is the one background process of a user: its lock, its socket, its log, and the
// order in which it starts and ends. What it does for projects is package engine's, and how it
// answers package api's.
//
// Start: lock, sweep what a dead daemon left, bind, serve, restore what was wanted. Stop: stop the
// services, which is said to whoever asks meanwhile, then unlink and unlock.
//
// Goroutines:
//   - one that accepts connections, and for each connection one, with one more that notices its
//     client's end;
//   - one that makes the socket and the lock again when somebody removes them;
//   - those of package engine.
package daemon

import (
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/locald/locald/internal/atomicfile"
	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/crashpoint"
	"github.com/locald/locald/internal/daemon/api"
	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/ports"
	"github.com/locald/locald/internal/daemon/proc"
	"github.com/locald/locald/internal/daemon/state"
	"github.com/locald/locald/internal/daemon/trust"
	"github.com/locald/locald/internal/detach"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/version"
	"github.com/locald/locald/internal/wire"
)

// Daemon is the process.
type Daemon struct {
	paths   paths.Paths
	log     *slog.Logger
	started time.Time
	guard   *guard

	engine   *engine.Engine
	handlers map[string]ipc.Handler

	stop     chan bool // asked to stop; true keeps what is up wanted
	stopping atomic.Bool
	panics   atomic.Int64
	clients  crowd
	buffers  ipc.Budget
}

// Run is the daemon's life. It returns when the daemon has stopped, or with the sentence why it
// could not start. ready hears detach.Ready once it listens, or that sentence, and is closed in
// either case.
func Run(p paths.Paths, ready io.WriteCloser) error {
	d, err := prepare(p)
	if err != nil {
		tell(ready, err.Error()+"\n")
		return err
	}
	defer d.guard.close()
	crashpoint.Reach(crashpoint.BeforeBind)
	if err := d.guard.open(); err != nil {
		d.engine.Shutdown(true)
		tell(ready, err.Error()+"\n")
		return err
	}
	d.log.Info(
		"the daemon is up", "pid", os.Getpid(), "version", version.String(),
		"socket", d.guard.address(),
	)
	d.engine.Restore()
	d.guard.start()
	tell(ready, detach.Ready)
	keep := d.awaitStop()
	d.stopping.Store(true) // who asks from now on is told so, and waits for the end
	d.engine.Shutdown(keep)
	d.log.Info("the daemon has stopped")
	return nil
}

// tell writes to whoever started us, who may have given up waiting.
func tell(ready io.WriteCloser, text string) {
	_, _ = io.WriteString(ready, text)
	ready.Close()
}

// prepare takes the lock before it touches anything else, then cleans up after a predecessor.
func prepare(p paths.Paths) (*Daemon, error) {
	detach.Seal()
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
	log := slog.New(slog.NewTextHandler(logFile(p.DaemonLog(), os.Stderr), nil))
	if p.Refused != nil {
		log.Warn("XDG_RUNTIME_DIR is not used: " + p.Refused.Error())
	}
	d := &Daemon{paths: p, log: log, started: time.Now(), stop: make(chan bool, 1)}
	d.guard = newGuard(p, log, l, d.serve, func() { d.engine.Rewrite() })
	if err := d.assemble(); err != nil {
		l.release()
		return nil, err
	}
	return d, nil
}

// assemble wires the packages that do the work, and takes over what the records say.
func (d *Daemon) assemble() error {
	config, configTrouble := configuration(d.paths)
	if configTrouble != "" {
		d.log.Warn(configTrouble)
	}
	host, err := proc.NewHost()
	if err != nil {
		return err
	}
	for _, dir := range d.paths.Written() {
		if err := atomicfile.Clean(dir); err != nil { // what a crash left there costs room only
			d.log.Warn(err.Error())
		}
	}
	here, err := procid.Here()
	if err != nil {
		return err
	}
	self, err := procid.Of(os.Getpid())
	if err != nil {
		return err
	}
	store := state.NewStore(d.paths.Projects())
	d.engine = engine.New(engine.Deps{
		Home: d.paths.Home, LogsDir: d.paths.Logs(), UID: os.Geteuid(), Log: d.log,
		Place: here, Self: self,
		Host: engine.NewHost(host), Ports: ports.NewBook(portRange(config), ports.Check),
		Records: store, Trust: trust.NewStore(d.paths.Trust()),
		Config: config, Limits: logLimits(config), Alive: debugAlive(),
		Effort: debugEffort(),
	})
	d.handlers = make(map[string]ipc.Handler)
	for _, h := range api.New(d.engine, d, configTrouble).Handlers() {
		d.handlers[h.Op] = h
	}
	return recall(d.engine, host, store)
}

// awaitStop returns when the daemon is asked to stop. Signals end it as `daemon stop` does; SIGHUP
// too, because a daemon without its user's session has nobody to serve.
func (d *Daemon) awaitStop() (keep bool) {
	signals := make(chan os.Signal, 1)
	signal.Notify(
		signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1,
	)
	select {
	case keep = <-d.stop:
	case s := <-signals:
		d.log.Info("stopping", "signal", s.String())
		keep = s == syscall.SIGUSR1
	}
	return keep
}

// Stop implements api.Daemon. A second call changes nothing.
func (d *Daemon) Stop(keep bool) {
	select {
	case d.stop <- keep:
	default:
	}
}

// Describe implements api.Daemon.
func (d *Daemon) Describe() wire.DaemonReply {
	return wire.DaemonReply{
		PID: os.Getpid(), Version: version.String(), Started: d.started.UTC(),
		Socket: bytestr.String(d.guard.address()), Log: bytestr.String(d.paths.DaemonLog()),
		Data: bytestr.String(d.paths.Data), Stopping: d.stopping.Load(), Panics: d.panics.Load(),
	}
}

func (d *Daemon) hello() wire.Hello {
	return wire.Hello{
		Version: version.String(), PID: os.Getpid(), Started: &d.started,
		Data: bytestr.String(d.paths.Data), Log: bytestr.String(d.paths.DaemonLog()),
		Stopping: d.stopping.Load(),
	}
}
