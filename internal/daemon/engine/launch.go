package engine

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/locald/locald/internal/crashpoint"
	"github.com/locald/locald/internal/daemon/logs"
	"github.com/locald/locald/internal/daemon/ports"
	"github.com/locald/locald/internal/daemon/proc"
	"github.com/locald/locald/internal/daemon/state"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/project"
)

// Spawn implements supervisor.Runner: the whole set is forked behind its gates and reported at once.
func (p *Project) Spawn(launches []supervisor.Launch) {
	go func() {
		results := p.launch(launches)
		p.Actor.Launched(results)
		for _, l := range results { // only now: an end must not be reported before its start
			if r := p.runOf(l.Service, l.Run); r != nil {
				go p.follow(r)
			}
		}
	}()
}

// launchesAtOnce: one forks while the next opens its terminal. More would be in each other's way,
// and each holds descriptors that it gives back.
const launchesAtOnce = 4

func (p *Project) launch(launches []supervisor.Launch) []supervisor.Launched {
	out := make([]supervisor.Launched, len(launches))
	runs := make([]*Run, len(launches))
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
	Source
	umask  string // of the shell, in octal; "" where nobody said
	leases map[string]int
}

func (p *Project) prepareLaunch() (launchSet, error) {
	source, err := p.current()
	if err != nil {
		return launchSet{}, err
	}
	crashpoint.Reach(crashpoint.BeforeLease)
	leases, err := p.lease(source.Spec)
	crashpoint.Reach(crashpoint.AfterLease)
	umask := ""
	source.Base, umask = SplitUmask(source.Base)
	return launchSet{source, umask, leases}, err
}

// SplitUmask takes the umask out of what a client sent as an environment.
func SplitUmask(env []string) (rest []string, umask string) {
	for _, entry := range env {
		value, ok := strings.CutPrefix(entry, state.UmaskName+"=")
		switch _, err := strconv.ParseUint(value, 8, 9); {
		case !ok:
			rest = append(rest, entry)
		case err == nil:
			umask = value
		}
	}
	return rest, umask
}

// fork starts one service behind its gate.
func (p *Project) fork(l supervisor.Launch, set launchSet) (*Run, supervisor.Failure, string) {
	service, ok := set.Spec.Service(l.Service)
	if !ok {
		return nil, "", set.Spec.Procfile + " no longer has it"
	}
	port := set.leases[l.Service]
	if err := p.freePort(port); errors.Is(err, ports.ErrTaken) {
		return nil, supervisor.FailurePort, p.PortTrouble(port)
	} else if err != nil {
		return nil, "", err.Error()
	}
	marker := newMarker()
	settings := set.Spec.Settings(l.Service)
	env := set.Spec.Environ(set.Base, project.Injection{
		Project: p.Name(), Service: l.Service, Ports: set.leases, Extra: []string{proc.MarkerName + "=" + marker},
	})
	started, err := p.e.Host.Start(proc.Command{
		Line: service.Command, Dir: p.Root, Env: env.List(), Marker: marker, Port: port, TTY: settings.TTY, Umask: set.umask,
	})
	if err != nil {
		return nil, "", err.Error()
	}
	return &Run{
		Service: service, Number: l.Run, Port: port, Settings: settings, Source: set.Source,
		marker: marker, started: started, quit: make(chan struct{}),
	}, "", ""
}

// begin captures the run's output.
func (p *Project) begin(r *Run) *supervisor.Live {
	log := p.Logs.Service(r.Service.Name)
	// Said before the gate opens, so that it stands above the first line.
	p.sayIn(log, r, fmt.Sprintf("started as PID %d with PORT %d", r.started.Identity.PID, r.Port))
	for _, o := range r.started.Outputs {
		source := logs.Output
		if o.Stderr {
			source = logs.Stderr
		}
		r.captures = append(r.captures, log.Capture(r.Number, source, o.File))
	}
	waits := p.Waits(r.Service, r.Settings)
	p.mu.Lock()
	defer p.mu.Unlock()
	r.waits = waits
	p.runs[r.Service.Name], p.markers[r.Service.Name] = r, r.marker
	return &supervisor.Live{
		Leader: r.started.Identity, Marker: r.marker, Terminal: r.started.Terminal, Started: time.Now(),
	}
}

// Waits reports whether a service is ready only once it listens.
func (p *Project) Waits(s project.Service, settings project.Settings) bool {
	if settings.Ready != "" {
		return settings.Ready == "port"
	}
	return s.MentionsPort() || s.Of == "web" || p.ListenedLast(s.Name)
}

func newMarker() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}
