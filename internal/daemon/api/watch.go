package api

import (
	"context"
	"reflect"
	"time"

	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/wire"
)

// watch streams what becomes of projects: first all that are asked for, each as a whole, then each
// that has changed, as a whole again. Whoever keeps the last picture of each project has the whole
// truth, however slowly it reads: what it has not been sent yet is replaced by what is newer.
func (a *API) watch(
	ctx context.Context, scope wire.Scope, emit func(wire.WatchEvent) error,
) (wire.None, error) {
	w := watching{a: a, scope: scope, emit: emit, sent: make(map[string]wire.Project)}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w.pulse = newPulse(ctx)
	if !scope.All {
		chosen, err := a.resolve(ctx, scope)
		if err != nil {
			return wire.None{}, err
		}
		for _, c := range chosen {
			w.fixed = append(w.fixed, &watched{project: c.project, names: c.names})
			w.pulse.of(c.project)
		}
	}
	return wire.None{}, w.pulse.each(func() (bool, error) { return false, w.look(ctx) })
}

// watching is one watch.
type watching struct {
	a        *API
	scope    wire.Scope
	emit     func(wire.WatchEvent) error
	pulse    pulse
	fixed    []*watched          // of a scope that names them
	all      map[string]*watched // by root, of a scope that takes whatever there is
	revision int64
	sent     map[string]wire.Project // by root
}

// watched is one project of a watch.
type watched struct {
	project *engine.Project
	names   []string
	files   filesSeen
}

// look sends what differs from what was sent.
func (w *watching) look(ctx context.Context) error {
	event := wire.WatchEvent{Projects: []wire.Project{}}
	current := w.fixed
	if w.scope.All {
		current = w.everything(ctx)
	}
	there := make(map[string]bool)
	for _, one := range current {
		shown, err := one.files.show(one.project, one.names)
		if err != nil {
			return err
		}
		there[one.project.Root] = true
		if before, known := w.sent[one.project.Root]; known && reflect.DeepEqual(before, shown) {
			continue
		}
		w.sent[one.project.Root] = shown
		event.Projects = append(event.Projects, shown)
	}
	for root, before := range w.sent {
		if !there[root] {
			delete(w.sent, root)
			event.Forgotten = append(event.Forgotten, before.Root)
		}
	}
	if w.revision > 0 && len(event.Projects)+len(event.Forgotten) == 0 {
		return nil
	}
	w.revision++
	event.Revision = w.revision
	return w.emit(event)
}

// everything is all projects, of which new ones are followed from now on.
func (w *watching) everything(ctx context.Context) (out []*watched) {
	if w.all == nil {
		w.all = make(map[string]*watched)
		go w.a.e.OnNewProjects(ctx, w.pulse.beat)
	}
	for _, p := range w.a.e.All() {
		one, known := w.all[p.Root]
		if !known || one.project != p {
			one = &watched{project: p}
			w.all[p.Root] = one
			w.pulse.of(p)
		}
		out = append(out, one)
	}
	return out
}

// filesFresh is for how long a watch takes a project's files for what they were: reading them again
// at every step of every service would cost more than the step.
const filesFresh = time.Second

// filesSeen is what a project's files said a moment ago.
type filesSeen struct {
	at   time.Time
	seen reading
}

func (f *filesSeen) show(p *engine.Project, names []string) (wire.Project, error) {
	if now := time.Now(); now.Sub(f.at) > filesFresh {
		f.at, f.seen = now, read(p)
	}
	return f.seen.show(p, names)
}
