package engine

import (
	"slices"
	"sync"
	"time"
)

const (
	// aliveIsReady is when a service that is not waited for to listen counts as ready.
	aliveIsReady = time.Second
	// elsewhere is after how long a service that listens, but not on its port, is told of.
	elsewhere = 3 * time.Second
	// dear is what a look costs that runs a program. One that reads the kernel's tables takes a
	// tenth of it, also while fifty services start.
	dear = 20 * time.Millisecond
	// lookFor is how long a service is looked at by itself that does not listen. After that it is
	// looked at when somebody asks.
	lookFor = 5 * time.Minute
)

// prober finds out when runs become ready. The kernel tells nobody that a socket began to listen,
// and connecting to find out would be a client that a service sees and may count. So the kernel's
// table is looked at, at intervals of a twentieth of the time that a run has taken so far: what
// starts in 100 ms is noticed within 5, and what takes a minute is not looked at a thousand times a
// second. Where a look is dear, as on macOS, where it runs a program, the interval is at least ten
// times as long as the last one took. With no run to wait for, or none that is still looked for,
// nothing runs here.
type prober struct {
	host  Host
	alive time.Duration // aliveIsReady, which tests shorten

	// mu is held for a few loads and stores only: the actor takes it when it releases a run, and
	// must not wait for a look at the system.
	mu      sync.Mutex
	waiting []*awaited
	cost    time.Duration // of the last look
	running bool
	// asked says that somebody wants to know about those that are no longer looked for, too.
	asked bool
	// wake has room for one: a loop that is to reconsider need not be told twice.
	wake chan struct{}
}

// awaited is a run that is not ready yet.
type awaited struct {
	runs  *Runs
	run   *Run
	alive time.Duration
	since time.Time
	told  bool // that it listens elsewhere
}

func newProber(h Host, alive time.Duration) *prober {
	if alive <= 0 {
		alive = aliveIsReady
	}
	return &prober{host: h, alive: alive, wake: make(chan struct{}, 1)}
}

// await has the run's readiness reported to its actor. The actor calls it, after the gate has been
// opened: the time that a run takes to be ready is its own, without what the record took.
func (b *prober) await(s *Runs, r *Run) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = append(b.waiting, &awaited{runs: s, run: r, alive: b.alive, since: time.Now()})
	b.resume()
}

// lookAgain has also those looked at that are no longer looked for by themselves.
func (b *prober) lookAgain() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) > 0 {
		b.asked = true
		b.resume()
	}
}

// resume starts the loop, or has it reconsider a long pause. The lock is held.
func (b *prober) resume() {
	if !b.running {
		b.running = true
		go b.loop()
		return
	}
	select {
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

// pause is how long to wait until the next look; ok is false when there is nothing left to look
// for.
func (b *prober) pause(now time.Time) (d time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = slices.DeleteFunc(b.waiting, func(a *awaited) bool { return a.over() })
	if b.asked && len(b.waiting) > 0 {
		return 0, true
	}
	for _, a := range b.waiting {
		if next, looks := a.pause(now, b.cost); looks && (!ok || next < d) {
			d, ok = next, true
		}
	}
	// Decided under the lock: whoever adds a run after this finds that nothing is running, and
	// starts the loop again.
	b.running = ok
	return d, ok
}

func (a *awaited) over() bool {
	select {
	case <-a.run.quit:
		return true
	default:
		return false
	}
}

// pause is how long to wait until the next look, after one that cost so much; looks is false where
// it is looked at no more by itself. Who is not waited for to listen needs one look, when it is old
// enough; if that fails, the next ones are as far apart as anybody's.
func (a *awaited) pause(now time.Time, cost time.Duration) (d time.Duration, looks bool) {
	age := now.Sub(a.since)
	if !a.run.waits && age < a.alive {
		return a.alive - age, true
	}
	if age > lookFor {
		return 0, false
	}
	d = min(max(age/20, time.Millisecond), 5*time.Second)
	if cost >= dear {
		d = max(d, 10*cost)
	}
	return d, true
}

func (b *prober) look(now time.Time) {
	defer b.looked(now)
	view, err := b.host.View()
	if err != nil {
		return // the next look may fare better
	}
	// A copy, because check posts to actors and takes Runs.mu, which is never taken under mu. What
	// is added meanwhile is looked at the next time.
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

// looked notes what a look has cost that was begun then, whether or not it succeeded. A failure
// answers whoever asked as well: if it did not, the next look would follow at once, and the one
// after that.
func (b *prober) looked(begun time.Time) {
	cost := time.Since(begun)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cost, b.asked = cost, false
}

// check reports whether the run is ready, which it then has told its project. The processes are
// looked into only when somebody listens on the port at all.
func (a *awaited) check(now time.Time, view View) bool {
	age := now.Sub(a.since)
	patient := a.run.waits || age < a.alive
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
