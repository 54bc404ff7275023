package engine

import (
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/locald/locald/internal/crashpoint"
	"github.com/locald/locald/internal/daemon/logs"
	"github.com/locald/locald/internal/daemon/proc"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
	"github.com/locald/locald/internal/project"
)

// Run is one live run of a service. What it was started from does not change while it lives,
// whatever its files say by then.
type Run struct {
	Service  project.Service
	Number   int
	Port     int
	Settings project.Settings
	Source

	// Set by fork and begin, before the run is live, and not changed after: these need no lock.
	marker   string
	started  Started
	captures []*logs.Capture
	waits    bool          // until it listens on its port; else it is ready after a second
	quit     chan struct{} // closed when it has ended

	mu sync.Mutex
	// The actor's goroutine writes these and the one that follows the run reads them. released is
	// zero if the gate was never opened; told says that the run was told to stop, and so that its
	// end was asked for.
	released time.Time
	told     bool
}

// HasTerminal reports whether it runs on a terminal.
func (r *Run) HasTerminal() bool { return r.started.Terminal != "" }

// Tap shows what the terminal is sent from now on. It is for a run that HasTerminal, whose output
// is one stream: with pipes there are two.
func (r *Run) Tap() *logs.Tap { return r.captures[0].Tap() }

// Type sends keys to the terminal.
func (r *Run) Type(keys []byte) error { return r.started.Type(keys) }

// Resize tells the service how large the terminal is on which it is seen.
func (r *Run) Resize(rows, cols uint16) error { return r.started.Resize(rows, cols) }

// Exit is how the run ended, once its terminal has been closed.
func (r *Run) Exit() supervisor.Exit {
	exit := r.started.Exit()
	return supervisor.Exit{Code: exit.Code, Signal: exit.Signal}
}

// Release implements supervisor.Runner. The actor calls it once the record is on disk: from here on
// a daemon that dies leaves a process that runs, and the record is how the next one finds it.
func (s *Runs) Release(service string, number int) {
	r := s.of(service, number)
	if r == nil {
		return
	}
	r.mu.Lock()
	// Before the gate opens: a command that ends at once must not look as if it had never run.
	r.released = time.Now()
	r.mu.Unlock()
	// An error means that it has ended already, which is reported by itself.
	_ = r.started.Release()
	crashpoint.Reach(crashpoint.AfterGate)
	s.p.e.prober.await(s, r)
}

// Discard implements supervisor.Runner. Nothing of the command has run; the shell at the gate ends,
// and follow reports that as it does any other end.
func (s *Runs) Discard(service string, number int) {
	if r := s.of(service, number); r != nil {
		r.started.Discard()
	}
}

// Stop implements supervisor.Runner. It only asks: the owner in proc signals, waits and kills, and
// the actor goes on. A daemon that dies meanwhile still has the run on record, so the next one ends
// what is left of it.
func (s *Runs) Stop(service string, number int, force bool) {
	r := s.of(service, number)
	if r == nil {
		return
	}
	r.mu.Lock()
	// Before the signal: the run may have ended before this goroutine gets to its next line.
	r.told = true
	r.mu.Unlock()
	switch {
	case force:
		r.started.Stop(syscall.SIGKILL, 0)
	default:
		r.started.Stop(r.Settings.StopSignal, r.Settings.StopTimeout)
	}
	crashpoint.Reach(crashpoint.InStop)
}

// listening remembers whether a run listens, for Waits to know it of the next one, and tells the
// actor that it is ready. The first comes first, so that the record which the second leads to has
// it.
func (s *Runs) listening(r *Run, listener procid.Identity, ports []int) {
	s.mu.Lock()
	s.listens[r.Service.Name] = !listener.IsZero()
	s.mu.Unlock()
	s.p.Actor.Ready(r.Service.Name, r.Number, listener, ports)
}

// follow waits for the end of a run and reports it once all that it printed is in the log. Each run
// has a goroutine for it, from when the actor has been told of its start.
//
// The order matters. What the kernel still holds is read before the terminal is closed, which on
// macOS throws it away. The line that says how it ended comes after that, below everything that the
// service printed. Ended comes last: the actor may start the next run at once, whose first line
// must stand below, and a person who is told of the end must find it in the log.
func (s *Runs) follow(r *Run) {
	<-r.started.Done()
	exit := r.started.Exit()
	log := s.p.Logs.Service(r.Service.Name)
	for _, c := range r.captures {
		if err := c.Finish(); err != nil {
			s.p.e.Log.Error(
				"cannot keep all output", "service", s.p.Name()+"/"+r.Service.Name, "error", err,
			)
		}
	}
	r.started.Close()
	close(r.quit)
	// Its own entry only, and before Ended: the next run is made known under the same name.
	s.mu.Lock()
	if s.live[r.Service.Name] == r {
		delete(s.live, r.Service.Name)
	}
	s.mu.Unlock()
	r.mu.Lock()
	released := r.released
	r.mu.Unlock()
	ev := supervisor.End{
		Run: r.Number, At: time.Now(), Exit: supervisor.Exit{Code: exit.Code, Signal: exit.Signal},
	}
	if !released.IsZero() {
		ev.Ran = time.Since(released)
	}
	s.explainEnd(log, r, exit, &ev)
	// A daemon that dies here leaves a record of a run that has ended. The next one finds no
	// process of that start time under its number, and signals nobody.
	crashpoint.Reach(crashpoint.AfterStop)
	s.p.Actor.Ended(r.Service.Name, ev)
}

// timeWaitSuspect is how soon a server that cannot bind gives up. One that ran for longer had its
// port, or did not need it, and its failure is its own.
const timeWaitSuspect = 5 * time.Second

// explainEnd writes the end into the log and notices what the exit status does not tell.
func (s *Runs) explainEnd(log *logs.Log, r *Run, exit proc.Exit, ev *supervisor.End) {
	say := func(text string) { s.sayIn(log, r, text) }
	say(r.howItEnded(ev.Exit))
	left := Left{Detached: exit.Detached, Stuck: exit.Survivors}
	for _, l := range left.Stuck {
		say(fmt.Sprintf("PID %d (%s) cannot be killed: it hangs in the kernel", l.PID, l.Command))
	}
	for _, l := range left.Detached {
		say(fmt.Sprintf("left alive: PID %d (%s), started by it and detached from it",
			l.PID, l.Command))
	}
	s.mu.Lock()
	s.left[r.Service.Name] = left
	s.mu.Unlock()
	if ev.Exit.OK() || ev.Ran > timeWaitSuspect {
		return
	}
	// TIME_WAIT passes by itself, so another attempt will do. If somebody listens on the port
	// instead, freePort finds that before the next start, and says who.
	if sockets, err := procinfo.ReadSockets(); err == nil && !sockets.Listening(r.Port) &&
		procinfo.TimeWait(r.Port) {
		ev.NotCounted = true
		ev.Reason = fmt.Sprintf(
			"%s; the kernel keeps port %d for up to a minute after "+
				"its last connections (TIME_WAIT)",
			ev.Exit, r.Port,
		)
	}
}

// howItEnded tells an end that was asked for from one that was not.
func (r *Run) howItEnded(e supervisor.Exit) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.released.IsZero(): // ended at the gate, with a status that means nothing
		return "stopped before it was let go"
	case r.told:
		return "stopped, " + e.String()
	}
	return e.String()
}

// sayIn writes a notice and waits for the disk; not for the actor's goroutine, which uses Note.
// Waiting is what fixes the place of the line: what a service prints after this returns stands
// below it.
func (s *Runs) sayIn(log *logs.Log, r *Run, text string) {
	if err := log.Note(r.Number, text); err != nil {
		s.p.e.Log.Error(
			"cannot write to the log", "service", s.p.Name()+"/"+r.Service.Name, "error", err,
		)
	}
}
