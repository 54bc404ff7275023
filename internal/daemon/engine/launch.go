package engine

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
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

// Spawn implements supervisor.Runner: the whole set is forked behind its gates and reported at
// once, so that one record holds all of it. The actor calls it and goes on; forking, which reads
// files and waits for the kernel, is done on a goroutine of its own.
func (s *Runs) Spawn(launches []supervisor.Launch) {
	go func() {
		results := s.launch(launches)
		s.p.Actor.Launched(results)
		for _, l := range results { // only now: an end must not be reported before its start
			if r := s.of(l.Service, l.Run); r != nil {
				go s.follow(r)
			}
		}
	}()
}

// launchesAtOnce: one forks while the next opens its terminal. More would be in each other's way,
// and each holds descriptors that it gives back.
const launchesAtOnce = 4

func (s *Runs) launch(launches []supervisor.Launch) []supervisor.Launched {
	// Each goroutine below writes to its own elements only, so the slices need no lock.
	out := make([]supervisor.Launched, len(launches))
	runs := make([]*Run, len(launches))
	sets := launchSets{runs: s}
	var wg sync.WaitGroup
	turns := make(chan struct{}, launchesAtOnce)
	for i, l := range launches {
		out[i].Launch = l
		// Here and not in the goroutine: the sets are shared by the whole batch and have no lock.
		set, err := sets.of(l)
		if err != nil {
			out[i].Reason = err.Error()
			continue
		}
		turns <- struct{}{}
		wg.Go(func() {
			defer func() { <-turns }()
			runs[i], out[i].Failure, out[i].Reason = s.fork(l, set)
		})
	}
	wg.Wait()
	for i, r := range runs { // the log tells of them in the order of the Procfile
		if r != nil {
			out[i].Live = s.begin(r)
		}
	}
	// A daemon that dies here leaves shells on no record. Nobody has to find them: each reads the
	// end of its gate's pipe, which only this daemon could write to, and ends having run nothing.
	crashpoint.Reach(crashpoint.AfterFork)
	return out
}

// launchSet is what all services have in common that are started from one source.
type launchSet struct {
	Source
	umask  string // of the shell, in octal; "" where nobody said
	leases map[string]int
	err    error
}

// launchSets are those of one batch of launches: of the plan that ordered them, and of the files as
// they are now where the machine decided by itself. Each is made once, so that two services of a
// batch are never started from two states of the files, and files that cannot be read are read
// once.
type launchSets struct {
	runs    *Runs
	ordered map[*project.Spec]*launchSet
	now     *launchSet
}

func (b *launchSets) of(l supervisor.Launch) (*launchSet, error) {
	// Content is nil, and so no Source, if the machine decided by itself (supervisor.Launch).
	source, ordered := l.Content.(Source)
	if !ordered {
		if b.now == nil {
			source, err := b.runs.p.current()
			b.now = b.runs.prepare(source, err)
		}
		return b.now, b.now.err
	}
	set, ok := b.ordered[source.Spec]
	if !ok {
		set = b.runs.prepare(source, nil)
		if b.ordered == nil {
			b.ordered = make(map[*project.Spec]*launchSet)
		}
		b.ordered[source.Spec] = set
	}
	return set, set.err
}

// prepare leases the ports of the whole project. err is why there is no source. A daemon that dies
// after the lease and before the record has lost it, which costs nothing: where a port is looked
// for follows from the project's path and its other leases, so the next daemon comes to the same
// one unless somebody has taken it since.
func (s *Runs) prepare(source Source, err error) *launchSet {
	if err != nil {
		return &launchSet{err: err}
	}
	set := &launchSet{Source: source}
	set.Base, set.umask = SplitUmask(source.Base)
	crashpoint.Reach(crashpoint.BeforeLease)
	set.leases, set.err = s.Lease(source.Spec)
	crashpoint.Reach(crashpoint.AfterLease)
	return set
}

// SplitUmask takes the umask out of what a client sent as an environment. It travels there because
// it belongs to the shell just as its variables do; in a service's environment it would be a
// variable that nobody has set. One that is not an octal number is dropped.
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

// fork starts one service behind its gate. It returns a run, or why there is none. The port is
// looked at first: a command that cannot bind would fail in its own words, which seldom name who
// has the port. Another port is never taken instead, as PortTrouble says.
func (s *Runs) fork(l supervisor.Launch, set *launchSet) (*Run, supervisor.Failure, string) {
	service, ok := set.Spec.Service(l.Service)
	if !ok {
		return nil, "", set.Spec.Procfile + " no longer has it"
	}
	port := set.leases[l.Service]
	if err := s.freePort(port); errors.Is(err, ports.ErrTaken) {
		return nil, supervisor.FailurePort, PortTrouble(port)
	} else if err != nil {
		return nil, "", err.Error()
	}
	// A new one for each run: what an earlier run left behind is told from this one by it.
	marker := newMarker()
	settings := set.Spec.Settings(l.Service)
	env, err := set.Spec.Environ(set.Base, project.Injection{
		Project: s.p.Name(), Service: l.Service, Ports: set.leases,
		Extra: []string{proc.MarkerName + "=" + marker},
	})
	if err != nil {
		return nil, "", notExpanded(err)
	}
	started, err := s.p.e.Host.Start(proc.Command{
		Line: service.Command, Dir: s.p.Root, Env: env.List(), Marker: marker, Port: port,
		Leased: slices.Collect(maps.Values(set.leases)), TTY: settings.TTY, Umask: set.umask,
	})
	if err != nil {
		return nil, "", err.Error()
	}
	return &Run{
		Service: service, Number: l.Run, Port: port, Settings: settings, Source: set.Source,
		marker: marker, started: started, quit: make(chan struct{}),
	}, "", ""
}

// notExpanded says why a service has no environment, and what to do.
func notExpanded(err error) string {
	if parse, ok := errors.AsType[*project.ParseError](err); ok {
		return parse.Error() + "; " + parse.Hint
	}
	return err.Error()
}

// begin captures the run's output and makes the run known. It is live before Launched is posted:
// the actor answers that with Release or Discard, which look for it there.
func (s *Runs) begin(r *Run) *supervisor.Live {
	log := s.p.Logs.Service(r.Service.Name)
	// Said before the gate opens, so that it stands above the first line.
	s.sayIn(log, r, fmt.Sprintf("started as PID %d with PORT %d", r.started.Identity.PID, r.Port))
	for _, o := range r.started.Outputs {
		source := logs.Output
		if o.Stderr {
			source = logs.Stderr
		}
		r.captures = append(r.captures, log.Capture(r.Number, source, o.File))
	}
	// Before mu is taken, which Waits takes too.
	waits := s.Waits(r.Service, r.Settings)
	s.mu.Lock()
	defer s.mu.Unlock()
	r.waits = waits
	s.live[r.Service.Name], s.markers[r.Service.Name] = r, r.marker
	return &supervisor.Live{
		Leader: r.started.Identity, Marker: r.marker, Terminal: r.started.Terminal,
		Pipes: r.started.Pipes, Started: time.Now(),
	}
}

// Waits reports whether a service is ready only once it listens. The files may say so. If they do
// not: one that mentions its port means to use it, web listens by convention, and what listened the
// last time will listen again. Any other may never listen, and is ready once it has lived for a
// while.
func (s *Runs) Waits(of project.Service, settings project.Settings) bool {
	if settings.Ready != "" {
		return settings.Ready == "port"
	}
	return of.MentionsPort() || of.Of == "web" || s.listenedLast(of.Name)
}

func newMarker() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}
