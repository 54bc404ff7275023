package engine

import (
	"context"
	"errors"
	"slices"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/crashpoint"
	"github.com/locald/locald/internal/daemon/state"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/project"
)

// Save implements supervisor.Store. It runs on the goroutine that the actor starts for it, one at a
// time, so it may take locks and wait for the disk. The gates of the runs that are new in s are
// opened after it.
//
// A daemon that dies before the record leaves shells that end at their gates. One that dies after
// it, with the gates still shut, leaves the same, and a record that names them: the next daemon
// looks for them and finds them gone.
//
// Of a project that was only looked at or entered there is no record, so that a walk through
// directories leaves none behind. Whatever is allowed or started has claimed its name before.
func (p *Project) Save(s supervisor.Snapshot) error {
	r := p.recordOf(s)
	if r.Name == "" && !p.recalled {
		return nil
	}
	crashpoint.Reach(crashpoint.BeforeRecord)
	defer crashpoint.Reach(crashpoint.AfterRecord)
	return p.e.Records.Save(p.Slug, r)
}

// recordOf is what the next daemon will have to know. It is put together from what several locks
// guard, each taken by itself: no lock is held while another one is taken.
func (p *Project) recordOf(s supervisor.Snapshot) state.Record {
	name, claimed := p.e.registry.claimed(p)
	if !claimed {
		name = "" // it may still become another project's
	}
	p.mu.Lock()
	r := state.Record{
		Root: bytestr.String(p.Root), Name: name,
		Entered: s.Entered, EmptySince: s.EmptySince, HeldDown: s.HeldDown, Shells: s.Shells,
		LastRun:   s.LastRun,
		Formation: p.formation, Consent: p.consent, Elsewhere: p.elsewhere,
		Env: bytestr.List(state.Keep(p.base)), Runs: make(map[string]state.Run),
	}
	p.mu.Unlock()
	p.Runs.record(&r)
	// What could not be restored stays wanted: otherwise the second of two crashes would lose what
	// the first one had left to be started.
	r.Wanted = slices.Clone(s.Unrestored)
	for _, v := range s.Services {
		if v.Wanted {
			r.Wanted = append(r.Wanted, v.Name)
		}
		if v.Live != nil {
			r.Runs[v.Name] = p.recordedRun(v)
		}
	}
	return r
}

func (p *Project) recordedRun(v supervisor.Service) state.Run {
	out := state.Run{
		Number: v.Run, Leader: v.Live.Leader, Marker: v.Live.Marker, Terminal: v.Live.Terminal,
		Pipes: v.Live.Pipes, Machine: p.e.Place.Machine, Host: p.e.Place.Host,
		Daemon: p.e.Self,
	}
	if !v.Live.Listener.IsZero() {
		out.Listener = &v.Live.Listener
	}
	return out
}

// AwaitRestored returns when it is known what of the record is started again, or when ctx is done.
func (p *Project) AwaitRestored(ctx context.Context) {
	select {
	case <-p.restored:
	case <-ctx.Done():
	}
}

// restore starts what was wanted, if it is still what was allowed then. Where it is not, it stays
// wanted: status says so, and allow starts it. A directory that does not answer is waited for, and
// delays nobody who waits for less.
func (p *Project) restore() {
	defer p.known()
	snapshot := p.Snapshot()
	if len(snapshot.Unrestored) == 0 { // somebody has decided about it
		return
	}
	source, err := p.current()
	// Whoever waits is answered first: nobody can say how long this will take. The actor's error
	// says that the project was forgotten or shut down meanwhile, and ends it.
	for errors.Is(err, ErrNoAnswer) && p.Actor.Err() == nil {
		p.known()
		p.reader.await()
		source, err = p.current()
	}
	if err != nil {
		why := err.Error()
		if mend := project.Remedy(err); mend != "" {
			why += "; run: " + mend
		}
		for _, name := range snapshot.Unrestored {
			p.Runs.Note(name, snapshot.LastRun[name], "was up, not restarted: "+why)
		}
		return
	}
	if err := p.Actor.Restore(context.Background(), p.Plan(source.Spec)); err != nil {
		p.e.Log.Error("cannot restore", "project", p.Name(), "error", err)
	}
}
