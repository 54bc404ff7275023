package engine

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"sync"
	"time"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/daemon/logs"
	"github.com/locald/locald/internal/daemon/proc"
	"github.com/locald/locald/internal/daemon/state"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/project"
)

// Project is one project in the daemon's care: the actor that decides for it, and what executes the
// decisions. It is the actor's Runner and its Store.
type Project struct {
	Root  string // canonical
	Slug  string // names its files
	Logs  *logs.Project
	Actor *supervisor.Project

	e        *Engine
	name     string        // guarded by registry.mu: another project may claim it
	claimed  bool          // guarded by registry.mu: the name is kept for good
	reader   reader        // of its files
	restored chan struct{} // closed when it is known what of the record is started again

	mu      sync.Mutex
	base    []string      // the environment of the shell that entered last
	consent string        // digest of what a person started by hand
	spec    *project.Spec // what was last allowed to run
	// formation is what a person ordered. Never changed in place.
	formation project.Formation
	leases    map[string]int // service → port. Never changed in place
	listens   map[string]bool
	runs      map[string]*Run   // alive, by service
	markers   map[string]string // service → marker of its last run
	left      map[string]Left   // service → what outlived its last run
	notes     []note
	noting    chan struct{} // closed when all notes are written; nil while there are none
}

// Left is what outlived a run: Detached by intent, since it holds nothing of the service, and Stuck
// because it hangs in the kernel.
type Left struct{ Detached, Stuck []proc.Info }

func newProject(e *Engine, root string, r state.Record) *Project {
	p := &Project{
		e: e, Root: root, Slug: project.FileSlug(root), name: r.Name, claimed: r.Name != "",
		Logs: logs.OpenProject(filepath.Join(e.LogsDir, project.FileSlug(root)), e.Limits),
		base: bytestr.Strings(r.Env), consent: r.Consent, leases: r.Ports, formation: r.Formation,
		restored: make(chan struct{}),
		listens:  make(map[string]bool), runs: make(map[string]*Run), markers: make(map[string]string),
		left: make(map[string]Left),
	}
	maps.Copy(p.listens, r.Listens)
	there := e.shells.take(root, r.Shells)
	held := r.HeldDown
	if len(there) == 0 {
		held = nil // nobody is there any more for whom it was held down
	}
	p.Actor = supervisor.NewProject(p, p, supervisor.Inherited{
		LastRun: r.LastRun, Wanted: r.Wanted, Entered: r.Entered, HeldDown: held, Shells: there, EmptySince: r.EmptySince,
	})
	if len(r.Wanted) == 0 {
		close(p.restored)
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

// Trouble is why its record could not be used, "" where it could.
func (p *Project) Trouble() string { return p.e.troubles[p.Slug] }

// Wanted reports whether the project should be up.
func (p *Project) Wanted() bool { return p.Snapshot().Wanted() }

// Lives reports whether anything of the project is up or should be.
func (p *Project) Lives() bool {
	s := p.Snapshot()
	return s.Wanted() && len(s.Unrestored) == 0 || len(up(s)) > 0
}

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

// Ports are the ports that its services have had until now.
func (p *Project) Ports() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.leases
}

// ListenedLast reports whether the last run of a service listened.
func (p *Project) ListenedLast(service string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.listens[service]
}

// LeftBy is what outlived the last run of a service.
func (p *Project) LeftBy(service string) Left {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.left[service]
}

// Plan is what the files say, for the actor.
func (p *Project) Plan(spec *project.Spec) supervisor.Plan {
	out := supervisor.Plan{AutoStop: spec.AutoStop(p.e.Config.AutoStop)}
	for _, s := range spec.Services {
		out.Services = append(out.Services, supervisor.Declared{
			Name: s.Name, Policy: supervisor.Policy(spec.Settings(s.Name).Restart), DependsOn: spec.Requires(s.Name),
			Replaces: project.Heir(s.Name), Idle: s.Idle,
		})
	}
	return out
}

func (p *Project) shutdown(keep bool) {
	ctx, cancel := context.WithTimeout(context.Background(), p.longestStop())
	defer cancel()
	if err := p.Actor.Shutdown(ctx, keep); err != nil {
		p.e.Log.Error("cannot stop", "project", p.Name(), "error", err)
	}
	p.Actor.Close()
	if err := p.Logs.Close(); err != nil {
		p.e.Log.Error("cannot close the logs", "project", p.Name(), "error", err)
	}
}

// longestStop is how long ending all services can take: one after the other, where they depend on
// each other, each with its grace and what the kernel needs after SIGKILL.
func (p *Project) longestStop() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	longest := 10 * time.Second
	for _, r := range p.runs {
		longest += r.Settings.StopTimeout + 5*time.Second
	}
	return longest
}

// Forget ends the actor, whose last word is on disk by then, and removes what there is. A project
// that is still there can be entered again as a new one.
func (p *Project) Forget(ctx context.Context) error {
	if err := p.Actor.Shutdown(ctx, false); err != nil {
		return err
	}
	p.e.registry.remove(p)
	p.Actor.Close()
	p.e.Ports.Forget(p.Root)
	return errors.Join(p.Logs.Remove(), p.e.Records.Delete(p.Slug), p.e.Trust.Forget(project.Hash(p.Root)))
}
