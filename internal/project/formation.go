package project

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
)

// MaxCount is the most instances of one line.
const MaxCount = 100

// maxServices is how many services a project may have: more than anybody has, and few enough that
// one project cannot take all ports, or all of an answer.
const maxServices = 1000

// Formation is how many instances of a line of the Procfile there are to be. What it does not name
// has the count of locald.toml, or 1.
type Formation map[string]int

// With returns a formation in which what other names has other's count.
func (f Formation) With(other Formation) Formation {
	out := maps.Clone(f)
	if out == nil {
		out = Formation{}
	}
	maps.Copy(out, other)
	return out
}

// Formed returns the project with the services that a formation asks for: of several instances of
// worker each is one, called worker.1, worker.2 and so on. A "." cannot be in a line's name. A line
// with a count of 0 stays a service, which is idle. The error is a *ParseError: there would be too
// many.
func (s *Spec) Formed(f Formation) (*Spec, error) {
	if err := s.checkCount(f); err != nil {
		return nil, err
	}
	out := *s
	out.Services = nil
	for _, line := range s.lines {
		count := s.countOf(line, f)
		line.Of, line.Number, line.Idle = line.Name, 1, count == 0
		if count <= 1 {
			out.Services = append(out.Services, line)
			continue
		}
		for n := 1; n <= count; n++ {
			instance := line
			instance.Name, instance.Number = fmt.Sprintf("%s.%d", line.Name, n), n
			out.Services = append(out.Services, instance)
		}
	}
	return &out, nil
}

func (s *Spec) countOf(line Service, f Formation) int {
	if count, ok := f[line.Name]; ok {
		return count
	}
	return s.Settings(line.Name).count
}

func (s *Spec) checkCount(f Formation) error {
	total := 0
	for _, line := range s.lines {
		total += max(s.countOf(line, f), 1)
	}
	if total <= maxServices {
		return nil
	}
	return &ParseError{
		File: s.Procfile,
		Reason: fmt.Sprintf(
			"it makes %d services, and a project has at most %d", total, maxServices,
		),
		Hint: "split it into several directories with a Procfile each, or start fewer instances " +
			"(count in locald.toml, locald up NAME=1)",
	}
}

// Lines returns the lines of the Procfile, whatever the formation.
func (s *Spec) Lines() []Service { return s.lines }

// lineOf returns the name of the line that a service is an instance of.
func lineOf(service string) string {
	line, _, _ := strings.Cut(service, ".")
	return line
}

// Heir returns the name under which a service goes on when the formation turns one instance into
// several or back, which is whom its port goes to: worker and worker.1. It is "" for the others.
func Heir(service string) string {
	line, number, several := strings.Cut(service, ".")
	switch {
	case !several:
		return line + ".1"
	case number == "1":
		return line
	}
	return ""
}

// Requires returns the services that one depends on: every instance of the lines that locald.toml
// names.
func (s *Spec) Requires(service string) (names []string) {
	for _, line := range s.Settings(service).dependsOn {
		for _, other := range s.Services {
			if other.Of == line {
				names = append(names, other.Name)
			}
		}
	}
	return names
}

// Instances returns the names among have that a person means: the service of this name, or every
// instance of the line. Where there is one instance only, its number may be said.
func Instances(name string, have []string) (names []string) {
	for _, h := range have {
		if h == name || lineOf(h) == name {
			names = append(names, h)
		}
	}
	if line, is := strings.CutSuffix(name, ".1"); is && len(names) == 0 {
		return Instances(line, have)
	}
	return names
}

// ps is what foreman and its kin call an instance.
func (s Service) ps() string { return s.Of + "." + strconv.Itoa(s.Number) }
