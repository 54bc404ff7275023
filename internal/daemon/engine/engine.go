// Package engine has the projects in the daemon's care. It executes what their supervisors decide:
// it reads their files, leases their ports, starts and ends their processes, keeps their output and
// their records, and finds out when a service is ready. It answers nobody: that is package api.
//
// Goroutines:
//   - for each live shell in a project, one that waits for its end;
//   - for each live run, one that waits for its end, and while it starts one that forks it;
//   - for a project, one while it launches services, one while it has something to note in its
//     logs, one while it is restored, and one while its files are being read;
//   - one while services are awaited to be ready.
//
// Locks, in the order in which they are taken: Engine.forgetting (one project is forgotten at a
// time), registry.mu (the set of projects and their names), shells.mu (who is where), and, each
// taken alone, Project.mu (what it is to be started from), Runs.mu (what runs), Run.mu, notes.mu,
// reader.mu and prober.mu; notes.mu also under registry.mu, when the records are recalled. Only the
// first is held while an actor is called.
package engine

import (
	"context"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/locald/locald/internal/daemon/logs"
	"github.com/locald/locald/internal/daemon/ports"
	"github.com/locald/locald/internal/daemon/state"
	"github.com/locald/locald/internal/daemon/trust"
	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/project"
	"github.com/locald/locald/internal/userconfig"
)

// Deps is what an engine works with. All of it is set before New and not changed after.
type Deps struct {
	// Home is the user's, where no project is looked for: a Procfile there would make one of
	// everything below.
	Home    string
	LogsDir string // has one directory for each project
	UID     int
	Place   procid.Place // where its processes' numbers mean something
	Self    procid.Identity
	Log     *slog.Logger
	Host    Host
	Ports   *ports.Book
	Records Records
	Trust   Trust
	Config  userconfig.Config
	Limits  logs.Limits
	// Alive is when a service that is not waited for to listen is ready; 0: after a second.
	Alive time.Duration
	// Effort is how long a request for lines may work before it has come to their end; 0: as long
	// as is usual.
	Effort time.Duration
	// ReadFiles reads a project's files; nil is project.Read.
	ReadFiles func(root string, uid int) (*project.Files, error)
}

// Records are what the next daemon will know. *state.Store documents the methods.
type Records interface {
	Save(slug string, r state.Record) error
	Delete(slug string) error
}

// Trust is what the user has decided about projects. *trust.Store documents the methods.
type Trust interface {
	Decide(key, root, digest string) (trust.Decision, *trust.Approval, error)
	Allow(key, root string, a trust.Approval) error
	Deny(key, root string) error
	Forget(key string) error
}

// Engine is all projects of one user.
type Engine struct {
	Deps
	shells   *shells
	registry *registry
	prober   *prober
	// forgetting lets whoever comes upon a project that is being forgotten wait until all of it is
	// gone, and only then make it anew. It is held across a call to the actor and writes to the
	// disk, so it cannot be registry.mu, which every request takes.
	forgetting sync.Mutex
	// troubles says by slug why a record could not be used. It is written by Recall, before anybody
	// is served, and only read after that: it needs no lock.
	troubles map[string]string
}

// New has no projects yet.
func New(d Deps) *Engine {
	if d.ReadFiles == nil {
		d.ReadFiles = project.Read
	}
	e := &Engine{Deps: d, prober: newProber(d.Host, d.Alive), troubles: make(map[string]string)}
	e.registry, e.shells = newRegistry(e), newShells(e)
	return e
}

// Recall takes over what the records of an earlier daemon say. It is called once, before anybody is
// served and after what was left of the runs in them has been ended: otherwise a service could be
// started beside its own predecessor, which has its port.
func (e *Engine) Recall(records map[string]state.Record, troubles []state.Trouble) {
	for _, t := range troubles {
		e.Log.Warn(t.Sentence)
		e.troubles[t.Slug] = t.Sentence
	}
	for _, r := range records {
		e.Ports.Adopt(string(r.Root), r.Ports)
	}
	e.registry.recall(slices.Collect(maps.Values(records)))
}

// Restore starts again, each project by itself, what was wanted when the daemon before us ended. It
// waits for none of them: the directory of one may not answer for hours, and the daemon is not
// ready for its first client until this returns.
func (e *Engine) Restore() {
	for _, p := range e.registry.all() {
		go p.restore()
	}
}

// Shutdown stops every service, all projects at once, so that the end takes as long as the slowest
// project and not as long as all together. keep leaves what is up wanted, for the next daemon to
// start again.
func (e *Engine) Shutdown(keep bool) {
	var wg sync.WaitGroup
	for _, p := range e.registry.all() {
		wg.Go(func() { p.shutdown(keep) })
	}
	wg.Wait()
}

// Rewrite puts all records on disk once more: somebody may have removed them.
func (e *Engine) Rewrite() {
	for _, p := range e.registry.all() {
		p.Actor.Rewrite()
	}
}

// LookAgain finds out about services that have not been ready for so long that nobody looks by
// himself any more. Who wants to know how a project is calls it.
func (e *Engine) LookAgain() { e.prober.lookAgain() }

// All returns the projects in the order of their names: those that somebody has entered, decided
// about or started, or that were on record.
func (e *Engine) All() []*Project { return e.registry.listed() }

// Named returns a project by the name that is shown, also one that has only been looked at: what
// status calls it has to be good for the next command.
func (e *Engine) Named(name string) (*Project, bool) {
	for _, p := range e.registry.all() {
		if p.Name() == name {
			return p, true
		}
	}
	return nil, false
}

// OnChange calls wake whenever a project is new, has been forgotten, is called something else, or
// has been allowed or denied, until ctx is done.
func (e *Engine) OnChange(ctx context.Context, wake func()) {
	for {
		next, _ := e.registry.next()
		wake()
		select {
		case <-next:
		case <-ctx.Done():
			return
		}
	}
}

// Revision is another one after every change that OnChange tells of.
func (e *Engine) Revision() int64 {
	_, revision := e.registry.next()
	return revision
}

// Known returns the project at a canonical root, if there is one.
func (e *Engine) Known(root string) (*Project, bool) { return e.registry.at(root) }

// At returns the project at a canonical root, and makes it known where it is new. Of those that are
// only looked at the latest are remembered: whoever walks through a thousand directories must leave
// nothing behind.
func (e *Engine) At(root string) *Project {
	p := e.registry.enter(root)
	release := p.Keep()
	defer release()
	for old := e.registry.superfluous(); old != nil; old = e.registry.superfluous() {
		if old.dropGlance() != nil {
			break // it was taken up at this moment; the next look finds another
		}
	}
	return p
}

// MaxPath is longer than any path that a system takes (PATH_MAX, limits.h). In a longer one every
// step up would be looked at in vain, a mebibyte of them.
const MaxPath = 4096

// maxLevels is how deep a directory may be to be searched upwards from.
const maxLevels = 500

// Around returns the project in or above dir, if it is one on disk or one that the daemon knows and
// that is up: where the Procfile has gone, there may still be services to stop.
func (e *Engine) Around(dir string) (*Project, bool) {
	if len(dir) > MaxPath || strings.Count(dir, "/") > maxLevels {
		return nil, false
	}
	// The disk first: a Procfile that lies deeper than the root of a project that is up is a
	// project of its own.
	if root, ok := project.Find(dir, e.Home); ok {
		if canonical, err := project.Canonical(root); err == nil {
			return e.At(canonical), true
		}
	}
	if canonical, err := project.Canonical(dir); err == nil {
		dir = canonical
	}
	for _, p := range e.All() {
		if within(dir, p.Root) && p.Lives() {
			return p, true
		}
	}
	return nil, false
}

func within(dir, root string) bool {
	return dir == root ||
		len(dir) > len(root) && dir[:len(root)] == root && dir[len(root)] == filepath.Separator
}
