package daemon

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/pidfile"
)

// logged is a log that is read while others may write to it.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// guarded is a guard with everything in place.
func guarded(t *testing.T) (g *guard, log *logged, rewritten *int) {
	t.Helper()
	dir := shortDir(t)
	p := paths.Paths{Home: dir, Data: filepath.Join(dir, "data"), RuntimeDir: filepath.Join(dir, "run")}
	if err := p.MakeData(); err != nil {
		t.Fatal(err)
	}
	l, err := takeLock(p, func(locked <-chan struct{}) error {
		<-locked
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	log, rewritten = new(logged), new(int)
	text := slog.New(slog.NewTextHandler(log, nil))
	g = newGuard(p, text, l, func(net.Listener) {}, func() { *rewritten++ })
	if err := g.open(); err != nil {
		t.Fatal(err)
	}
	return g, log, rewritten
}

// inPlace checks that clients find the guard, and that nobody else can start.
func inPlace(t *testing.T, g *guard) {
	t.Helper()
	s, l := g.held()
	if !s.inPlace() {
		t.Error("the socket is not at its address")
	}
	if !l.current(g.paths) {
		t.Error("the lock is on a file that nobody else tries")
	}
	f, err := pidfile.Read(g.paths.PIDFile())
	if err != nil || f.PID != os.Getpid() || f.Socket != s.path {
		t.Errorf("the PID file says %+v, %v", f, err)
	}
	conn, err := net.Dial("unix", s.path)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func TestReestablish(t *testing.T) {
	for name, remove := range map[string]func(paths.Paths) error{
		"nothing":               func(paths.Paths) error { return nil },
		"the socket":            func(p paths.Paths) error { return os.Remove(p.Socket()) },
		"the runtime directory": func(p paths.Paths) error { return os.RemoveAll(p.RuntimeDir) },
		"the lock":              func(p paths.Paths) error { return os.Remove(p.Lock()) },
		"the data directory":    func(p paths.Paths) error { return os.RemoveAll(p.Data) },
		"everything": func(p paths.Paths) error {
			return errors.Join(os.RemoveAll(p.Data), os.RemoveAll(p.RuntimeDir))
		},
		"the socket, for a stranger's": func(p paths.Paths) error {
			return errors.Join(os.Remove(p.Socket()), os.WriteFile(p.Socket(), nil, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			g, _, rewritten := guarded(t)
			defer g.close()
			_, lock := g.held()
			if err := remove(g.paths); err != nil {
				t.Fatal(err)
			}
			if err := g.reestablish(); err != nil {
				t.Fatal(err)
			}
			inPlace(t, g)
			if _, now := g.held(); (now != lock) != (*rewritten == 1) {
				t.Errorf("the records were written %d times", *rewritten)
			}
		})
	}
}

// What is in the way may stay for long: it is tried again and again, ever more rarely, and told
// once. When it has gone, all is repaired.
func TestRepairBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, log, _ := guarded(t)
		defer g.close()
		if err := errors.Join(os.RemoveAll(g.paths.Data), os.WriteFile(g.paths.Data, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		repaired := make(chan struct{})
		go func() {
			defer close(repaired)
			g.repair()
		}()
		time.Sleep(time.Hour)
		synctest.Wait() // for the try that is due at this instant
		if lines := strings.Count(log.String(), "\n"); lines != 1 {
			t.Errorf("in an hour it said %d times: %s", lines, log)
		}
		if err := os.Remove(g.paths.Data); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		<-repaired
		if took := time.Since(begin); took > lastPause {
			t.Errorf("repaired after %v", took)
		}
		inPlace(t, g)
	})
}

// The end of the daemon does not wait for a repair that cannot be made.
func TestRepairEndsWithTheGuard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _, _ := guarded(t)
		if err := errors.Join(os.RemoveAll(g.paths.Data), os.WriteFile(g.paths.Data, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		g.ended = make(chan struct{})
		go func() {
			defer close(g.ended)
			g.repair()
		}()
		time.Sleep(lastPause)
		begin := time.Now()
		g.close()
		if took := time.Since(begin); took > 0 {
			t.Errorf("it took %v", took)
		}
	})
}

// A daemon that cannot have the lock again still knows the socket that it has made, and closes that
// one at its end.
func TestSocketOutlivesAFailedRelock(t *testing.T) {
	g, _, _ := guarded(t)
	before, lock := g.held()
	if err := errors.Join(os.Remove(g.paths.Lock()), os.Remove(g.paths.Socket())); err != nil {
		t.Fatal(err)
	}
	other, err := takeLock(g.paths, func(locked <-chan struct{}) error {
		<-locked
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer other.release()
	gaveUp := make(chan error)
	go func() { gaveUp <- g.reestablish() }()
	close(g.quit) // before the other one lets go
	if err := <-gaveUp; err == nil || !strings.Contains(err.Error(), "stopping") {
		t.Errorf("the lock is another's: %v", err)
	}
	after, held := g.held()
	if after == before || !after.inPlace() || held != lock {
		t.Error("the guard does not know what it has")
	}
	g.quit = make(chan struct{})
	g.close()
	if _, err := net.Dial("unix", g.paths.Socket()); err == nil {
		t.Error("somebody still listens after the end")
	}
}

// The socket is beside the usual one where another daemon of this user, with other data, has that.
func TestBindBesideAnother(t *testing.T) {
	first, _, _ := guarded(t)
	defer first.close()
	p := first.paths
	p.Data = filepath.Join(p.Home, "other")
	second, err := bind(p)
	if err != nil {
		t.Fatal(err)
	}
	if second.path == p.Socket() || !second.inPlace() {
		t.Errorf("bound at %s", second.path)
	}
	second.remove()
	inPlace(t, first)
}
