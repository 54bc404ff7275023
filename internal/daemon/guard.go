package daemon

import (
	"errors"
	"io/fs"
	"net"
	"time"

	"github.com/locald/locald/internal/filewatch"
)

// guard keeps the daemon reachable, and the only one, when somebody removes its
// files while it lives: a cleaner of /tmp, or a hand that "rm -r"s the runtime
// or the data directory. It returns what ends it, together with the listener.
func (d *Daemon) guard(l net.Listener) (stop func()) {
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for d.intact(quit) {
			next, err := d.reestablish(l)
			if err != nil {
				d.log.Error("cannot be reached any more; stop me with: kill PID", "error", err)
				break
			}
			l = next
		}
		<-quit
		l.Close()
	}()
	return func() {
		close(quit)
		<-ended
	}
}

// intact waits until the socket or the lock file has gone. It returns false
// when the guard is to end instead.
func (d *Daemon) intact(quit <-chan struct{}) bool {
	socket, stopSocket := d.watch(d.address())
	defer stopSocket()
	lock, stopLock := d.watch(d.paths.Lock())
	defer stopLock()
	select {
	case <-socket:
	case <-lock:
	case <-quit:
		return false
	}
	return true
}

// watch is filewatch.Gone; what has gone already is gone, and what cannot be
// watched is taken to stay.
func (d *Daemon) watch(path string) (<-chan struct{}, func()) {
	gone, cancel, err := filewatch.Gone(path)
	if err == nil {
		return gone, cancel
	}
	missing := make(chan struct{})
	if errors.Is(err, fs.ErrNotExist) {
		close(missing)
	} else {
		d.log.Warn("cannot watch a file that must stay", "path", path, "error", err)
	}
	return missing, func() {}
}

// reestablish makes anew what has gone. Clients that are being served notice
// nothing.
func (d *Daemon) reestablish(old net.Listener) (net.Listener, error) {
	if err := d.paths.MakeData(); err != nil {
		return old, err
	}
	l := old
	if !d.reachable() {
		next, err := d.open()
		if err != nil {
			return old, err
		}
		go d.accept(next)
		old.Close()
		d.log.Warn("the socket was removed and is made again", "socket", d.address())
		l = next
	}
	if d.lock.current(d.paths) {
		return l, nil
	}
	return l, d.relock()
}

// relock takes the lock again, and writes the records again too: where the lock
// file went, they may have. By now we can be reached, so a daemon that was
// started meanwhile and has the lock gives up.
func (d *Daemon) relock() error {
	l, err := takeLock(d.paths, func(locked <-chan error) error {
		select {
		case err := <-locked:
			return cannotLock(d.paths, err)
		case <-time.After(relockPatience):
			return errors.New("another daemon has the lock")
		}
	})
	if err != nil {
		return err
	}
	d.lock.release()
	d.lock = l
	d.log.Warn("the lock file was removed and is made again", "path", d.paths.Lock())
	for _, p := range d.registry.all() {
		p.actor.Rewrite()
	}
	return writePIDFile(d.paths, d.address())
}
