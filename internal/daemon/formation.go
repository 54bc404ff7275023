package daemon

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/project"
)

// allLines stands in a formation for every line of the Procfile that it does
// not name.
const allLines = "all"

// resolveFormation is resolve for up, where "worker=2" asks for so many
// instances of a line. The rule is foreman's: "web=2,worker=1,all=1".
func (d *Daemon) resolveFormation(scope ipc.Scope) ([]selection, error) {
	var out []selection
	for _, target := range strings.FieldsFunc(strings.Join(scope.Targets, ","), func(r rune) bool { return r == ',' }) {
		target, written, counted := strings.Cut(target, "=")
		p, name, err := d.resolveTarget(string(scope.Dir), target)
		if err != nil {
			return nil, err
		}
		s := selectionOf(&out, p)
		if !counted {
			s.names = append(s.names, name)
			continue
		}
		count, err := strconv.ParseUint(written, 10, 16)
		if err != nil || count > project.MaxCount {
			return nil, &ipc.Error{
				Code: ipc.CodeUsage, Msg: fmt.Sprintf("cannot start %q instances of %s: that is no number from 0 to %d", written, name, project.MaxCount),
				Hint: "write it as in: locald up web=2,worker=1",
			}
		}
		s.counts[name] = int(count)
	}
	if len(out) == 0 || scope.All {
		return d.resolve(scope)
	}
	return out, nil
}

// form is the formation that an order leads to: what was ordered before stays
// where nothing is said. To name a line of which there is to be none is to ask
// for one.
func (p *resident) form(spec *project.Spec, c selection) (project.Formation, error) {
	next := p.formed().With(nil)
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
			return nil, p.noService(name, lines)
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

// orderedNames are the services that an up or a restart is about, in the order
// of the Procfile.
func (p *resident) orderedNames(spec *project.Spec, c selection) (names []string, err error) {
	_, all := c.counts[allLines]
	all = all || len(c.names)+len(c.counts) == 0
	asked := slices.Clone(c.names)
	for line := range c.counts {
		if line != allLines {
			asked = append(asked, line)
		}
	}
	expanded, err := p.expand(asked, spec.Names())
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

// expand turns what a person typed into names of services: a line's name means
// all of its instances.
func (p *resident) expand(typed, have []string) (names []string, err error) {
	for _, t := range typed {
		found := project.Instances(t, have)
		if len(found) == 0 {
			return nil, p.noService(t, have)
		}
		for _, name := range found {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names, nil
}
