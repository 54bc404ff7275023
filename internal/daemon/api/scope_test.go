package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/project"
	"github.com/locald/locald/internal/wire"
)

// chosenIn writes selections as "shop:web,worker(worker=2)".
func chosenIn(list []selection) (out []string) {
	for _, c := range list {
		text := c.project.Name() + ":" + strings.Join(c.names, ",")
		var counts []string
		for line, n := range c.counts {
			counts = append(counts, fmt.Sprintf("%s=%d", line, n))
		}
		slices.Sort(counts)
		if len(counts) > 0 {
			text += "(" + strings.Join(counts, ",") + ")"
		}
		out = append(out, text)
	}
	return out
}

func TestResolve(t *testing.T) {
	const otherWay = "see the projects: locald status --all"
	many := slices.Repeat([]string{"web"}, maxTargets+1)
	type scope = func(shop string) wire.Scope
	in := func(targets ...string) scope {
		return func(shop string) wire.Scope { return here(shop, targets...) }
	}
	for name, c := range map[string]struct {
		scope     scope
		formation bool
		want      []string
		code      wire.Code
		hint      string
	}{
		"no target": {in(), false, []string{"shop:"}, "", ""},
		"all": {
			func(string) wire.Scope { return wire.Scope{All: true} }, false,
			[]string{"blog:", "shop:"},
			"", "",
		},
		"one":           {in("web"), false, []string{"shop:web"}, "", ""},
		"with the name": {in("shop/web"), false, []string{"shop:web"}, "", ""},
		"of another":    {in("blog/site"), false, []string{"blog:site"}, "", ""},
		"both ways":     {in("web", "shop/web", "web"), false, []string{"shop:web"}, "", ""},
		"as first named": {
			in("blog/site", "web", "blog/x"), false, []string{"blog:site,x", "shop:web"}, "", "",
		},
		"a slash in it": {in("a/b/web"), false, nil, wire.CodeNoProject, otherWay},
		"nearly a name": {
			in("blgo/site"), false, nil, wire.CodeNoProject,
			"did you mean blog? (" + otherWay + ")",
		},
		"no service":      {in("blog/"), false, nil, wire.CodeUsage, "name it, as in blog/web"},
		"no project name": {in("/web"), false, nil, wire.CodeNoProject, otherWay},
		"all and names": {func(string) wire.Scope {
			return wire.Scope{All: true, Targets: []string{"web"}}
		}, false, nil, wire.CodeUsage, "leave one of them out"},
		"too many":    {in(many...), false, nil, wire.CodeUsage, ""},
		"just enough": {in(many[1:]...), false, []string{"shop:web"}, "", ""},
		"no project around": {
			func(string) wire.Scope { return here("/", "web") }, false, nil, wire.CodeNoProject,
			"write a Procfile with lines such as \"web: npm start\", or name a directory: -C DIR",
		},
		"another's alone, from nowhere": {func(string) wire.Scope {
			return here("/", "blog/site")
		}, false, []string{"blog:site"}, "", ""},

		"a formation": {
			in("web=2,worker=1,all=1"), true, []string{"shop:(all=1,web=2,worker=1)"}, "", "",
		},
		"in several words": {
			in("web=2", "worker"), true, []string{"shop:worker(web=2)"}, "", "",
		},
		"of another one": {
			in("blog/site=3", "web"), true, []string{"blog:(site=3)", "shop:web"}, "", "",
		},
		"the last one counts": {in("web=2,web=3"), true, []string{"shop:(web=3)"}, "", ""},
		"none":                {in("web=0"), true, []string{"shop:(web=0)"}, "", ""},
		"at most":             {in("web=100"), true, []string{"shop:(web=100)"}, "", ""},
		"more than that": {
			in("web=101"), true, nil, wire.CodeUsage, "write it as in: locald up web=2,worker=1",
		},
		"below none": {
			in("web=-1"), true, nil, wire.CodeUsage, "write it as in: locald up web=2,worker=1",
		},
		"no number": {
			in("web="), true, nil, wire.CodeUsage, "write it as in: locald up web=2,worker=1",
		},
		"two equals signs": {
			in("web=1=2"), true, nil, wire.CodeUsage, "write it as in: locald up web=2,worker=1",
		},
		"commas only":       {in(",,"), true, []string{"shop:,,"}, "", ""},
		"too many by comma": {in(strings.Join(many, ",")), true, nil, wire.CodeUsage, ""},
		"all and a formation": {func(string) wire.Scope {
			return wire.Scope{All: true, Targets: []string{"web=2"}}
		}, true, nil, wire.CodeUsage, "leave one of them out"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				shop := w.Project("shop", "web: serve\nworker: work\n")
				w.allow(shop)
				w.allow(w.Project("blog", "site: hugo\n"))
				resolve := w.api.resolve
				if c.formation {
					resolve = w.api.resolveFormation
				}
				got, err := resolve(t.Context(), c.scope(shop))
				if diff := cmp.Diff(c.want, chosenIn(got)); diff != "" {
					t.Errorf("chosen (-want +got):\n%s", diff)
				}
				if codeOf(err) != c.code || hintOf(err) != c.hint {
					t.Errorf("%q, hint %q; want %q, %q", codeOf(err), hintOf(err), c.code, c.hint)
				}
			})
		})
	}
}

// specOf parses a Procfile and a locald.toml.
func (w *world) specOf(procfile, toml string) (*engine.Project, *project.Spec) {
	w.t.Helper()
	root := w.Project("shop", procfile)
	w.Write(root, "locald.toml", toml)
	p := w.Engine.At(root)
	_, spec, err := p.ReadSpec()
	if err != nil {
		w.t.Fatal(err)
	}
	return p, spec
}

func TestFormationOfAnOrder(t *testing.T) {
	const procfile = "web: serve\nworker: work\njob: once\n"
	const toml = "[services.job]\ncount = 0\n"
	type formation = project.Formation
	for name, c := range map[string]struct {
		before formation
		asked  selection
		want   formation
		names  []string // that the order is about
		code   wire.Code
	}{
		"all": {nil, selection{}, formation{}, []string{"web", "worker"}, ""},
		"what was ordered stays": {
			formation{"worker": 2},
			selection{names: []string{"web"}},
			formation{"worker": 2},
			[]string{"web"},
			"",
		},
		"a count": {
			formation{"web": 2},
			selection{counts: formation{"worker": 3}},
			formation{"web": 2, "worker": 3},
			[]string{"worker.1", "worker.2", "worker.3"},
			"",
		},
		"all=1 is for every line": {
			formation{"web": 2},
			selection{counts: formation{allLines: 1}},
			formation{"web": 1, "worker": 1, "job": 1},
			[]string{"web", "worker", "job"},
			"",
		},
		"a line beats all": {
			nil,
			selection{counts: formation{allLines: 0, "web": 2}},
			formation{"web": 2, "worker": 0, "job": 0},
			[]string{"web.1", "web.2"},
			"",
		},
		"to name an idle line is to ask for one": {
			nil, selection{names: []string{"job"}}, formation{"job": 1}, []string{"job"}, "",
		},
		"none of it": {
			nil, selection{counts: formation{"worker": 0}}, formation{"worker": 0}, []string{}, "",
		},
		"a line stands for its instances": {
			formation{"worker": 2},
			selection{names: []string{"worker"}},
			formation{"worker": 2},
			[]string{"worker.1", "worker.2"},
			"",
		},
		"one instance": {
			formation{"worker": 2},
			selection{names: []string{"worker.2"}},
			formation{"worker": 2},
			[]string{"worker.2"},
			"",
		},
		"in the Procfile's order": {
			nil,
			selection{names: []string{"worker", "web"}},
			formation{},
			[]string{"web", "worker"},
			"",
		},
		"an instance that there is not": {
			formation{"worker": 2},
			selection{names: []string{"worker.3"}},
			nil, nil,
			wire.CodeNoService,
		},
		"a count of no line": {
			nil, selection{counts: formation{"wroker": 1}}, nil, nil, wire.CodeNoService,
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				p, _ := w.specOf(procfile, toml)
				p.SetFormation(c.before)
				_, spec, _ := p.ReadSpec()
				c.asked.project = p
				next, err := nextFormation(p, spec, c.asked)
				var names []string
				if err == nil {
					if spec, err = spec.Formed(next); err != nil {
						t.Fatal(err)
					}
					names, err = orderedNames(p, spec, c.asked)
				}
				if codeOf(err) != c.code {
					t.Fatalf("error %v, want %q", err, c.code)
				}
				if err != nil {
					return
				}
				if diff := cmp.Diff(c.want, next); diff != "" {
					t.Errorf("formation (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(c.names, names); diff != "" {
					t.Errorf("names (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestExpand(t *testing.T) {
	have := []string{"web", "worker.1", "worker.2", "db"}
	for _, c := range []struct {
		typed, want []string
		hint        string
	}{
		{nil, nil, ""},
		{[]string{"web"}, []string{"web"}, ""},
		{[]string{"worker"}, []string{"worker.1", "worker.2"}, ""},
		{[]string{"worker.2", "worker"}, []string{"worker.2", "worker.1"}, ""},
		{[]string{"web.1"}, []string{"web"}, ""}, // the only one has a number too
		{[]string{"web.2"}, nil, "did you mean web? (it has: web, worker.1, worker.2, db)"},
		{[]string{"web", "postgres"}, nil, "it has: web, worker.1, worker.2, db"},
		{[]string{""}, nil, "it has: web, worker.1, worker.2, db"},
	} {
		inWorld(t, func(t *testing.T, w *world) {
			p := w.Engine.At(w.Project("shop", "web: serve\n"))
			got, err := expand(p, c.typed, have)
			if !cmp.Equal(got, c.want) || hintOf(err) != c.hint {
				t.Errorf("%v: %v, %q; want %v, %q", c.typed, got, hintOf(err), c.want, c.hint)
			}
		})
	}
}

// Three views of what a project has: what can be named, what is listed, what is waited for.
func TestServicesOfAProject(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		_, spec := w.specOf("web: serve\njob: once\n", "[services.job]\ncount = 0\n")
		snapshot := supervisor.Snapshot{
			LastRun: map[string]int{"web": 3, "job": 7},
			Services: []supervisor.Service{
				{Name: "web", State: supervisor.Running, Run: 3, Wanted: true},
				{Name: "old", State: supervisor.Stopping, Run: 1},
				{Name: "older", State: supervisor.Stopped, Run: 1},
			},
		}
		listing := func(spec *project.Spec) (out []string) {
			for _, v := range listed(spec, snapshot) {
				out = append(out, fmt.Sprintf("%s %s %d", v.Name, v.State, v.Run))
			}
			return out
		}
		for _, c := range []struct {
			what      string
			got, want []string
		}{
			{"names", serviceNames(spec, snapshot), []string{"web", "job", "old", "older"}},
			{"names without files", serviceNames(nil, snapshot), []string{"web", "old", "older"}},
			{"listed", listing(spec), []string{"web running 3", "job stopped 7", "old stopping 1"}},
			{
				"listed without files", listing(nil),
				[]string{"web running 3", "old stopping 1", "older stopped 1"},
			},
		} {
			if diff := cmp.Diff(c.want, c.got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.what, diff)
			}
		}
		for name, want := range map[string]bool{"web": false, "job": true, "old": false} {
			if got := idle(spec, serviceIn(snapshot, name)); got != want {
				t.Errorf("idle(%s) = %v", name, got)
			}
		}
		if idle(nil, serviceIn(snapshot, "job")) {
			t.Error("idle without files")
		}
	})
}
