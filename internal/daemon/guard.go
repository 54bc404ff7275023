package daemon

import (
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/locald/locald/internal/filewatch"
	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/pidfile"
)

// guard keeps the daemon reachable, and the only one, when somebody removes its files while it
// lives: a logout that takes the runtime directory along, a cleaner of /tmp, a hand that removes
// the data directory. It never gives up.
type guard struct {
	paths   paths.Paths
	log     *slog.Logger
	accept  func(net.Listener)
	rewrite func() // puts the records on disk again

	quit  chan struct{}
	ended chan struct{} // closed at the end of watch; nil where it was not started

	mu     sync.Mutex
	lock   *lock
	socket *socket
}

func newGuard(
	p paths.Paths, log *slog.Logger, l *lock, accept func(net.Listener), rewrite func(),
) *guard {
	return &guard{
		paths: p, log: log, lock: l, accept: accept, rewrite: rewrite, quit: make(chan struct{}),
	}
}

// open makes the socket, says in the PID file where it is, and begins to accept. A socket of before
// goes on serving whom it has, and takes nobody any more.
func (g *guard) open() error {
	next, err := bind(g.paths)
	if err != nil {
		return err
	}
	if err := pidfile.Write(g.paths.PIDFile(), next.path); err != nil {
		next.remove()
		return err
	}
	g.mu.Lock()
	before := g.socket
	g.socket = next
	g.mu.Unlock()
	if before != nil {
		before.remove()
	}
	go g.accept(next)
	return nil
}

// address is the socket that clients find us at.
func (g *guard) address() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.socket.path
}

// held returns the present socket and lock.
func (g *guard) held() (*socket, *lock) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.socket, g.lock
}

// close takes everything away, last of all the lock.
func (g *guard) close() {
	close(g.quit)
	if g.ended != nil {
		<-g.ended
	}
	if s, _ := g.held(); s != nil {
		// What cannot be removed is stale, which the next start copes with.
		_ = pidfile.Remove(g.paths.PIDFile())
		s.remove()
	}
	_, l := g.held()
	l.release()
}

// The pauses between two tries to repair what was removed.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 30 * time.Second
)

// start watches until close.
func (g *guard) start() {
	g.ended = make(chan struct{})
	go func() {
		defer close(g.ended)
		for g.intact() {
			g.repair()
		}
	}()
}

// repair tries until everything is in place again, or the guard is closed. While it cannot be, an
// error is said once, and a time-out is the only thing to wait for: what is in the way may be a
// full disk as well as a directory that is not there.
func (g *guard) repair() {
	said := ""
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := g.reestablish()
		if err == nil {
			return
		}
		if err.Error() != said {
			said = err.Error()
			g.log.Error("cannot be reached; trying again", "error", err)
		}
		select {
		case <-g.quit:
			return
		case <-time.After(pause):
		}
	}
}

// intact waits until the socket or the lock file has gone. It returns false when the guard is to
// end instead.
func (g *guard) intact() bool {
	socket, stopSocket := g.watch(g.address())
	defer stopSocket()
	lock, stopLock := g.watch(g.paths.Lock())
	defer stopLock()
	select {
	case <-socket:
	case <-lock:
	case <-g.quit:
		return false
	}
	return true
}

// watch is filewatch.Gone; what has gone already is gone, and what cannot be watched is taken to
// stay.
func (g *guard) watch(path string) (<-chan struct{}, func()) {
	gone, cancel, err := filewatch.Gone(path)
	if err == nil {
		return gone, cancel
	}
	missing := make(chan struct{})
	if errors.Is(err, fs.ErrNotExist) {
		close(missing)
	} else {
		g.log.Warn("cannot watch a file that must stay", "path", path, "error", err)
	}
	return missing, func() {}
}

// reestablish makes anew what has gone. Clients that are being served notice nothing. The socket
// comes first: once we can be reached, a daemon that was started meanwhile and has the lock gives
// up.
func (g *guard) reestablish() error {
	if err := g.paths.MakeData(); err != nil {
		return err
	}
	s, l := g.held()
	if !s.inPlace() {
		if err := g.open(); err != nil {
			return err
		}
		g.log.Warn("the socket was removed; made it again", "socket", g.address())
	}
	if l.current(g.paths) {
		return nil
	}
	return g.relock()
}

// relockPatience is how long a daemon whose lock file was removed waits for those that were started
// meanwhile to notice it.
const relockPatience = 30 * time.Second

// relock takes the lock again, and writes the records again too: where the lock file went, they may
// have.
func (g *guard) relock() error {
	next, err := takeLock(g.paths, func(locked <-chan struct{}) error {
		select {
		case <-locked:
			return nil
		case <-g.quit:
			return errors.New("stopping")
		case <-time.After(relockPatience):
			return errors.New("another daemon has the lock")
		}
	})
	if err != nil {
		return err
	}
	g.mu.Lock()
	g.lock.release()
	g.lock = next
	g.mu.Unlock()
	g.log.Warn("the lock file was removed; made it again", "path", g.paths.Lock())
	g.rewrite()
	return pidfile.Write(g.paths.PIDFile(), g.address())
}
