package api

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/project"
	"github.com/locald/locald/internal/spelling"
	"github.com/locald/locald/internal/wire"
)

// maxTargets is how many services a request may name. A project has at most a few hundred, and each
// is looked for.
const maxTargets = 1000

// maxName is how long the name of a service may be in a request, that of its project included. A
// longer one names nothing, and to quote it or to guess what was meant would cost the more the
// longer it is.
const maxName = 1000

// restorePatience is how long a request waits for the projects that it is about to be restored
// after the death of a daemon: as long as their directories answer, it sees them starting.
const restorePatience = 2 * time.Second

// selection is a project and the services in it that a request is about; none named means all.
type selection struct {
	project *engine.Project
	names   []string
	counts  project.Formation // of an up: instances by line, or of allLines
	// seen is what the files said when it was decided that they count; nil where they were not
	// read. What is started then is that, and not what they say a moment later.
	seen *reading
}

// around is the project around a directory.
func (a *API) around(ctx context.Context, dir string) (*engine.Project, error) {
	p, ok := a.e.Around(dir)
	switch {
	case !ok && len(dir) > engine.MaxPath:
		return nil, wire.Usagef(
			"cannot use a directory whose path has %d bytes: at most %d", len(dir), engine.MaxPath,
		)
	case !ok:
		return nil, &wire.Error{
			Code: wire.CodeNoProject,
			Msg: fmt.Sprintf("cannot find a project: there is no Procfile in %s or above it",
				plain.Visible(plain.Tilde(dir, a.e.Home), "")),
			Hint: "write a Procfile with lines such as \"web: npm start\", " +
				"or name a directory: -C DIR",
		}
	}
	awaitRestored(ctx, p)
	return p, nil
}

func awaitRestored(ctx context.Context, list ...*engine.Project) {
	ctx, cancel := context.WithTimeout(ctx, restorePatience)
	defer cancel()
	for _, p := range list {
		p.AwaitRestored(ctx)
	}
}

// resolve turns a scope into projects and services. Whether a service exists is not checked here:
// for a project that has not been read nobody knows.
func (a *API) resolve(ctx context.Context, scope wire.Scope) ([]selection, error) {
	switch {
	case scope.All && len(scope.Targets) > 0:
		return nil, &wire.Error{
			Code: wire.CodeUsage, Msg: "cannot combine --all with names of services",
			Hint: "leave one of them out",
		}
	case scope.All:
		all := a.e.All()
		awaitRestored(ctx, all...)
		var out []selection
		for _, p := range all {
			out = append(out, selection{project: p})
		}
		return out, nil
	case len(scope.Targets) == 0:
		p, err := a.around(ctx, string(scope.Dir))
		if err != nil {
			return nil, err
		}
		return []selection{{project: p}}, nil
	}
	return a.resolveTargets(ctx, scope)
}

// resolveTargets groups "web" and "shop/web" by project, in the order in which the projects are
// first named.
func (a *API) resolveTargets(ctx context.Context, scope wire.Scope) ([]selection, error) {
	g, err := a.newGrouping(ctx, scope)
	if err != nil {
		return nil, err
	}
	for _, target := range scope.Targets {
		s, name, err := g.of(target)
		if err != nil {
			return nil, err
		}
		g.add(s, name)
	}
	return g.chosen(), nil
}

// nameable refuses what is too long to name anything.
func nameable(names []string) error {
	for _, name := range names {
		if n := len(name); n > maxName {
			return wire.Usagef("cannot use a name of %d bytes: at most %d", n, maxName)
		}
	}
	return nil
}

// grouping collects the targets of one request by project. Each project is looked for once, however
// often it is named.
type grouping struct {
	a     *API
	ctx   context.Context
	dir   string
	here  *selection            // the project around dir, once it is needed
	named map[string]*selection // by project name
	order []*selection
	seen  map[string]bool // "project/service"
}

func (a *API) newGrouping(ctx context.Context, scope wire.Scope) (*grouping, error) {
	if n := len(scope.Targets); n > maxTargets {
		return nil, wire.Usagef(
			"cannot take %d names of services at once: at most %d", n, maxTargets,
		)
	}
	if err := nameable(scope.Targets); err != nil {
		return nil, err
	}
	return &grouping{
		a: a, ctx: ctx, dir: string(scope.Dir), named: make(map[string]*selection),
		seen: make(map[string]bool),
	}, nil
}

// of returns the selection that a target belongs to, and the service that it names.
func (g *grouping) of(target string) (*selection, string, error) {
	i := strings.LastIndexByte(target, '/')
	if i < 0 {
		s, err := g.around()
		return s, target, err
	}
	name, service := target[:i], target[i+1:]
	s, ok := g.named[name]
	if !ok {
		p, known := g.a.e.Named(name)
		if !known {
			return nil, "", noProject(g.a.e, name)
		}
		awaitRestored(g.ctx, p)
		s = g.selection(p)
		g.named[name] = s
	}
	if service == "" {
		return nil, "", &wire.Error{
			Code: wire.CodeUsage,
			Msg: fmt.Sprintf(
				"cannot find a service of %s in %q: the name is missing", name, target,
			),
			Hint: "name it, as in " + name + "/web",
		}
	}
	return s, service, nil
}

func (g *grouping) around() (*selection, error) {
	if g.here == nil {
		p, err := g.a.around(g.ctx, g.dir)
		if err != nil {
			return nil, err
		}
		g.here = g.selection(p)
	}
	return g.here, nil
}

// selection is that of a project, which is added where it is new.
func (g *grouping) selection(p *engine.Project) *selection {
	for _, s := range g.order {
		if s.project == p {
			return s
		}
	}
	s := &selection{project: p, counts: project.Formation{}}
	g.order = append(g.order, s)
	return s
}

func (g *grouping) add(s *selection, service string) {
	key := s.project.Root + "/" + service
	if !g.seen[key] {
		g.seen[key] = true
		s.names = append(s.names, service)
	}
}

func (g *grouping) chosen() []selection {
	var out []selection
	for _, s := range g.order {
		out = append(out, *s)
	}
	return out
}

func noProject(e *engine.Engine, name string) error {
	var have []string
	for _, p := range e.All() {
		have = append(have, p.Name())
	}
	return &wire.Error{
		Code: wire.CodeNoProject,
		Msg:  fmt.Sprintf("cannot find a project called %q", name),
		Hint: spelling.Suggestion(name, have, "see the projects: locald status --all"),
	}
}

// noService is the error for a name that the project does not have.
func noService(p *engine.Project, name string, have []string) error {
	return &wire.Error{
		Code: wire.CodeNoService,
		Msg:  fmt.Sprintf("cannot find a service called %q in %s", name, p.Name()),
		Hint: spelling.Suggestion(name, have, "it has: "+strings.Join(have, ", ")),
	}
}

// expand turns what a person typed into names of services: a line's name means all of its
// instances.
func expand(p *engine.Project, typed, have []string) (names []string, err error) {
	seen := make(map[string]bool)
	for _, t := range typed {
		found := project.Instances(t, have)
		if len(found) == 0 {
			return nil, noService(p, t, have)
		}
		for _, name := range found {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names, nil
}

// serviceNames are those of the Procfile and those that are still known.
func serviceNames(spec *project.Spec, snapshot supervisor.Snapshot) (names []string) {
	seen := make(map[string]bool)
	if spec != nil {
		names = spec.Names()
	}
	for _, name := range names {
		seen[name] = true
	}
	for _, v := range snapshot.Services {
		if !seen[v.Name] {
			names = append(names, v.Name)
		}
	}
	return names
}
