package daemon

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/locald/locald/internal/crashpoint"
	"github.com/locald/locald/internal/daemon/logs"
	"github.com/locald/locald/internal/daemon/ports"
	"github.com/locald/locald/internal/daemon/proc"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
	"github.com/locald/locald/internal/project"
)

// run is one live run of a service.
type run struct {
	service  project.Service
	number   int
	settings project.Settings // in force when it was started
	spec     *project.Spec    // what it was started from
	base     []string         // and with
	marker   string
	port     int
	waits    bool // it is ready when it listens on its port, else when it has lived for a second
	process  *proc.Process
	captures []*logs.Capture
	released time.Time
	told     bool          // to stop
	quit     chan struct{} // closed when it has ended
}

// Spawn implements supervisor.Runner: the whole set is forked behind its gates
// and reported at once.
func (p *resident) Spawn(launches []supervisor.Launch) {
	go func() {
		results := p.launch(launches)
		p.actor.Launched(results)
		for _, l := range results { // only now: an end must not be reported before its start
			if r := p.runOf(l.Service, l.Run); r != nil {
				go p.follow(r)
			}
		}
	}()
}

// launchesAtOnce: one forks while the next opens its terminal. More would be in
// each other's way, and each holds descriptors that it gives back.
const launchesAtOnce = 4

func (p *resident) launch(launches []supervisor.Launch) []supervisor.Launched {
	out := make([]supervisor.Launched, len(launches))
	runs := make([]*run, len(launches))
	set, err := p.prepareLaunch()
	var wg sync.WaitGroup
	turns := make(chan struct{}, launchesAtOnce)
	for i, l := range launches {
		out[i].Launch = l
		if err != nil {
			out[i].Reason = err.Error()
			continue
		}
		turns <- struct{}{}
		wg.Go(func() {
			defer func() { <-turns }()
			runs[i], out[i].Failure, out[i].Reason = p.fork(l, set)
		})
	}
	wg.Wait()
	for i, r := range runs { // the log tells of them in the order of the Procfile
		if r != nil {
			out[i].Live = p.begin(r)
		}
	}
	crashpoint.Reach(crashpoint.AfterFork)
	return out
}

// launchSet is what all services of one launch have in common.
type launchSet struct {
	spec   *project.Spec
	base   []string // environment of the shell that entered
	umask  string   // its umask, in octal; "" where nobody said
	leases map[string]int
}

func (p *resident) prepareLaunch() (launchSet, error) {
	spec, base, err := p.current()
	if err != nil {
		return launchSet{}, err
	}
	crashpoint.Reach(crashpoint.BeforeLease)
	leases, err := p.lease(spec)
	crashpoint.Reach(crashpoint.AfterLease)
	base, umask := splitUmask(base)
	return launchSet{spec, base, umask, leases}, err
}

// splitUmask takes the umask out of what a client sent as an environment.
func splitUmask(env []string) (rest []string, umask string) {
	for _, entry := range env {
		value, ok := strings.CutPrefix(entry, ipc.UmaskName+"=")
		switch _, err := strconv.ParseUint(value, 8, 9); {
		case !ok:
			rest = append(rest, entry)
		case err == nil:
			umask = value
		}
	}
	return rest, umask
}

// lease gets the ports of the whole project, before anything is expanded:
// one service's environment may name the port of another.
func (p *resident) lease(spec *project.Spec) (map[string]int, error) {
	for _, s := range spec.Services {
		from := project.Heir(s.Name)
		if _, stays := spec.Service(from); from != "" && !stays {
			p.d.ports.Pass(p.root, from, s.Name)
		}
	}
	leases, refused, err := p.d.ports.Lease(p.root, spec.Names(), spec.PortWishes())
	if err != nil {
		return nil, err
	}
	for _, r := range refused {
		p.Note(r.Service, 0, fmt.Sprintf("the port %d that its files ask for is that of %s in another project; using %d", r.Wished, r.Holder.Service, leases[r.Service]))
	}
	p.mu.Lock()
	p.leases = leases
	p.mu.Unlock()
	return leases, nil
}

// fork starts one service behind its gate.
func (p *resident) fork(l supervisor.Launch, set launchSet) (*run, supervisor.Failure, string) {
	service, ok := set.spec.Service(l.Service)
	if !ok {
		return nil, "", set.spec.Procfile + " no longer has it"
	}
	port := set.leases[l.Service]
	if err := p.freePort(port); errors.Is(err, ports.ErrTaken) {
		return nil, supervisor.FailurePort, p.portTrouble(port)
	} else if err != nil {
		return nil, "", err.Error()
	}
	marker := newMarker()
	settings := set.spec.Settings(l.Service)
	env := set.spec.Environ(set.base, project.Injection{
		Project: p.name, Service: l.Service, Ports: set.leases, Extra: []string{proc.MarkerName + "=" + marker},
	})
	process, err := p.d.host.Start(proc.Command{
		Line: service.Command, Dir: p.root, Env: env.List(), Marker: marker, Port: port, TTY: settings.TTY, Umask: set.umask,
	})
	if err != nil {
		return nil, "", err.Error()
	}
	return &run{
		service: service, number: l.Run, settings: settings, spec: set.spec, base: set.base, marker: marker, port: port,
		process: process, quit: make(chan struct{}),
	}, "", ""
}

// freePort checks that the port can be bound. What one of our own runs left
// listening there is ended first. One that nobody listens on, and that the
// kernel keeps for a connection of a server that bound without SO_REUSEADDR,
// may well be bound by the time the service tries; if not, its end is not
// counted as a failure (explainEnd).
func (p *resident) freePort(port int) error {
	err := ports.Check(port)
	if !errors.Is(err, ports.ErrTaken) {
		return err
	}
	sockets, readErr := procinfo.ReadSockets()
	if readErr != nil {
		return err
	}
	if !sockets.Listening(port) && procinfo.TimeWait(port) {
		return nil
	}
	pid, ok := sockets.Owner(port)
	if !ok || !p.d.host.EndOrphan(pid, p.endedMarkers()) {
		return err
	}
	p.d.log.Warn("ended what a service had left behind on its port", "project", p.name, "port", port, "pid", pid)
	return ports.Check(port)
}

// endedMarkers are those of the services' last runs that have ended.
func (p *resident) endedMarkers() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for service, last := range p.markers {
		if p.runs[service] == nil {
			out = append(out, last)
		}
	}
	return out
}

// portTrouble says who has the port. It is never moved silently: bookmarks,
// callbacks and other services' settings point to it.
func (p *resident) portTrouble(port int) string {
	sockets, err := procinfo.ReadSockets()
	if err != nil {
		return fmt.Sprintf("port %d is taken", port)
	}
	pid, ok := sockets.Owner(port)
	if !ok {
		return fmt.Sprintf("port %d is taken by a process of another user", port)
	}
	return fmt.Sprintf("port %d is taken by PID %d (%s)", port, pid, procinfo.CommandOf(pid))
}

// begin captures the run's output.
func (p *resident) begin(r *run) *supervisor.Live {
	log := p.logs.Service(r.service.Name)
	// Said before the gate opens, so that it stands above the first line.
	p.sayIn(log, r, fmt.Sprintf("started as PID %d with PORT %d", r.process.Identity.PID, r.port))
	for _, o := range r.process.Outputs {
		source := logs.Output
		if o.Stderr {
			source = logs.Stderr
		}
		r.captures = append(r.captures, log.Capture(r.number, source, o.File))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	r.waits = p.waits(r.service, r.settings)
	p.runs[r.service.Name], p.markers[r.service.Name] = r, r.marker
	return &supervisor.Live{
		Leader: r.process.Identity, Marker: r.marker, Terminal: r.process.Terminal, Started: time.Now(),
	}
}

// waits reports whether a service is ready only once it listens. The lock is
// held.
func (p *resident) waits(s project.Service, settings project.Settings) bool {
	if settings.Ready != "" {
		return settings.Ready == "port"
	}
	return s.MentionsPort() || s.Of == "web" || p.listens[s.Name]
}

// follow waits for the end of a run and reports it once all it printed is in
// the log.
func (p *resident) follow(r *run) {
	<-r.process.Done()
	exit := r.process.Exit()
	log := p.logs.Service(r.service.Name)
	for _, c := range r.captures {
		if err := c.Finish(); err != nil {
			p.d.log.Error("cannot keep all output", "service", p.name+"/"+r.service.Name, "error", err)
		}
	}
	r.process.Close()
	close(r.quit)
	p.mu.Lock()
	released := r.released
	if p.runs[r.service.Name] == r {
		delete(p.runs, r.service.Name)
	}
	p.mu.Unlock()
	ev := supervisor.Event{Run: r.number, At: time.Now(), Exit: supervisor.Exit{Code: exit.Code, Signal: exit.Signal}}
	if !released.IsZero() {
		ev.Ran = time.Since(released)
	}
	p.explainEnd(log, r, exit, &ev)
	crashpoint.Reach(crashpoint.AfterStop)
	p.actor.Ended(r.service.Name, ev)
}

// explainEnd writes the end into the log and notices what the exit status does
// not tell.
func (p *resident) explainEnd(log *logs.Log, r *run, exit proc.Exit, ev *supervisor.Event) {
	say := func(text string) { p.sayIn(log, r, text) }
	say(p.howItEnded(r, ev.Exit))
	left := leftOf(exit)
	for _, l := range left {
		if l.Stuck {
			say(fmt.Sprintf("PID %d (%s) cannot be killed: it hangs in the kernel", l.PID, l.Command))
		} else {
			say(fmt.Sprintf("left alive: PID %d (%s), which it started and which holds nothing of it", l.PID, l.Command))
		}
	}
	p.mu.Lock()
	p.left[r.service.Name] = left
	p.mu.Unlock()
	if ev.Exit.OK() || ev.Ran > timeWaitSuspect {
		return
	}
	if sockets, err := procinfo.ReadSockets(); err == nil && !sockets.Listening(r.port) && procinfo.TimeWait(r.port) {
		ev.Free = true
		ev.Reason = fmt.Sprintf("%s; the kernel keeps port %d for up to a minute after its last connections (TIME_WAIT)", ev.Exit, r.port)
	}
}

// leftOf are the processes of a run that outlived it.
func leftOf(exit proc.Exit) (out []ipc.LeftProcess) {
	for _, s := range exit.Survivors {
		out = append(out, ipc.LeftProcess{PID: s.PID, Command: s.Command, Stuck: true})
	}
	for _, s := range exit.Detached {
		out = append(out, ipc.LeftProcess{PID: s.PID, Command: s.Command})
	}
	return out
}

// sayIn writes a notice and waits for the disk; not for the actor's goroutine.
func (p *resident) sayIn(log *logs.Log, r *run, text string) {
	if err := log.Note(r.number, text); err != nil {
		p.d.log.Error("cannot write to the log", "service", p.name+"/"+r.service.Name, "error", err)
	}
}

// howItEnded tells an end that was asked for from one that was not.
func (p *resident) howItEnded(r *run, e supervisor.Exit) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case r.released.IsZero(): // its shell ended at the gate, with a status that means nothing to anybody
		return "stopped before it was let go"
	case r.told:
		return "stopped, " + e.String()
	}
	return e.String()
}

// timeWaitSuspect is how soon a server that cannot bind gives up.
const timeWaitSuspect = 5 * time.Second

// Release implements supervisor.Runner.
func (p *resident) Release(service string, number int) {
	r := p.runOf(service, number)
	if r == nil {
		return
	}
	p.mu.Lock()
	r.released = time.Now()
	p.mu.Unlock()
	// An error means that it has ended already, which is reported by itself.
	_ = r.process.Release()
	crashpoint.Reach(crashpoint.AfterGate)
	p.d.prober.await(p, r)
}

// Discard implements supervisor.Runner.
func (p *resident) Discard(service string, number int) {
	if r := p.runOf(service, number); r != nil {
		r.process.Discard()
	}
}

// Stop implements supervisor.Runner.
func (p *resident) Stop(service string, number int, hurry bool) {
	r := p.runOf(service, number)
	if r == nil {
		return
	}
	p.mu.Lock()
	r.told = true
	p.mu.Unlock()
	switch {
	case hurry:
		r.process.Stop(syscall.SIGKILL, 0)
	default:
		r.process.Stop(r.settings.StopSignal, r.settings.StopTimeout)
	}
	crashpoint.Reach(crashpoint.InStop)
}

func (p *resident) runOf(service string, number int) *run {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.runs[service]; r != nil && r.number == number {
		return r
	}
	return nil
}

// listening remembers that a run listens, for the next one to be waited for.
func (p *resident) listening(r *run, listener procid.Identity, ports []int) {
	p.mu.Lock()
	p.listens[r.service.Name] = !listener.IsZero()
	p.mu.Unlock()
	p.actor.Ready(r.service.Name, r.number, listener, ports)
}

func newMarker() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}
