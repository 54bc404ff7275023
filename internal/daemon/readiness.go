package daemon

import (
	"os"
	"slices"
	"sync"
	"time"

	"github.com/locald/locald/internal/daemon/proc"
)

const (
	// aliveIsReady is when a service that is not waited for to listen counts
	// as ready. Tests shorten it with LOCALD_DEBUG_ALIVE.
	aliveIsReady = time.Second
	// elsewhere is after how long a service that listens, but not on its
	// port, is told of.
	elsewhere = 3 * time.Second
)

// prober finds out when runs become ready. The kernel tells nobody that a
// socket began to listen, so its table is looked at, at intervals of a
// twentieth of the time that a run has taken so far: what starts in 100 ms is
// noticed within 5. With no run to wait for nothing runs here.
type prober struct {
	host  *proc.Host
	alive time.Duration // aliveIsReady

	mu      sync.Mutex
	waiting []*awaited
	running bool
	wake    chan struct{}
}

type awaited struct {
	project *resident
	run     *run
	since   time.Time
	told    bool // that it listens elsewhere
}

func newProber(h *proc.Host) *prober {
	alive, err := time.ParseDuration(os.Getenv("LOCALD_DEBUG_ALIVE"))
	if err != nil {
		alive = aliveIsReady
	}
	return &prober{host: h, alive: alive, wake: make(chan struct{}, 1)}
}

// await reports the run's readiness to its project.
func (b *prober) await(p *resident, r *run) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = append(b.waiting, &awaited{project: p, run: r, since: time.Now()})
	if !b.running {
		b.running = true
		go b.loop()
		return
	}
	select { // the loop may be in a long pause for an old one
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *prober) loop() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		pause, ok := b.pause(time.Now())
		if !ok {
			return
		}
		timer.Reset(pause)
		select {
		case <-timer.C:
			b.look(time.Now())
		case <-b.wake:
		}
	}
}

// pause is how long to wait until the next look; ok is false when there is
// nothing left to wait for.
func (b *prober) pause(now time.Time) (d time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = slices.DeleteFunc(b.waiting, func(a *awaited) bool { return a.over() })
	if len(b.waiting) == 0 {
		b.running = false
		return 0, false
	}
	d = time.Hour
	for _, a := range b.waiting {
		d = min(d, a.pause(now, b.alive))
	}
	return d, true
}

func (a *awaited) over() bool {
	select {
	case <-a.run.quit:
		return true
	default:
		return false
	}
}

func (a *awaited) pause(now time.Time, alive time.Duration) time.Duration {
	age := now.Sub(a.since)
	if !a.run.waits {
		return max(alive-age, 0)
	}
	return min(max(age/20, time.Millisecond), 5*time.Second)
}

func (b *prober) look(now time.Time) {
	view, err := b.host.View()
	if err != nil {
		return // the next look may fare better
	}
	b.mu.Lock()
	list := slices.Clone(b.waiting)
	b.mu.Unlock()
	var ready []*awaited
	for _, a := range list {
		if !a.over() && a.check(now, b.alive, view) {
			ready = append(ready, a)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = slices.DeleteFunc(b.waiting, func(a *awaited) bool { return slices.Contains(ready, a) })
}

// check reports whether the run is ready, which it then has told its project.
// The processes are looked into only when somebody listens on the port at all.
func (a *awaited) check(now time.Time, alive time.Duration, view *proc.View) bool {
	age := now.Sub(a.since)
	patient := a.run.waits || age < alive
	if patient && !view.Sockets.Listening(a.run.port) && (a.told || age < elsewhere) {
		return false
	}
	listener, ports := a.run.process.Listening(view)
	if !listener.IsZero() || !patient {
		a.project.listening(a.run, listener, ports)
		return true
	}
	if len(ports) > 0 && age >= elsewhere && !a.told {
		a.told = true
		a.project.actor.Listens(a.run.service.Name, a.run.number, ports)
	}
	return false
}
