package api

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/project"
	"github.com/locald/locald/internal/wire"
)

// allLines stands in a formation for every line of the Procfile that it does not name.
const allLines = "all"

// resolveFormation is resolve for up, where "worker=2" asks for so many instances of a line. The
// rule is foreman's: "web=2,worker=1,all=1".
func (a *API) resolveFormation(ctx context.Context, scope wire.Scope) ([]selection, error) {
	comma := func(r rune) bool { return r == ',' }
	targets := strings.FieldsFunc(strings.Join(scope.Targets, ","), comma)
	if len(targets) == 0 || scope.All {
		return a.resolve(ctx, scope)
	}
	g, err := a.newGrouping(ctx, wire.Scope{Dir: scope.Dir, Targets: targets})
	if err != nil {
		return nil, err
	}
	for _, target := range targets {
		target, written, counted := strings.Cut(target, "=")
		s, name, err := g.of(target)
		if err != nil {
			return nil, err
		}
		if !counted {
			g.add(s, name)
			continue
		}
		count, err := strconv.ParseUint(written, 10, 16)
		if err != nil || count > project.MaxCount {
			return nil, &wire.Error{
				Code: wire.CodeUsage, Hint: "write it as in: locald up web=2,worker=1",
				Msg: fmt.Sprintf(
					"cannot start %q instances of %s: not a number from 0 to %d", written,
					name, project.MaxCount,
				),
			}
		}
		s.counts[name] = int(count)
	}
	return g.chosen(), nil
}

// nextFormation is the formation that an order leads to: what was ordered before stays where
// nothing is said. To name a line of which there is to be none is to ask for one.
func nextFormation(p *engine.Project, spec *project.Spec, c selection) (project.Formation, error) {
	next := p.Formation().With(nil)
	var lines []string
	for _, line := range spec.Lines() {
		lines = append(lines, line.Name)
		if count, ok := c.counts[allLines]; ok {
			next[line.Name] = count
		}
	}
	for name, count := range c.counts {
		switch {
		case name == allLines:
		case !slices.Contains(lines, name):
			return nil, noService(p, name, lines)
		default:
			next[name] = count
		}
	}
	for _, name := range c.names {
		if s, ok := spec.Service(name); ok && s.Idle {
			next[name] = 1
		}
	}
	return next, nil
}

// orderedNames are the services that an up or a restart is about, in the order of the Procfile.
func orderedNames(p *engine.Project, spec *project.Spec, c selection) (names []string, err error) {
	_, all := c.counts[allLines]
	all = all || len(c.names)+len(c.counts) == 0
	asked := slices.Clone(c.names)
	for line := range c.counts {
		if line != allLines {
			asked = append(asked, line)
		}
	}
	expanded, err := expand(p, asked, spec.Names())
	if err != nil {
		return nil, err
	}
	names = []string{}
	for _, s := range spec.Services {
		if !s.Idle && (all || slices.Contains(expanded, s.Name)) {
			names = append(names, s.Name)
		}
	}
	return names, nil
}
