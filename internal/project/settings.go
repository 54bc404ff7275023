package project

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/locald/locald/internal/spelling"
	"github.com/locald/locald/internal/tomlfile"
)

// Settings are how one service is run, as locald.toml has it or by default.
type Settings struct {
	Restart     string // "no", "on-failure", "always"
	StopSignal  syscall.Signal
	StopTimeout time.Duration
	Ready       string // "port", "alive", or "" to let locald decide
	TTY         bool
	Port        int // 0: none is asked for

	dependsOn []string
	count     int // how many instances, where nobody asked for another number
	env       []setting
}

var defaults = Settings{
	Restart: "on-failure", StopSignal: syscall.SIGTERM,
	StopTimeout: 10 * time.Second, TTY: true, count: 1,
}

const maxStopTimeout = 10 * time.Minute

// Settings returns those of a service's line, defaults filled in.
func (s *Spec) Settings(service string) Settings {
	if found, ok := s.tables[lineOf(service)]; ok {
		return *found
	}
	return defaults
}

// HasEnv reports whether the service has variables that others do not get.
func (s Settings) HasEnv() bool { return len(s.env) > 0 }

// AutoStop is how long what entering started stays up when nobody is there; 0
// is for good. otherwise is what holds where the project does not say.
func (s *Spec) AutoStop(otherwise time.Duration) time.Duration {
	if s.autoStop == nil {
		return otherwise
	}
	return *s.autoStop
}

// signals that a stop can begin with.
var signals = map[string]syscall.Signal{
	"HUP": syscall.SIGHUP, "INT": syscall.SIGINT, "QUIT": syscall.SIGQUIT, "ABRT": syscall.SIGABRT,
	"ALRM": syscall.SIGALRM, "KILL": syscall.SIGKILL, "TERM": syscall.SIGTERM,
	"USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2, "WINCH": syscall.SIGWINCH,
}

// settingKeys are the keys of a [services.NAME] table.
var settingKeys = map[string]func(*settingsReader, *Settings, tomlfile.Entry){
	"restart": func(r *settingsReader, s *Settings, e tomlfile.Entry) {
		s.Restart = r.oneOf(e, "no", "on-failure", "always")
	},
	"ready": func(r *settingsReader, s *Settings, e tomlfile.Entry) {
		s.Ready = r.oneOf(e, "port", "alive")
	},
	"stop_signal":  (*settingsReader).stopSignal,
	"stop_timeout": (*settingsReader).stopTimeout,
	"depends_on":   (*settingsReader).dependsOn,
	"tty":          (*settingsReader).tty,
	"port":         (*settingsReader).port,
	"count":        (*settingsReader).count,
	"env":          (*settingsReader).env,
}

// SettingNames returns the keys that locald.toml sets, as in "services.web.port", in file order.
// They are part of what is allowed.
func (f *Files) SettingNames() []string {
	var names []string
	for _, a := range f.Approved() {
		if a.File == tomlName {
			names = append(names, a.Name)
		}
	}
	return names
}

// key is one that locald.toml sets.
type key struct {
	name     string // as in "services.web.env.PATH"
	line     int
	value    any
	variable string // which it sets in an environment; "" for any other key
}

func keysOf(prefix string, table tomlfile.Table) (keys []key) {
	for _, e := range table {
		if inner, ok := e.Value.(tomlfile.Table); ok {
			keys = append(keys, keysOf(prefix+e.Key+".", inner)...)
			continue
		}
		k := key{name: prefix + e.Key, line: e.Line, value: e.Value}
		if strings.HasSuffix(prefix, ".env.") && strings.Count(prefix, ".") == 3 {
			k.variable = e.Key
		}
		keys = append(keys, k)
	}
	return keys
}

// parseSettings reads locald.toml for the services of the Procfile. Its error is
// the *ParseError of the first line with something wrong.
func (s *Spec) parseSettings(file source) error {
	if !file.present {
		return nil
	}
	text, err := plainText(file.name, file.text)
	if err != nil {
		return err
	}
	top, err := tomlfile.Parse(text)
	if err != nil {
		if refused, ok := errors.AsType[*tomlfile.Error](err); ok {
			err = &ParseError{
				File: file.name, Line: refused.Line, Reason: refused.Reason,
				Hint: `as in: [services.web] on a line of its own, and below it: restart = "no"`,
			}
		}
		return err
	}
	r := settingsReader{
		file: file.name, tables: map[string]*Settings{}, lines: map[string]int{},
		names: namesOf(s.lines), warned: warnings{file: file.name},
	}
	r.readTop(top)
	r.checkPorts()
	r.checkCycles()
	if len(r.refused) > 0 {
		byLine := func(a, b *ParseError) int { return cmp.Compare(a.Line, b.Line) }
		return slices.MinFunc(r.refused, byLine)
	}
	s.tables, s.autoStop = r.tables, r.autoStop
	s.Warnings = append(s.Warnings, r.warned.all()...)
	return nil
}

// settingsReader collects what is said and what is wrong with it.
type settingsReader struct {
	file     string
	names    []string // of the Procfile's services, in its order
	tables   map[string]*Settings
	autoStop *time.Duration
	lines    map[string]int // of each table's depends_on and port: "web.port"
	service  string         // whose table is being read
	refused  []*ParseError
	warned   warnings
}

func (r *settingsReader) refuse(line int, hint, format string, args ...any) {
	r.refused = append(r.refused,
		&ParseError{File: r.file, Line: line, Reason: fmt.Sprintf(format, args...), Hint: hint})
}

// wants refuses a value of the wrong kind. The value is not shown: env may be
// next to it, and hold a secret.
func (r *settingsReader) wants(e tomlfile.Entry, what string) {
	r.refuse(e.Line, "write "+what, "%s is %s", e.Key, e.Kind())
}

func (r *settingsReader) readTop(top tomlfile.Table) {
	for _, e := range top {
		switch e.Key {
		case "services":
		case "auto_stop":
			r.autoStop = r.readAutoStop(e)
			continue
		default:
			r.unknown(e, []string{"services", "auto_stop"},
				"here; a service's settings stand below [services.NAME]")
			continue
		}
		tables, ok := e.Value.(tomlfile.Table)
		if !ok {
			r.wants(e, "[services.NAME]")
			continue
		}
		for _, t := range tables {
			r.readService(t)
		}
	}
}

func (r *settingsReader) unknown(e tomlfile.Entry, known []string, where string) {
	refused := e.Unknown(known, where)
	r.refuse(refused.Line, refused.Hint, "%s", refused.Reason)
}

func (r *settingsReader) readService(e tomlfile.Entry) {
	if !slices.Contains(r.names, e.Key) {
		r.noService(e.Line, e.Key)
		return
	}
	table, ok := e.Value.(tomlfile.Table)
	if !ok {
		r.wants(e, "[services."+e.Key+"]")
		return
	}
	settings := defaults
	r.service, r.tables[e.Key] = e.Key, &settings
	for _, k := range table {
		read, ok := settingKeys[k.Key]
		if !ok {
			r.unknown(k, settingNames(), "in [services."+e.Key+"]")
			continue
		}
		r.lines[e.Key+"."+k.Key] = k.Line
		read(r, &settings, k)
	}
}

func settingNames() []string { return slices.Collect(maps.Keys(settingKeys)) }

func (r *settingsReader) noService(line int, name string) {
	hint := spelling.Suggestion(name, r.names, "the Procfile has: "+strings.Join(r.names, ", "))
	r.refuse(line, hint, "the Procfile has no service %q", name)
}

func (r *settingsReader) oneOf(e tomlfile.Entry, words ...string) string {
	if word, ok := e.Value.(string); ok && slices.Contains(words, word) {
		return word
	}
	r.refuse(e.Line, `write one of: "`+strings.Join(words, `", "`)+`"`,
		"%s is not one of its words", e.Key)
	return ""
}

func (r *settingsReader) stopSignal(s *Settings, e tomlfile.Entry) {
	name, _ := e.Value.(string)
	signal, ok := signals[strings.TrimPrefix(strings.ToUpper(name), "SIG")]
	if !ok {
		r.refuse(e.Line, `write a name such as "INT", "QUIT" or "TERM"`,
			"stop_signal is not a signal that ends a program")
	}
	s.StopSignal = signal
}

func (r *settingsReader) stopTimeout(s *Settings, e tomlfile.Entry) {
	d, ok := e.Duration()
	_, text := e.Value.(string)
	switch {
	case !text:
		r.wants(e, `a string with a unit, such as "10s"`)
	case !ok || d < 0 || d > maxStopTimeout:
		r.refuse(e.Line, `write a time such as "10s" or "1m30s"`,
			"stop_timeout is not a time between 0s and 10m")
	}
	s.StopTimeout = d
}

// readAutoStop returns how long what entering started outlives the last shell;
// 0 is for good, whatever the user's own configuration says.
func (r *settingsReader) readAutoStop(e tomlfile.Entry) *time.Duration {
	never := time.Duration(0)
	if word, _ := e.Value.(string); word == "never" {
		return &never
	}
	d, ok := e.Duration()
	if !ok || d < time.Second {
		r.refuse(e.Line, `write a time such as "30m", or "never"`,
			"auto_stop is not a time of a second or more")
	}
	return &d
}

func (r *settingsReader) dependsOn(s *Settings, e tomlfile.Entry) {
	list, ok := e.Value.([]any)
	if !ok {
		r.wants(e, `a list, such as ["db"]`)
	}
	for _, item := range list {
		name, ok := item.(string)
		switch {
		case !ok:
			r.refuse(e.Line, `write a list of services, such as ["db"]`,
				"depends_on holds something that is not a string")
		case name == r.service:
			r.refuse(e.Line, "leave it out", "%s depends on itself", name)
		case !slices.Contains(r.names, name):
			r.noService(e.Line, name)
		case slices.Contains(s.dependsOn, name):
			r.warned.add(e.Line, "depends_on of "+r.service+" names "+name+" twice")
		default:
			s.dependsOn = append(s.dependsOn, name)
		}
	}
}

func (r *settingsReader) tty(s *Settings, e tomlfile.Entry) {
	value, ok := e.Value.(bool)
	if !ok {
		r.wants(e, "true or false")
	}
	s.TTY = value
}

func (r *settingsReader) port(s *Settings, e tomlfile.Entry) {
	port, ok := e.Value.(int64)
	if !ok || port < 1 || port > 65535 {
		r.refuse(e.Line, "write a number, or leave it out: locald then leases a free port",
			"port is not a number from 1 to 65535")
		return
	}
	s.Port = int(port)
}

func (r *settingsReader) count(s *Settings, e tomlfile.Entry) {
	n, ok := e.Value.(int64)
	if !ok || n < 0 || n > MaxCount {
		r.refuse(e.Line, "write how many instances to start; with 0 it is started by name only",
			"count is not a number from 0 to %d", MaxCount)
		return
	}
	s.count = int(n)
}

func (r *settingsReader) env(s *Settings, e tomlfile.Entry) {
	table, ok := e.Value.(tomlfile.Table)
	if !ok {
		r.wants(e, `a table, such as { LOG = "debug" }`)
	}
	for _, v := range table {
		if nameLength(v.Key) != len(v.Key) || v.Key == "" {
			r.refuse(v.Line, "use letters, digits and _, and do not begin with a digit",
				"env has a key that is not the name of a variable")
			continue
		}
		if v.Key == portName {
			r.refuse(v.Line, "ask for a port with: port = 3000", "PORT is set by locald")
			continue
		}
		text, ok := r.variable(v)
		value, err := parseTemplate(text)
		switch {
		case err != nil:
			r.refuse(v.Line, nestingHint, "the value of %s %v", v.Key, err)
		case ok:
			s.env = append(s.env, setting{r.file, v.Line, v.Key, value})
		}
	}
}

// dollars marks references where no other escape counts than the one of a dollar sign.
var dollars = strings.NewReplacer(`\$`, "$", "$", string(rune(referenceMark)))

// variable returns a value with its references marked; \$ is a dollar sign, as
// in .env.
func (r *settingsReader) variable(v tomlfile.Entry) (string, bool) {
	switch value := v.Value.(type) {
	case string:
		if strings.IndexByte(value, 0) >= 0 {
			r.refuse(v.Line, "remove it: no environment can hold one",
				"there is a NUL byte in the value of %s", v.Key)
			return "", false
		}
		return dollars.Replace(value), true
	case int64, bool:
		return fmt.Sprint(value), true
	}
	r.wants(v, "a string, a whole number, or true or false")
	return "", false
}

// checkPorts refuses one port for two services.
func (r *settingsReader) checkPorts() {
	holder := map[int]string{}
	for _, name := range r.names {
		s := r.tables[name]
		if s == nil || s.Port == 0 {
			continue
		}
		if first, taken := holder[s.Port]; taken {
			r.refuse(r.lines[name+".port"], "give one of them another",
				"port %d is already that of %s", s.Port, first)
		}
		holder[s.Port] = name
	}
}

// checkCycles refuses services that wait for each other.
func (r *settingsReader) checkCycles() {
	done := map[string]bool{}
	for _, name := range r.names {
		if cycle := r.cycle(name, nil, done); cycle != nil {
			r.refuse(r.lines[cycle[0]+".depends_on"], "leave one of them out",
				"these wait for each other: %s", strings.Join(cycle, " -> "))
			return
		}
	}
}

// cycle returns the services from one to itself, if following what they depend
// on leads back to one on the path.
func (r *settingsReader) cycle(name string, path []string, done map[string]bool) []string {
	if i := slices.Index(path, name); i >= 0 {
		return append(path[i:], name)
	}
	s := r.tables[name]
	if s == nil || done[name] {
		return nil
	}
	for _, next := range s.dependsOn {
		if found := r.cycle(next, append(slices.Clone(path), name), done); found != nil {
			return found
		}
	}
	done[name] = true
	return nil
}
