package project

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/locald/locald/internal/servicename"
)

const portName = "PORT"

// Sources of a variable that are no line of a file.
const (
	sourceShell  = "shell"
	sourceLocald = "locald"
)

// Injection is what locald adds to the environment of one service.
type Injection struct {
	Project string         // display name
	Service string         // "" for another command: it gets the ports of all and no PORT
	Ports   map[string]int // of every service, by name
	Extra   []string       // more "K=V", above everything
}

// Variable is one variable of a service's environment. Its String, its JSON and its log form have
// no value.
type Variable struct {
	Name     string
	Value    string   `json:"-"`
	Source   string   // "shell", ".env:12", ".env.local:3", "locald.toml:7" or "locald"
	Overrode []string // sources whose value this one hides, lowest first
}

// Environment is what one service gets.
type Environment struct {
	Vars     []Variable // sorted by name
	Warnings []Warning
}

// List returns "NAME=value" for exec, sorted by name.
func (e Environment) List() []string {
	list := make([]string, len(e.Vars))
	for i, v := range e.Vars {
		list[i] = v.Name + "=" + v.Value
	}
	return list
}

// Value returns that of one variable.
func (e Environment) Value(name string) (string, bool) {
	byName := func(v Variable, name string) int { return strings.Compare(v.Name, name) }
	i, ok := slices.BinarySearchFunc(e.Vars, name, byName)
	if !ok {
		return "", false
	}
	return e.Vars[i].Value, true
}

// Environ computes the environment of one service. From lowest to highest: base (the entering
// shell's "K=V", without its PORT), .env, .env.local, locald.toml, what locald injects, in.Extra.
// Its error is a *ParseError: a value cannot be expanded to its end, and nothing must start.
func (s *Spec) Environ(base []string, in Injection) (Environment, error) {
	shell := variables(base)
	delete(shell, portName)
	injected := s.injected(shell, in)

	l := layers{}
	for name, value := range shell {
		l.set(name, value, sourceShell)
	}
	warned, err := s.addSettings(l, in.Service, shell, injected)
	if err != nil {
		return Environment{}, err
	}
	for name, value := range injected {
		l.set(name, value, sourceLocald)
	}
	for name, value := range variables(in.Extra) {
		l.set(name, value, sourceLocald)
	}
	return Environment{Vars: l.sorted(), Warnings: warned}, nil
}

// addSettings expands what the files say and puts it over the shell's variables.
func (s *Spec) addSettings(
	l layers, service string, shell, injected map[string]string,
) ([]Warning, error) {
	files := map[string]string{}
	e := newExpansion(func(name string) (string, bool) {
		for _, layer := range []map[string]string{files, injected, shell} {
			if value, ok := layer[name]; ok {
				return value, true
			}
		}
		return "", false
	})
	empty := map[string]Warning{}
	var warned []Warning
	for _, entry := range slices.Concat(s.settings, s.Settings(service).env) {
		if entry.name == portName {
			continue // the wish for a port: what was leased is injected
		}
		value, err := e.setting(entry)
		if err != nil {
			return nil, err
		}
		files[entry.name] = value
		l.set(entry.name, value, entry.position())
		delete(empty, entry.name)
		if value == "" && shell[entry.name] != "" {
			reason := entry.name + " is empty here and hides the value that your shell has"
			empty[entry.name] = Warning{entry.file, entry.line, reason}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(empty)) {
		warned = append(warned, empty[name])
	}
	return warned, nil
}

// injected returns locald's own variables. There is no NAME_URL without a prefix: a service called
// database must not become the DATABASE_URL.
func (s *Spec) injected(shell map[string]string, in Injection) map[string]string {
	vars := map[string]string{"LOCALD_PROJECT": in.Project}
	if service, ok := s.Service(in.Service); ok {
		vars["LOCALD_SERVICE"] = in.Service
		vars["PS"] = service.ps()
	}
	for name, port := range s.named(in.Ports) {
		vars["LOCALD_"+name+"_PORT"] = strconv.Itoa(port)
		vars["LOCALD_"+name+"_URL"] = "http://127.0.0.1:" + strconv.Itoa(port)
	}
	if port := in.Ports[in.Service]; port != 0 {
		vars[portName] = strconv.Itoa(port)
	}
	s.addShortNames(vars, shell, in)
	return vars
}

// named returns the ports by the part of a variable's name that tells them apart. The line's own
// name is that of its first instance, so that what refers to it works with any number of them.
func (s *Spec) named(ports map[string]int) map[string]int {
	out := map[string]int{}
	for _, service := range s.Services {
		port := ports[service.Name]
		if port == 0 {
			continue
		}
		out[servicename.Variable(service.Name)] = port
		if service.Number == 1 {
			out[servicename.Variable(service.Of)] = port
		}
	}
	// worker_2 is a line of its own, whatever worker's second instance is called.
	for _, service := range s.Services {
		if port := ports[service.Name]; port != 0 && service.Name == service.Of {
			out[servicename.Variable(service.Of)] = port
		}
	}
	return out
}

// addShortNames adds NAME_PORT where nobody else sets that name.
func (s *Spec) addShortNames(vars, shell map[string]string, in Injection) {
	taken := maps.Clone(shell)
	maps.Copy(taken, vars)
	for _, entry := range slices.Concat(s.settings, s.Settings(in.Service).env) {
		taken[entry.name] = ""
	}
	for name, port := range s.named(in.Ports) {
		_, isTaken := taken[name+"_PORT"]
		// To a shell, a name that begins with a digit is not a variable.
		if !isTaken && !isDigit(name[0]) {
			vars[name+"_PORT"] = strconv.Itoa(port)
		}
	}
}

// variables turns "K=V" into a map; as for exec, the last of a name wins and what has no name is no
// variable.
func variables(list []string) map[string]string {
	vars := make(map[string]string, len(list))
	for _, item := range list {
		if name, value, ok := strings.Cut(item, "="); ok && name != "" {
			vars[name] = value
		}
	}
	return vars
}

// layers holds the highest variable of each name so far.
type layers map[string]Variable

func (l layers) set(name, value, source string) {
	v := Variable{Name: name, Value: value, Source: source}
	if below, ok := l[name]; ok {
		v.Overrode = append(below.Overrode, below.Source)
	}
	l[name] = v
}

func (l layers) sorted() []Variable {
	byName := func(a, b Variable) int { return strings.Compare(a.Name, b.Name) }
	return slices.SortedFunc(maps.Values(l), byName)
}
