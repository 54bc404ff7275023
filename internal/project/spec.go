package project

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Service is one instance of a line of the Procfile.
type Service struct {
	Name    string // that of its line, but for one of several instances: "worker.2"
	Of      string // its line's
	Number  int    // of the instance, from 1
	Idle    bool   // its count is 0: it is started by name only, or because another needs it
	Command string // for sh -c, unchanged but for blanks at both ends
	Line    int    // of the Procfile, from 1
}

// MentionsPort reports whether the service's command uses its PORT: $PORT, ${PORT}, ${PORT:-3000}
// or a plain PORT, but no WEB_PORT. It is asked at each look at a project, so it is no regular
// expression.
func (s Service) MentionsPort() bool {
	before := ""
	for rest := s.Command; ; {
		head, tail, found := strings.Cut(rest, portName)
		if !found {
			return false
		}
		if head != "" {
			before = head
		}
		if !endsInWord(before) && !startsWithWord(tail) {
			return true
		}
		before, rest = portName, tail
	}
}

func endsInWord(text string) bool { return text != "" && isWordByte(text[len(text)-1]) }

func startsWithWord(text string) bool { return text != "" && isWordByte(text[0]) }

func isWordByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

// Spec is a project as its files describe it. It is never changed after Parse.
type Spec struct {
	Root     string    // canonical
	Procfile string    // "Procfile.dev" or "Procfile"
	Services []Service // in the order of the Procfile, as Formed
	Warnings []Warning // of all files, in the order in which they are read

	files    *Files
	lines    []Service
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
func (s *Spec) Names() []string { return namesOf(s.Services) }

func namesOf(services []Service) []string {
	names := make([]string, len(services))
	for i, service := range services {
		names[i] = service.Name
	}
	return names
}

// Parse turns the bytes into a Spec. Its error is a *ParseError: the project must not start. What
// is only skipped is in the Spec's Warnings.
func (f *Files) Parse() (*Spec, error) {
	manifest, err := f.parseManifest()
	if err != nil {
		return nil, err
	}
	spec := *manifest
	spec.Warnings = slices.Clone(spec.Warnings)
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
	return spec.Formed(nil)
}

// parseManifest returns what the Procfile and locald.toml say. They are parsed once: the digest
// asks for them too, to learn what they use of .env.
func (f *Files) parseManifest() (*Spec, error) {
	f.once.Do(func() { f.parsed, f.refused = f.readManifest() })
	return f.parsed, f.refused
}

func (f *Files) readManifest() (*Spec, error) {
	procfile := f.procfile()
	services, warned, err := parseProcfile(procfile.name, procfile.text)
	if err != nil {
		return nil, err
	}
	spec := &Spec{
		files: f, Root: f.root, Procfile: procfile.name, lines: services, Warnings: warned,
	}
	if err := spec.parseSettings(f.toml()); err != nil {
		return nil, err
	}
	return spec, nil
}

// wishStep is foreman's distance between the ports of two services.
const wishStep = 100

// PortWishes returns the ports that the files ask for, by service: port of
// locald.toml, else PORT of .env for the first service and 100 more for each
// next one. A further instance asks for the port after that of the one before.
func (s *Spec) PortWishes() map[string]int {
	wishes := map[string]int{}
	taken := map[int]bool{}
	wish := func(service Service, first int) {
		port := first + service.Number - 1
		if _, asked := wishes[service.Name]; !asked && port <= maxPort && !taken[port] {
			wishes[service.Name], taken[port] = port, true
		}
	}
	// Those of further instances, which nobody wrote down, give way to those that somebody did.
	for _, further := range []bool{false, true} {
		for _, service := range s.Services {
			if port := s.Settings(service.Name).Port; port != 0 && further == (service.Number > 1) {
				wish(service, port)
			}
		}
	}
	if s.portWish == 0 {
		return wishes
	}
	line := -1
	for _, service := range s.Services {
		if service.Number == 1 {
			line++
		}
		wish(service, s.portWish+line*wishStep)
	}
	return wishes
}

const maxPort = 65535

// portWish returns the PORT that the files ask for. It is expanded from the files alone: it decides
// which ports are leased, so it cannot depend on them, and not on the shell that happened to enter.
func portWish(settings []setting) (int, error) {
	wish, value := setting{}, ""
	vars := map[string]string{}
	e := newExpansion(mapLookup(vars))
	for _, s := range settings {
		text, err := e.setting(s)
		if err != nil {
			return 0, err
		}
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
			Hint: "write a number, or leave PORT out: locald then leases a port for each service",
		}
	}
	return int(port), nil
}

var byteOrderMark = []byte("\ufeff")

// plainText drops a byte order mark, which editors add unasked, and refuses the encoding that
// cannot be read byte by byte at all.
func plainText(file string, text []byte) ([]byte, error) {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil, &ParseError{
			File: file, Line: 1, Reason: "it is UTF-16", Hint: "save it as UTF-8",
		}
	}
	return bytes.TrimPrefix(text, byteOrderMark), nil
}
