package engine

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/daemon/logs"
	"github.com/locald/locald/internal/daemon/state"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/project"
)

// Project is one project in the daemon's care: the actor that decides for it, what runs of it, and
// what it is to be started from. It is the actor's Store.
type Project struct {
	Root  string // canonical
	Slug  string // names its files
	Logs  *logs.Project
	Actor *supervisor.Project
	Runs  *Runs

	e        *Engine
	name     string // guarded by registry.mu: another project may claim it
	claimed  bool   // guarded by registry.mu: the name is kept for good
	noticed  bool   // guarded by registry.mu: more than a glance has fallen on it
	looked   int64  // guarded by registry.mu: when somebody looked at it last
	holders  int    // guarded by registry.mu: who follow it
	recalled bool   // there was a record when it was made
	reader   reader // of its files
	// elsewhere are runs of another place, which is where they are ended. They stay on record.
	elsewhere []state.Elsewhere
	restored  chan struct{} // closed when it is known what of the record is started again
	known     func()        // closes it; may be called again

	// mu is not held while the files are read or the actor is called. Requests, launches and the
	// actor's save all take it.
	mu      sync.Mutex
	base    []string      // the environment of the shell that entered last
	consent string        // digest of what a person started by hand
	spec    *project.Spec // what was last allowed to run
	// formation is what a person ordered. Never changed in place.
	formation project.Formation
}

func newProject(e *Engine, root string, r state.Record) *Project {
	p := &Project{
		e: e, Root: root, Slug: project.FileSlug(root), name: r.Name, claimed: r.Name != "",
		Logs: logs.OpenProject(filepath.Join(e.LogsDir, project.FileSlug(root)), e.Limits),
		base: bytestr.Strings(r.Env), consent: r.Consent, formation: r.Formation,
		elsewhere: r.Elsewhere, recalled: r.Root != "",
		restored: make(chan struct{}), reader: newReader(e.ReadFiles),
	}
	p.known = sync.OnceFunc(func() { close(p.restored) })
	// Before the actor, which may call it from the moment that it exists.
	p.Runs = newRuns(p, r)
	there := e.shells.take(root, r.Shells)
	held := r.HeldDown
	if len(there) == 0 {
		held = nil // nobody is there any more for whom it was held down
	}
	p.Actor = supervisor.NewProject(p.Runs, p, supervisor.Inherited{
		LastRun: r.LastRun, Wanted: r.Wanted, Entered: r.Entered, HeldDown: held, Shells: there,
		EmptySince: r.EmptySince,
	})
	if len(r.Wanted) == 0 {
		p.known()
	}
	return p
}

// Name is what the project is called now. One that nobody has allowed or started has no claim to
// it: it is called something else as soon as another project is given the name for good.
func (p *Project) Name() string { return p.e.registry.nameOf(p) }

// Snapshot is the latest picture of its services.
func (p *Project) Snapshot() supervisor.Snapshot {
	s, _ := p.Actor.Snapshot()
	return s
}

// Elsewhere are the runs that nobody here can find or end.
func (p *Project) Elsewhere() []state.Elsewhere { return p.elsewhere }

// Trouble is why its record could not be used, "" where it could.
func (p *Project) Trouble() string { return p.e.troubles[p.Slug] }

// Lives reports whether anything of the project is up or should be. What an earlier daemon wanted
// and this one has not started does not count: it may never be allowed, and then the project would
// look alive for ever, with nothing of it running.
func (p *Project) Lives() bool {
	s := p.Snapshot()
	return s.Wanted() && len(s.Unrestored) == 0 || len(up(s)) > 0
}

// inhabited reports whether a shell is in the project, or anything of it is up or on its way.
func (p *Project) inhabited() bool {
	s := p.Snapshot()
	return len(s.Shells) > 0 || s.Wanted() || len(up(s)) > 0
}

// Keep has the daemon go on to care for a project, for whoever follows it, until it is released.
func (p *Project) Keep() (release func()) { return p.e.registry.keep(p) }

// Up names the services that have processes.
func (p *Project) Up() []string { return up(p.Snapshot()) }

func up(s supervisor.Snapshot) (names []string) {
	for _, v := range s.Services {
		if v.Live != nil {
			names = append(names, v.Name)
		}
	}
	return names
}

// Formation is how many instances a person ordered of the lines of the Procfile.
func (p *Project) Formation() project.Formation {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.formation
}

// SetFormation replaces that.
func (p *Project) SetFormation(f project.Formation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.formation = f
}

// Plan is what the files say, for the actor. What it starts is started from this, and not from
// whatever the files say by then.
func (p *Project) Plan(spec *project.Spec) supervisor.Plan {
	p.mu.Lock()
	base := p.base
	p.mu.Unlock()
	out := supervisor.Plan{
		AutoStop: spec.AutoStop(p.e.Config.AutoStop), Content: Source{spec, base},
	}
	for _, s := range spec.Services {
		out.Services = append(out.Services, supervisor.Declared{
			Name: s.Name, Policy: supervisor.Policy(spec.Settings(s.Name).Restart),
			DependsOn: spec.Requires(s.Name), Replaces: project.Heir(s.Name), Idle: s.Idle,
		})
	}
	return out
}

func (p *Project) shutdown(keep bool) {
	ctx, cancel := context.WithTimeout(context.Background(), p.Runs.longestStop())
	defer cancel()
	if err := p.Actor.Shutdown(ctx, keep); err != nil {
		p.e.Log.Error("cannot stop", "project", p.Name(), "error", err)
	}
	p.Actor.Close()
	// Last: until all has ended there are lines to be written, the last of which say how it ended.
	if err := p.Logs.Close(); err != nil {
		p.e.Log.Error("cannot close the logs", "project", p.Name(), "error", err)
	}
}

// longestStop is how long ending all services can take: one after the other, where they depend on
// each other, each with its grace and what the kernel needs after SIGKILL.
func (s *Runs) longestStop() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	longest := 10 * time.Second
	for _, r := range s.live {
		longest += r.Settings.StopTimeout + 5*time.Second
	}
	return longest
}

// Forget ends the actor and removes what is kept of the project. It is refused where something is
// in use. A project that is still there can be entered again as a new one: not before all of
// the old one is gone, or its record could be removed in place of the old one's.
func (p *Project) Forget(ctx context.Context) error {
	p.e.forgetting.Lock()
	defer p.e.forgetting.Unlock()
	if err := p.Actor.Retire(ctx); err != nil {
		return err
	}
	// The record goes first: without it the rest is waste, while a record without the rest would
	// bring back a project that nobody can start any more.
	if err := p.e.Records.Delete(p.Slug); err != nil {
		p.e.registry.replace(p, p.recordOf(p.Snapshot()))
		return err
	}
	// Only now: a project that was put back above still has its ports in its record, and they must
	// not be anybody else's by then.
	p.e.Ports.Forget(p.Root)
	err := errors.Join(p.Logs.Remove(), p.e.Trust.Forget(project.Hash(p.Root)))
	// Last of all. Until here whoever enters gets this project, is told supervisor.ErrForgotten by
	// its actor, and waits in Again.
	p.e.registry.remove(p)
	p.e.Log.Info("forgotten", "project", project.Name(p.Root), "root", p.Root)
	return err
}

// dropGlance takes a project out of the daemon's care that is no more than looked at. There is
// nothing of it on disk. Whoever has just taken it up finds out as if it had been forgotten.
func (p *Project) dropGlance() error {
	p.e.forgetting.Lock()
	defer p.e.forgetting.Unlock()
	if err := p.Actor.Retire(context.Background()); err != nil {
		return err
	}
	if !p.e.registry.drop(p) {
		p.e.registry.replace(p, p.recordOf(p.Snapshot()))
	}
	return nil
}

// Again returns the project at the root of one that has just been forgotten, once that is done.
func (p *Project) Again() *Project {
	p.e.forgetting.Lock()
	defer p.e.forgetting.Unlock()
	return p.e.registry.enter(p.Root)
}
