package project

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFormed(t *testing.T) {
	spec := func(env string) *Spec {
		s, err := parse(t, map[string]string{
			"Procfile": "web: a\nworker: b\ndb: c\n", ".env": env,
			"locald.toml": "[services.db]\ncount = 0\nport = 5432\n[services.web]\ndepends_on = ['worker']\n",
		})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, tt := range []struct {
		formation Formation
		names     []string
		ports     map[string]int
		requires  []string
	}{
		{nil, []string{"web", "worker", "db"}, map[string]int{"web": 5000, "worker": 5100, "db": 5432}, []string{"worker"}},
		{
			Formation{"worker": 2, "db": 2},
			[]string{"web", "worker.1", "worker.2", "db.1", "db.2"},
			map[string]int{"web": 5000, "worker.1": 5100, "worker.2": 5101, "db.1": 5432, "db.2": 5433},
			[]string{"worker.1", "worker.2"},
		},
		{Formation{"worker": 0, "nobody": 3}, []string{"web", "worker", "db"}, map[string]int{"web": 5000, "worker": 5100, "db": 5432}, []string{"worker"}},
	} {
		s := formed(t, spec("PORT=5000"), tt.formation)
		if diff := cmp.Diff(tt.names, s.Names()); diff != "" {
			t.Errorf("%v: names %s", tt.formation, diff)
		}
		if diff := cmp.Diff(tt.ports, s.PortWishes()); diff != "" {
			t.Errorf("%v: ports %s", tt.formation, diff)
		}
		if diff := cmp.Diff(tt.requires, s.Requires("web")); diff != "" {
			t.Errorf("%v: requires %s", tt.formation, diff)
		}
		if len(s.Lines()) != 3 {
			t.Errorf("%v: lines %v", tt.formation, s.Lines())
		}
	}
	if db, _ := spec("").Service("db"); !db.Idle {
		t.Error("a count of 0 is not idle")
	}
}

func formed(t *testing.T, s *Spec, f Formation) *Spec {
	t.Helper()
	out, err := s.Formed(f)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A project has at most 1,000 services, whoever asks for more: its lines, a count, or an order.
func TestServicesAreBounded(t *testing.T) {
	lines := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "s%d: a\n", i)
		}
		return b.String()
	}
	for name, c := range map[string]struct {
		lines   int
		toml    string
		ordered Formation
		total   int // 0 where it is fine
	}{
		"as many lines as may be": {lines: 1000},
		"one more":                {lines: 1001, total: 1001},
		"a count":                 {950, "services.s0.count = 52\n", nil, 1001},
		"a count that fits":       {950, "services.s0.count = 51\n", nil, 0},
		"an order":                {950, "", Formation{"s0": 100}, 1049},
		"an order for none":       {1000, "", Formation{"s0": 0}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			spec, err := parse(t, map[string]string{"Procfile": lines(c.lines), "locald.toml": c.toml})
			if err == nil {
				_, err = spec.Formed(c.ordered)
			}
			parseErr, _ := errors.AsType[*ParseError](err)
			want := fmt.Sprintf("it makes %d services, and a project has at most 1000", c.total)
			if c.total == 0 && err != nil || c.total != 0 &&
				(parseErr == nil || parseErr.Reason != want || parseErr.Hint == "" || parseErr.File != "Procfile") {
				t.Errorf("%v, want %q", err, want)
			}
		})
	}
}

func TestInstances(t *testing.T) {
	have := []string{"web", "worker.1", "worker.2", "worker-x"}
	for name, want := range map[string][]string{
		"web": {"web"}, "worker": {"worker.1", "worker.2"}, "worker.2": {"worker.2"}, "web.1": {"web"},
		"web.2": nil, "worker.3": nil, "work": nil, "": nil, ".1": nil,
	} {
		if diff := cmp.Diff(want, Instances(name, have)); diff != "" {
			t.Errorf("%q: %s", name, diff)
		}
	}
}

// What refers to a line's port works with any number of instances.
func TestPortsOfInstances(t *testing.T) {
	s, err := parse(t, map[string]string{"Procfile": "web: a\nworker: b\nworker_2: c\n", ".env": "URL=http://x:${WORKER_PORT}"})
	if err != nil {
		t.Fatal(err)
	}
	env := environ(t, formed(t, s, Formation{"worker": 2}), nil, Injection{
		Service: "worker.2", Ports: map[string]int{"web": 1, "worker.1": 2, "worker.2": 3, "worker_2": 4},
	})
	got := map[string]string{}
	for _, v := range env.Vars {
		got[v.Name] = v.Value
	}
	for name, want := range map[string]string{
		"PS": "worker.2", "PORT": "3", "URL": "http://x:2", "LOCALD_WORKER_PORT": "2", "LOCALD_WORKER_1_PORT": "2",
		"LOCALD_WORKER_2_PORT": "4", // a line of that name goes first
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
}

func TestDrift(t *testing.T) {
	then := map[string]string{"Procfile": "web: a\nworker: b\n", ".env": "A=1\nB=${HOME}\n"}
	in := Injection{Service: "web", Ports: map[string]int{"web": 20000}}
	base := []string{"HOME=/h", "B=shell"}
	for name, tt := range map[string]struct {
		file, text string
		want       []string
	}{
		"nothing":              {".env", then[".env"], nil},
		"a comment":            {".env", "# x\nA=1\nB=${HOME}", nil},
		"spelled otherwise":    {".env", "A='1'\nB=/h\n", nil},
		"a value":              {".env", "A=2\nB=${HOME}\n", []string{"A"}},
		"gone and new":         {".env", "B=${HOME}\nC=1\n", []string{"A", "C"}},
		"a port":               {".env", "A=1\nB=${HOME}\nPORT=5000\n", []string{"PORT"}},
		"the command":          {"Procfile", "web: z\nworker: b\n", []string{"command"}},
		"another's command":    {"Procfile", "web: a\nworker: z\nnew: n\n", nil},
		"not there any more":   {"Procfile", "worker: b\n", nil},
		"a setting":            {"locald.toml", "services.web.tty = false", []string{"locald.toml"}},
		"another's setting":    {"locald.toml", "services.worker.tty = false", nil},
		"one that is no run's": {"locald.toml", "services.web.restart = 'no'", nil},
		"a variable of its":    {"locald.toml", "services.web.env.D = '1'", []string{"D"}},
	} {
		before, err := parse(t, then)
		if err != nil {
			t.Fatal(err)
		}
		files := map[string]string{"Procfile": then["Procfile"], ".env": then[".env"]}
		files[tt.file] = tt.text
		after, err := parse(t, files)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, after.Drift(before, base, in)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
