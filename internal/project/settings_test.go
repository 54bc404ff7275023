package project

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const fourServices = "web: a\nworker: b\ndb: c\ncache: d\n"

func withToml(t *testing.T, text string) (*Spec, error) {
	t.Helper()
	return parse(t, map[string]string{"Procfile": fourServices, "locald.toml": text})
}

func TestSettings(t *testing.T) {
	for text, change := range map[string]func(*Settings){
		"":                                                func(*Settings) {},
		"[services]\n":                                    func(*Settings) {},
		"[services.web]\n":                                func(*Settings) {},
		"[services.web]\nrestart = 'no'":                  func(s *Settings) { s.Restart = "no" },
		"services.web.restart = 'always'":                 func(s *Settings) { s.Restart = "always" },
		"services.web = { restart = 'no' }":               func(s *Settings) { s.Restart = "no" },
		"\ufeff[services.web]\r\ntty=false":               func(s *Settings) { s.TTY = false },
		"services.web.ready = 'port'":                     func(s *Settings) { s.Ready = "port" },
		"services.web.ready = 'alive'":                    func(s *Settings) { s.Ready = "alive" },
		"services.web.stop_signal = 'INT'":                func(s *Settings) { s.StopSignal = syscall.SIGINT },
		"services.web.stop_signal='sigquit'":              func(s *Settings) { s.StopSignal = syscall.SIGQUIT },
		"services.web.stop_timeout = '0s'":                func(s *Settings) { s.StopTimeout = 0 },
		"services.web.stop_timeout='1m30s'":               func(s *Settings) { s.StopTimeout = 90 * time.Second },
		"services.web.port = 3000":                        func(s *Settings) { s.Port = 3000 },
		"services.web.depends_on = ['db', 'cache', 'db']": func(s *Settings) { s.dependsOn = []string{"db", "cache"} },
	} {
		want := defaults
		change(&want)
		spec, err := withToml(t, text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := spec.Settings("web"); !cmp.Equal(got, want, cmp.AllowUnexported(Settings{})) {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
		if got := spec.Settings("worker"); !cmp.Equal(got, defaults, cmp.AllowUnexported(Settings{})) {
			t.Errorf("%q: the worker has %+v", text, got)
		}
	}
}

func TestSettingNames(t *testing.T) {
	root := write(t, map[string]string{
		"Procfile":    fourServices,
		"locald.toml": "\ufeffauto_stop = '5m'\n[services.web]\nport = 3000\nenv = { PATH = '/evil' }\n[services.db]\n",
	})
	want := []string{"auto_stop", "services.web.port", "services.web.env.PATH"}
	if diff := cmp.Diff(want, read(t, root).SettingNames()); diff != "" {
		t.Error(diff)
	}
	if got := read(t, write(t, map[string]string{"Procfile": fourServices})).SettingNames(); got != nil {
		t.Errorf("without a file: %q", got)
	}
}

func TestAutoStop(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": time.Hour, "auto_stop = '1m30s'": 90 * time.Second, "auto_stop = 'never'": 0,
	} {
		spec, err := withToml(t, text)
		if err != nil || spec.AutoStop(time.Hour) != want {
			t.Errorf("%q: %v, want %v (%v)", text, spec.AutoStop(time.Hour), want, err)
		}
	}
}

func TestSettingsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"x = 1":                                                          `1: there is no key "x" here; a service's settings stand below [services.NAME] | the keys are: auto_stop, services`,
		"auto_stops = '1m'":                                              `1: there is no key "auto_stops" here | did you mean auto_stop?`,
		"auto_stop = 30":                                                 `1: auto_stop is not a time of a second or more | write a time such as "30m", or "never"`,
		"auto_stop = '0s'":                                               `1: auto_stop is not a time`,
		"\nservice.web.restart = 'no'":                                   `2: there is no key "service" here | did you mean services?`,
		"services = 1":                                                   `1: services is a number | write [services.NAME]`,
		"[services]\nweb = 'x'":                                          `2: web is a string | write [services.web]`,
		"[[services]]\n":                                                 `1: services is a list`,
		"[services.wbe]":                                                 `1: the Procfile has no service "wbe" | did you mean web?`,
		"[services.x]\n":                                                 `1: the Procfile has no service "x" | the Procfile has: web, worker, db, cache`,
		"[services.web]\n\nrestrat = 'no'":                               `3: there is no key "restrat" in [services.web] | did you mean restart?`,
		"[services.web]\nrestart = 'hunter2'":                            `2: restart is not one of its words | write one of: "no", "on-failure", "always"`,
		"[services.web]\nrestart = true":                                 `2: restart is not one of its words`,
		"services.web.ready = 'hunter2'":                                 `1: ready is not one of its words | write one of: "port", "alive"`,
		"services.web.stop_signal = 'STOP'":                              `1: stop_signal is not a signal`,
		"services.web.stop_signal = 15":                                  `1: stop_signal is not a signal`,
		"services.web.stop_timeout = 10":                                 `1: stop_timeout is a number | write a string with a unit, such as "10s"`,
		"services.web.stop_timeout = 'hunter2'":                          `1: stop_timeout is not a time between 0s and 10m`,
		"services.web.stop_timeout = '11m'":                              `1: stop_timeout is not a time between 0s and 10m`,
		"services.web.stop_timeout = '-1s'":                              `1: stop_timeout is not a time between 0s and 10m`,
		"services.web.depends_on = 'hunter2'":                            `1: depends_on is a string | write a list`,
		"services.web.depends_on = [1]":                                  `1: depends_on holds something that is not a string`,
		"services.web.depends_on = ['d']":                                `1: the Procfile has no service "d"`,
		"services.web.depends_on = ['web']":                              `1: web depends on itself`,
		"services.web.tty = 'no'":                                        `1: tty is a string | write true or false`,
		"services.web.port = 0":                                          `1: port is not a number from 1 to 65535`,
		"services.web.port = 65536":                                      `1: port is not a number from 1 to 65535`,
		"services.web.port = '3000'":                                     `1: port is not a number from 1 to 65535`,
		"services.web.env = 'hunter2'":                                   `1: env is a string | write a table`,
		"services.web.env.'1X' = 'x'":                                    `1: env has a key that is not the name of a variable`,
		"services.web.env.X = 1.5":                                       `1: X is a number | write a string, a whole number`,
		"services.web.env.X = ['hunter2']":                               `1: X is a list`,
		"services.web.env.X = \"a\\u0000b\"":                             `1: there is a NUL byte in the value of X`,
		"[services.web.env]\nA = '1'\nPORT=80":                           `3: PORT is set by locald | ask for a port with: port = 3000`,
		"[services.web]\nport = 1\n[services.db]\nport = 1":              `4: port 1 is already that of web`,
		"services.web.depends_on=['db']\nservices.db.depends_on=['web']": `1: these wait for each other: web -> db -> web`,
		"services.web.restart='x'\nservices.db.restart='y'":              `1: restart is not one`,
		"services.web.restart\nservices.db.restart='y'":                  `1: this is not TOML`,
		"services.web.restart = hunter2":                                 `1: this is not TOML | as in: [services.web]`,
		"services.web.restart = 'no'\nservices.web.restart = 'no'":       `2: this was defined before in the file`,
		"\xff\xfex": `1: it is UTF-16`,
	} {
		_, err := withToml(t, text)
		refused, ok := errors.AsType[*ParseError](err)
		if !ok {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if strings.Contains(err.Error()+refused.Hint, "hunter2") {
			t.Errorf("%q: the error shows a value: %v", text, err)
		}
		reason, hint, _ := strings.Cut(want, " | ")
		if !strings.HasPrefix(refused.Error(), "locald.toml:"+reason) || !strings.Contains(refused.Hint, hint) {
			t.Errorf("%q: %v | %s, want %s", text, refused, refused.Hint, want)
		}
	}
}

func TestCycles(t *testing.T) {
	for edges, want := range map[string]string{
		"web:worker worker:db db:cache":           "",
		"web:worker web:db worker:cache db:cache": "", // a diamond is none
		"worker:db db:worker":                     "worker -> db -> worker",
		"web:worker worker:db db:worker":          "worker -> db -> worker",
		"web:worker worker:db db:cache cache:web": "web -> worker -> db -> cache -> web",
		"cache:db db:worker worker:cache":         "worker -> cache -> db -> worker",
		"web:cache cache:db worker:web db:web":    "web -> cache -> db -> web",
	} {
		needs := map[string][]string{}
		for edge := range strings.FieldsSeq(edges) {
			from, to, _ := strings.Cut(edge, ":")
			needs[from] = append(needs[from], "'"+to+"'")
		}
		var text strings.Builder
		for from, to := range needs {
			text.WriteString("[services." + from + "]\ndepends_on = [" + strings.Join(to, ", ") + "]\n")
		}
		_, err := withToml(t, text.String())
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", edges, err)
		case want != "" && (err == nil || !strings.HasSuffix(err.Error(), ": "+want)):
			t.Errorf("%s: %v, want %s", edges, err, want)
		}
	}
}

func TestEnvironOfSettings(t *testing.T) {
	spec := mustParse(t, map[string]string{
		"Procfile": "web: a\nworker: b\n", ".env": "A=file\nB=file\n", ".env.local": "C=local\n",
		"locald.toml": `[services.web.env]
B = "toml"
C = "toml"
D = "$A ${WORKER_PORT} ${NONE:-none} \\$A $NONE"
E = 5
F = true
PS = "mine"
`,
	})
	ports := map[string]int{"web": 20000, "worker": 20001}
	got := map[string]string{}
	for _, v := range environ(t, spec, nil, Injection{Service: "web", Ports: ports}).Vars {
		got[v.Name] = show(v)
	}
	for name, want := range map[string]string{
		"A": "A=file .env:1", "B": "B=toml locald.toml:2 over .env:2", "C": "C=toml locald.toml:3 over .env.local:1",
		"D": "D=file 20001 none $A $NONE locald.toml:4", "E": "E=5 locald.toml:5", "F": "F=true locald.toml:6",
		"PS": "PS=web.1 locald over locald.toml:7",
	} {
		if got[name] != want {
			t.Errorf("%s, want %s", got[name], want)
		}
	}
	for _, v := range environ(t, spec, nil, Injection{Service: "worker", Ports: ports}).Vars {
		if strings.HasPrefix(v.Source, tomlName) {
			t.Errorf("the worker gets %s", show(v))
		}
	}
}

func TestPortWishes(t *testing.T) {
	for name, c := range map[string]struct {
		env, toml string
		want      map[string]int
	}{
		"none":  {"", "", map[string]int{}},
		"env":   {"PORT=3000", "", map[string]int{"web": 3000, "worker": 3100, "db": 3200, "cache": 3300}},
		"toml":  {"", "services.db.port = 5432", map[string]int{"db": 5432}},
		"both":  {"PORT=3000", "services.db.port = 3100", map[string]int{"web": 3000, "db": 3100, "cache": 3300}},
		"large": {"PORT=65400", "", map[string]int{"web": 65400, "worker": 65500}},
	} {
		t.Run(name, func(t *testing.T) {
			spec := mustParse(t, map[string]string{"Procfile": fourServices, ".env": c.env, "locald.toml": c.toml})
			if d := cmp.Diff(c.want, spec.PortWishes()); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestSettingsWarn(t *testing.T) {
	spec, err := withToml(t, "[services.web]\ndepends_on = [\"db\"]\n\n[services.worker]\ndepends_on = [\"db\", \"cache\", \"db\"]\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"locald.toml:5: depends_on of worker names db twice"}
	if d := cmp.Diff(want, texts(spec.Warnings)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func documentation(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The documented example must say what it is documented to say.
func TestDocumentedExample(t *testing.T) {
	_, after, _ := strings.Cut(documentation(t), "```toml\n")
	example, _, _ := strings.Cut(after, "```")
	spec := mustParse(t, map[string]string{"Procfile": "web: a\nworker: b\ndb: c\n", "locald.toml": example})
	web, worker, db := defaults, defaults, defaults
	web.dependsOn, web.StopSignal, web.StopTimeout = []string{"db"}, syscall.SIGINT, 30*time.Second
	worker.Restart = "always"
	db.Port, db.Ready = 5432, "port"
	for name, settings := range map[string]Settings{"web": web, "worker": worker, "db": db} {
		if d := cmp.Diff(settings, spec.Settings(name), cmp.AllowUnexported(Settings{}), cmpopts.IgnoreFields(Settings{}, "env")); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	got := environ(t, spec, nil, Injection{Service: "web", Ports: map[string]int{"worker": 20001}}).List()
	for _, variable := range []string{"LOG_LEVEL=debug", "API_URL=http://localhost:20001"} {
		if !slices.Contains(got, variable) {
			t.Errorf("no %s in %q", variable, got)
		}
	}
	if len(spec.Warnings) != 0 {
		t.Errorf("warnings %v", spec.Warnings)
	}
}

// What can be written must be documented.
func TestSettingsAreDocumented(t *testing.T) {
	text := documentation(t)
	for _, key := range settingNames() {
		if !strings.Contains(text, "\n| `"+key+"` |") {
			t.Errorf("docs/configuration.md has no row for %s", key)
		}
	}
}

func FuzzSettings(f *testing.F) {
	f.Add("[services.web]\nrestart = 'no'\nenv = { A = 'b' }\ndepends_on = ['db']\n")
	f.Add("[services.web.env]\nX = 'hunter2'\n1 = 2\n[services.web]\nrestart = 'hunter2'\n")
	f.Add("services.web.port = 1\nservices.db.port = 2\nservices.web.stop_timeout = '1s'\n")
	// Whatever stands before it, and whatever is wrong there, a value is not shown.
	const secret = "\n[services.cache.env]\nKEY = \"s3cr3tv4lue\"\nBAD = [\"s3cr3tv4lue\"]\n"
	f.Fuzz(func(t *testing.T, text string) {
		spec := Spec{lines: []Service{{Name: "web"}, {Name: "worker"}, {Name: "db"}, {Name: "cache"}}}
		err := spec.parseSettings(source{name: tomlName, present: true, text: []byte(text + secret)})
		if err == nil && spec.tables["cache"] == nil {
			return // the text has made the rest a comment or a string
		}
		refused, ok := errors.AsType[*ParseError](err)
		if !ok {
			t.Fatalf("%T: %v", err, err)
		}
		if lines := strings.Count(text+secret, "\n") + 1; refused.Line < 0 || refused.Line > lines {
			t.Errorf("line %d of %d", refused.Line, lines)
		}
		if shown := fmt.Sprint(err, refused.Hint, spec.Warnings); strings.Contains(shown, "s3cr3tv4lue") {
			t.Errorf("a value is shown: %s", shown)
		}
	})
}
