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
	w := watching{
		a: a, scope: scope, emit: emit,
		sent: make(map[string]wire.Project), followed: make(map[string]*watched),
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w.pulse = newPulse(ctx)
	if !scope.All {
		chosen, err := a.resolve(ctx, scope)
		if err != nil {
			return wire.None{}, err
		}
		for _, c := range chosen {
			defer c.project.Keep()()
			w.roots = append(w.roots, c.project.Root)
			w.followed[c.project.Root] = &watched{names: c.names}
		}
	}
	go a.e.OnChange(ctx, w.pulse.beat)
	return wire.None{}, w.pulse.each(func() (bool, error) { return false, w.look() })
}

// watching is one watch.
type watching struct {
	a        *API
	scope    wire.Scope
	emit     func(wire.WatchEvent) error
	pulse    pulse
	roots    []string            // of the projects that the scope names; none for whatever there is
	followed map[string]*watched // by root
	revision int64
	sent     map[string]wire.Project // by root
}

// watched is one project of a watch.
type watched struct {
	project *engine.Project // nil before it is first seen, and after it was forgotten
	names   []string
	files   filesSeen
}

// look sends what differs from what was sent, in as many events as that takes.
func (w *watching) look() error {
	event, size := wire.WatchEvent{Projects: []wire.Project{}}, 0
	there := make(map[string]bool)
	for _, one := range w.current() {
		shown, err := one.files.show(w.a.e, one.project, one.names)
		if err != nil {
			return err
		}
		there[one.project.Root] = true
		if before, known := w.sent[one.project.Root]; known && reflect.DeepEqual(before, shown) {
			continue
		}
		w.sent[one.project.Root] = shown
		n := bound(shown, textsOf(shown))
		if size += n; size > maxShown && len(event.Projects) > 0 {
			event.More = true
			if err := w.send(event); err != nil {
				return err
			}
			event, size = wire.WatchEvent{Projects: []wire.Project{}}, n
		}
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
	return w.send(event)
}

func (w *watching) send(event wire.WatchEvent) error {
	w.revision++
	event.Revision = w.revision
	return w.emit(event)
}

// current are the projects that there are now. One that is new is followed from now on, and so is
// one that has been forgotten and is known again.
func (w *watching) current() (out []*watched) {
	for _, p := range w.projects() {
		one, known := w.followed[p.Root]
		if !known {
			one = &watched{}
			w.followed[p.Root] = one
		}
		if one.project != p {
			one.project, one.files = p, filesSeen{}
			w.pulse.of(p)
		}
		out = append(out, one)
	}
	return out
}

func (w *watching) projects() (out []*engine.Project) {
	if w.scope.All {
		return w.a.e.All()
	}
	for _, root := range w.roots {
		if p, known := w.a.e.Known(root); known {
			out = append(out, p)
		}
	}
	return out
}

// filesFresh is for how long a watch takes a project's files for what they were: reading them again
// at every step of every service would cost more than the step.
const filesFresh = time.Second

// filesSeen is what a project's files said a moment ago, and what was decided about them.
type filesSeen struct {
	at       time.Time
	revision int64
	seen     reading
}

func (f *filesSeen) show(
	e *engine.Engine, p *engine.Project, names []string,
) (wire.Project, error) {
	now, revision := time.Now(), e.Revision()
	if now.Sub(f.at) > filesFresh || revision != f.revision {
		f.at, f.revision, f.seen = now, revision, read(p)
	}
	return f.seen.show(p, names)
}
