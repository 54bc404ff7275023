package api

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/project"
	"github.com/locald/locald/internal/wire"
)

// kind is which order it is.
type kind int

const (
	up kind = iota
	down
	restart
)

// name is what is typed.
func (k kind) name() string { return [...]string{"up", "down", "restart"}[k] }

// verb is what the order does, for a sentence.
func (k kind) verb() string { return [...]string{"start", "stop", "restart"}[k] }

// task is what an order means for one project. It is planned and checked without changing anything:
// an order of which a part is refused does nothing at all.
type task struct {
	kind    kind
	project *engine.Project
	spec    *project.Spec // nil for down of a project that cannot be read
	consent string        // digest of what a person asked for by name or by place; "" for an --all
	names   []string      // down: none means all
	form    project.Formation
	settled bool            // all of it was so, when it was last looked at
	noop    bool            // restart --changed: nothing has changed
	runs    map[string]int  // down, restart: the run that each live service had before
	already map[string]bool // service → it is so already
	toStop  []string        // up, restart: what was up and no longer is; known once carried out
}

// planOrder returns the tasks of an order and what a person should be warned of.
func (a *API) planOrder(
	ctx context.Context, k kind, req wire.OrderRequest,
) (tasks []*task, warned []string, err error) {
	resolve := a.resolve
	if k == up {
		resolve = a.resolveFormation
	}
	chosen, err := resolve(ctx, req.Scope)
	if err != nil {
		return nil, nil, err
	}
	if req.All {
		chosen, warned = affected(chosen, k, a.e.Home)
	}
	for _, c := range chosen {
		t, err := planTask(k, c, req.Changed)
		switch {
		case err != nil && !req.All:
			return nil, nil, err
		case err != nil:
			warned = append(warned, fmt.Sprintf("skipped %s: %v; look: locald -C %s check",
				c.project.Name(), err, plain.Path(c.project.Root, a.e.Home)))
			continue
		case t.spec != nil && k != down: // to stop, nobody needs the Procfile to be right
			warned = append(warned, prefixed(c.project, warnings(t.spec.Warnings), req.All)...)
		}
		if req.All {
			t.consent = ""
		}
		tasks = append(tasks, t)
	}
	if k != down {
		warned = append(warned, configWarnings(a.e, a.configTrouble)...)
	}
	return tasks, warned, nil
}

// affected leaves out projects that an order for all is not about, and those that it must not
// start, which it names with what to type next. --all is consent to what was allowed and to nothing
// else, also where the project is up: who types it does not see what they all say by now.
func affected(chosen []selection, k kind, home string) (out []selection, warned []string) {
	for _, c := range chosen {
		p := c.project
		if !concerned(k, p) {
			continue
		}
		seen := read(p)
		c.seen = &seen
		why := unseen(p, k, seen.content, home)
		switch {
		case k == down || why == "":
			out = append(out, c)
		case trustOf(seen.content) != wire.TrustGone || p.Lives(): // what is gone is missed if up
			warned = append(warned, "skipped "+p.Name()+why)
		}
	}
	return out, warned
}

// concerned reports whether an order for all is about a project at all.
func concerned(k kind, p *engine.Project) bool {
	return k == up || p.Lives() || k == down && p.Snapshot().Wanted()
}

// unseen says why a content was not allowed, and what to do about it; "" where it was.
func unseen(p *engine.Project, k kind, c engine.Content, home string) string {
	by := func(verb string) string { return "locald -C " + plain.Path(p.Root, home) + " " + verb }
	switch trustOf(c) {
	case wire.TrustUnsafe:
		return fmt.Sprintf(", which is not safe to start: %v; run: %s", c.Problem,
			project.Remedy(c.Problem))
	case wire.TrustGone:
		return ", whose Procfile is gone; to stop what is up: locald down " + targets(p)
	case wire.TrustDenied:
		return ", which is denied; to lift that: " + by("allow")
	case wire.TrustChanged:
		return ", which changed since you allowed it: " + by(k.name())
	case wire.TrustUnknown:
		if c.Problem == nil {
			return ", which is not allowed yet: " + by(k.name())
		}
	}
	if c.Problem != nil {
		return fmt.Sprintf(": %v; once that is mended: %s", c.Problem, by(k.name()))
	}
	return ""
}

// targets are the services of a project that are up or should be, as they are named elsewhere.
func targets(p *engine.Project) string {
	var out []string
	for _, v := range p.Snapshot().Services {
		if v.Live != nil || v.Wanted {
			out = append(out, plain.Word(p.Name()+"/"+v.Name))
		}
	}
	return strings.Join(out, " ")
}

func prefixed(p *engine.Project, list []string, all bool) []string {
	if !all {
		return list
	}
	for i := range list {
		list[i] = p.Name() + ": " + list[i]
	}
	return list
}

// planTask reads the project and checks the names. down works even where the files are gone or
// unreadable: what runs can always be stopped.
func planTask(k kind, chosen selection, changedOnly bool) (*task, error) {
	p := chosen.project
	t := &task{kind: k, project: p, runs: make(map[string]int), already: make(map[string]bool)}
	snapshot := p.Snapshot()
	if chosen.seen == nil {
		seen := read(p)
		chosen.seen = &seen
	}
	err := chosen.seen.err
	t.spec, t.consent = chosen.seen.spec, chosen.seen.content.Digest
	switch {
	case k == down:
		err = t.planDown(chosen.names, snapshot)
	case err != nil:
		err = refuse(p, k.verb(), err)
	default:
		err = t.planUp(chosen)
	}
	if err != nil {
		return nil, err
	}
	for _, v := range snapshot.Services {
		t.already[v.Name] = v.Ready && k == up || v.Live == nil && !v.Wanted && k == down
		if k != up && v.Live != nil {
			t.runs[v.Name] = v.Run
		}
	}
	if changedOnly {
		t.keepChanged(snapshot)
	}
	return t, nil
}

func (t *task) planDown(names []string, snapshot supervisor.Snapshot) (err error) {
	if t.spec != nil {
		for _, name := range t.spec.Names() { // what was never started is not in the snapshot
			t.already[name] = true
		}
	}
	t.names, err = expand(t.project, names, serviceNames(t.spec, snapshot))
	return err
}

func (t *task) planUp(chosen selection) (err error) {
	if t.form, err = nextFormation(t.project, t.spec, chosen); err != nil {
		return err
	}
	if t.spec, err = t.spec.Formed(t.form); err != nil {
		return refuse(t.project, t.kind.verb(), err)
	}
	t.names, err = orderedNames(t.project, t.spec, chosen)
	return err
}

// keepChanged leaves of a restart what does not run as the files say.
func (t *task) keepChanged(snapshot supervisor.Snapshot) {
	t.names = slices.DeleteFunc(t.names, func(name string) bool {
		return len(toWire(t.project, serviceIn(snapshot, name), t.spec).Changed) == 0
	})
	t.noop = len(t.names) == 0
}

// goal is what the order comes to for one service: an up also stops what is gone.
func (t *task) goal(service string) kind {
	if slices.Contains(t.toStop, service) {
		return down
	}
	return t.kind
}

// services returns those of a snapshot that the order is about.
func (t *task) services(s supervisor.Snapshot) []supervisor.Service {
	var out []supervisor.Service
	for _, v := range s.Services {
		if t.names == nil || slices.Contains(t.names, v.Name) || slices.Contains(t.toStop, v.Name) {
			out = append(out, v)
		}
	}
	for _, name := range t.toStop {
		if _, still := s.Find(name); !still { // it has been forgotten since
			out = append(out, serviceIn(s, name))
		}
	}
	return out
}
