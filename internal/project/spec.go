package project

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Service is one line of the Procfile.
type Service struct {
	Name    string
	Command string // for sh -c, unchanged but for blanks at both ends
	Line    int    // of the Procfile, from 1
}

// portWord finds $PORT, ${PORT}, ${PORT:-3000} and a plain PORT, but no WEB_PORT.
var portWord = regexp.MustCompile(`(^|[^A-Za-z0-9_])PORT($|[^A-Za-z0-9_])`)

// MentionsPort reports whether the service's command uses its PORT.
func (s Service) MentionsPort() bool { return portWord.MatchString(s.Command) }

// Spec is a project as its files describe it. It is never changed after Parse.
type Spec struct {
	Root     string // canonical
	Procfile string // "Procfile.dev" or "Procfile"
	Services []Service
	Warnings []Warning // of all files, in the order in which they are read

	portWish int // PORT of .env or .env.local; 0 when there is none
	settings []setting
	tables   map[string]*Settings // by service, of locald.toml
	autoStop *time.Duration       // of locald.toml; nil where it does not say
}

// Service returns the service of this name.
func (s *Spec) Service(name string) (Service, bool) {
	i := slices.IndexFunc(s.Services, func(service Service) bool { return service.Name == name })
	if i < 0 {
		return Service{}, false
	}
	return s.Services[i], true
}

// Names returns the services' names in the order of the Procfile.
func (s *Spec) Names() []string {
	names := make([]string, len(s.Services))
	for i, service := range s.Services {
		names[i] = service.Name
	}
	return names
}

// Parse turns the bytes into a Spec. Its error is a *ParseError: the project must not start. What is only skipped is
// in the Spec's Warnings.
func (f *Files) Parse() (*Spec, error) {
	procfile := f.procfile()
	services, warned, err := parseProcfile(procfile.name, procfile.text)
	if err != nil {
		return nil, err
	}
	spec := &Spec{Root: f.root, Procfile: procfile.name, Services: services, Warnings: warned}
	if err := spec.parseSettings(f.toml()); err != nil {
		return nil, err
	}
	for _, file := range f.env {
		settings, err := file.settings()
		if err != nil {
			return nil, err
		}
		spec.settings = append(spec.settings, settings...)
		spec.Warnings = append(spec.Warnings, file.warned...)
	}
	if spec.portWish, err = portWish(spec.settings); err != nil {
		return nil, err
	}
	return spec, nil
}

// wishStep is foreman's distance between the ports of two services.
const wishStep = 100

// PortWishes returns the ports that the files ask for, by service: port of
// locald.toml, else PORT of .env for the first service and 100 more for each
// next one.
func (s *Spec) PortWishes() map[string]int {
	wishes := map[string]int{}
	taken := map[int]bool{}
	for _, service := range s.Services {
		if port := s.Settings(service.Name).Port; port != 0 {
			wishes[service.Name], taken[port] = port, true
		}
	}
	if s.portWish == 0 {
		return wishes
	}
	for i, service := range s.Services {
		port := s.portWish + i*wishStep
		if _, asked := wishes[service.Name]; !asked && port <= maxPort && !taken[port] {
			wishes[service.Name] = port
		}
	}
	return wishes
}

const maxPort = 65535

// portWish returns the PORT that the files ask for. It is expanded from the files alone: it decides which ports are
// leased, so it cannot depend on them, and not on the shell that happened to enter.
func portWish(settings []setting) (int, error) {
	wish, value := setting{}, ""
	vars := map[string]string{}
	e := newExpansion(mapLookup(vars))
	for _, s := range settings {
		text := e.expand(s.value)
		if s.name == portName {
			wish, value = s, strings.TrimSpace(text)
			continue
		}
		vars[s.name] = text
	}
	if value == "" {
		return 0, nil
	}
	port, err := strconv.ParseUint(value, 10, 16)
	if err != nil || port == 0 {
		return 0, &ParseError{
			File: wish.file, Line: wish.line, Reason: "PORT is not a number from 1 to 65535",
			Hint: "write a number, or leave PORT out: locald then leases a free port for each service",
		}
	}
	return int(port), nil
}

var byteOrderMark = []byte("\ufeff")

// plainText drops a byte order mark, which editors add unasked, and refuses the encoding that cannot be read byte by
// byte at all.
func plainText(file string, text []byte) ([]byte, error) {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil, &ParseError{File: file, Line: 1, Reason: "it is UTF-16", Hint: "save it as UTF-8"}
	}
	return bytes.TrimPrefix(text, byteOrderMark), nil
}
