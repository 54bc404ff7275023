package daemon

import (
	"fmt"
	"slices"
	"strings"

	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/project"
	"github.com/locald/locald/internal/spelling"
)

// selection is a project and the services in it that a command is about; none
// named means all.
type selection struct {
	project *resident
	names   []string
	counts  project.Formation // of an up: instances by line, or of allLines
}

// here is the project around a directory.
func (d *Daemon) here(dir string) (*resident, error) {
	if p, ok := d.registry.around(dir, d.paths.Home); ok {
		return p, nil
	}
	return nil, &ipc.Error{
		Code: ipc.CodeNoProject,
		Msg:  fmt.Sprintf("cannot find a project: there is no Procfile in %s or above it", tilde(dir, d.paths.Home)),
		Hint: "write a Procfile with lines such as \"web: npm start\", or name a directory: -C DIR",
	}
}

// resolve turns a scope into projects and services. Whether a service exists
// is not checked here: for a project that is not read yet nobody knows.
func (d *Daemon) resolve(scope ipc.Scope) ([]selection, error) {
	switch {
	case scope.All && len(scope.Targets) > 0:
		return nil, &ipc.Error{Code: ipc.CodeUsage, Msg: "cannot take both --all and names of services", Hint: "leave one of them out"}
	case scope.All:
		var out []selection
		for _, p := range d.registry.all() {
			out = append(out, selection{project: p})
		}
		return out, nil
	case len(scope.Targets) == 0:
		p, err := d.here(string(scope.Dir))
		if err != nil {
			return nil, err
		}
		return []selection{{project: p}}, nil
	}
	return d.resolveTargets(scope)
}

// resolveTargets groups "web" and "shop/web" by project, in the order in which
// the projects are first named.
func (d *Daemon) resolveTargets(scope ipc.Scope) ([]selection, error) {
	var out []selection
	for _, target := range scope.Targets {
		p, name, err := d.resolveTarget(string(scope.Dir), target)
		if err != nil {
			return nil, err
		}
		if s := selectionOf(&out, p); !slices.Contains(s.names, name) {
			s.names = append(s.names, name)
		}
	}
	return out, nil
}

// selectionOf returns a project's selection in a list, to which it is added
// where it is new.
func selectionOf(list *[]selection, p *resident) *selection {
	i := slices.IndexFunc(*list, func(s selection) bool { return s.project == p })
	if i < 0 {
		i, *list = len(*list), append(*list, selection{project: p, counts: project.Formation{}})
	}
	return &(*list)[i]
}

func (d *Daemon) resolveTarget(dir, target string) (*resident, string, error) {
	i := strings.LastIndexByte(target, '/')
	if i < 0 {
		p, err := d.here(dir)
		return p, target, err
	}
	name, service := target[:i], target[i+1:]
	p, ok := d.registry.named(name)
	if !ok {
		return nil, "", d.noProject(name)
	}
	if service == "" {
		return nil, "", &ipc.Error{Code: ipc.CodeUsage, Msg: fmt.Sprintf("cannot tell which service of %s is meant by %q", name, target), Hint: "name it, as in " + name + "/web"}
	}
	return p, service, nil
}

func (d *Daemon) noProject(name string) error {
	return &ipc.Error{
		Code: ipc.CodeNoProject,
		Msg:  fmt.Sprintf("cannot find a project called %q", name),
		Hint: spelling.Suggestion(name, d.projectNames(), "see the projects: locald status --all"),
	}
}

func (d *Daemon) projectNames() []string {
	var out []string
	for _, p := range d.registry.all() {
		out = append(out, p.name)
	}
	return out
}

// noService is the error for a name that the project does not have.
func (p *resident) noService(name string, have []string) error {
	return &ipc.Error{
		Code: ipc.CodeNoService,
		Msg:  fmt.Sprintf("cannot find a service called %q in %s", name, p.name),
		Hint: spelling.Suggestion(name, have, "it has: "+strings.Join(have, ", ")),
	}
}
