package engine

import (
	"slices"
	"sync"
	"time"
)

const (
	// aliveIsReady is when a service that is not waited for to listen counts
	// as ready.
	aliveIsReady = time.Second
	// elsewhere is after how long a service that listens, but not on its
	// port, is told of.
	elsewhere = 3 * time.Second
)

// prober finds out when runs become ready. The kernel tells nobody that a
// socket began to listen, so its table is looked at, at intervals of a
// twentieth of the time that a run has taken so far: what starts in 100 ms is
// noticed within 5. Where a look is dear, as on macOS, where it runs a program,
// the interval is at least ten times as long as the last one took. With no run
// to wait for nothing runs here.
type prober struct {
	host Host

	mu      sync.Mutex
	waiting []*awaited
	cost    time.Duration // of the last look
	running bool
	wake    chan struct{}
}

type awaited struct {
	runs  *Runs
	run   *Run
	since time.Time
	told  bool // that it listens elsewhere
}

func newProber(h Host) *prober { return &prober{host: h, wake: make(chan struct{}, 1)} }

// await reports the run's readiness to its actor.
func (b *prober) await(s *Runs, r *Run) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = append(b.waiting, &awaited{runs: s, run: r, since: time.Now()})
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
		d = min(d, a.pause(now, b.cost))
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

// pause is how long to wait until the next look, after one that cost so much.
// Who is not waited for to listen needs one, when it is old enough; if it
// fails, the next ones are as far apart as anybody's.
func (a *awaited) pause(now time.Time, cost time.Duration) time.Duration {
	age := now.Sub(a.since)
	if !a.run.waits && age < aliveIsReady {
		return aliveIsReady - age
	}
	return max(min(max(age/20, time.Millisecond), 5*time.Second), 10*cost)
}

func (b *prober) look(now time.Time) {
	defer b.looked(now)
	view, err := b.host.View()
	if err != nil {
		return // the next look may fare better
	}
	b.mu.Lock()
	list := slices.Clone(b.waiting)
	b.mu.Unlock()
	var ready []*awaited
	for _, a := range list {
		if !a.over() && a.check(now, view) {
			ready = append(ready, a)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = slices.DeleteFunc(
		b.waiting, func(a *awaited) bool { return slices.Contains(ready, a) },
	)
}

// looked notes what a look has cost that was begun then, whether or not it
// succeeded.
func (b *prober) looked(begun time.Time) {
	cost := time.Since(begun)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cost = cost
}

// check reports whether the run is ready, which it then has told its project.
// The processes are looked into only when somebody listens on the port at all.
func (a *awaited) check(now time.Time, view View) bool {
	age := now.Sub(a.since)
	patient := a.run.waits || age < aliveIsReady
	if patient && !view.Listening(a.run.Port) && (a.told || age < elsewhere) {
		return false
	}
	listener, ports := view.Listeners(a.run.started.Process)
	if !listener.IsZero() || !patient {
		a.runs.listening(a.run, listener, ports)
		return true
	}
	if len(ports) > 0 && age >= elsewhere && !a.told {
		a.told = true
		a.runs.p.Actor.Listens(a.run.Service.Name, a.run.Number, ports)
	}
	return false
}
