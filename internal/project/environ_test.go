package project

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// show renders a variable as the tests write it: name, value, source, what it overrode.
func show(v Variable) string {
	text := v.Name + "=" + v.Value + " " + v.Source
	for _, source := range v.Overrode {
		text += " over " + source
	}
	return text
}

// environ is what a service gets where nothing is wrong with the files.
func environ(t *testing.T, s *Spec, base []string, in Injection) Environment {
	t.Helper()
	env, err := s.Environ(base, in)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

func showAll(e Environment) []string {
	var list []string
	for _, v := range e.Vars {
		list = append(list, show(v))
	}
	return list
}

func TestEnviron(t *testing.T) {
	spec := mustParse(t, map[string]string{
		"Procfile":   "web: a\nsearch-index: b\n1st: c\n",
		".env":       "A=file\nB=file\nB=file2\nPORT=3000\nPS=x\n",
		".env.local": "B=local\nC=local\n",
	})
	base := []string{"A=shell", "B=shell", "Z=shell", "PORT=9", "Z=last", "", "novalue", "=x", "EMPTY=", "LOCALD_WEB_PORT=7"}
	got := environ(t, spec, base, Injection{
		Project: "shop", Service: "web",
		Ports: map[string]int{"web": 20000, "search-index": 20001, "1st": 20002, "stranger": 1},
		Extra: []string{"LOCALD_RUN=abc", "A=extra", "X=1=2"},
	})
	want := []string{
		"A=extra locald over shell over .env:1",
		"B=local .env.local:1 over shell over .env:2 over .env:3",
		"C=local .env.local:2",
		"EMPTY= shell",
		"LOCALD_1ST_PORT=20002 locald",
		"LOCALD_1ST_URL=http://127.0.0.1:20002 locald",
		"LOCALD_PROJECT=shop locald",
		"LOCALD_RUN=abc locald",
		"LOCALD_SEARCH_INDEX_PORT=20001 locald",
		"LOCALD_SEARCH_INDEX_URL=http://127.0.0.1:20001 locald",
		"LOCALD_SERVICE=web locald",
		"LOCALD_WEB_PORT=20000 locald over shell",
		"LOCALD_WEB_URL=http://127.0.0.1:20000 locald",
		"PORT=20000 locald",
		"PS=web.1 locald over .env:5",
		"SEARCH_INDEX_PORT=20001 locald",
		"WEB_PORT=20000 locald",
		"X=1=2 locald",
		"Z=last shell",
	}
	if diff := cmp.Diff(want, showAll(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if list := got.List(); len(list) != len(want) || list[0] != "A=extra" || !slices.IsSorted(list) {
		t.Errorf("List = %q", list)
	}
	if len(got.Warnings) != 0 {
		t.Errorf("warnings %v", got.Warnings)
	}
	if again := environ(t, spec, nil, Injection{}); len(again.Vars) != 5 {
		t.Errorf("a second Environ of the same spec = %q, want what the files say and LOCALD_PROJECT", showAll(again))
	}
}

func TestShortPortGivesWay(t *testing.T) {
	ports := map[string]int{"web": 20000, "db": 20001, "LOCALD_WEB": 20002}
	tests := []struct {
		name, procfile, env string
		base                []string
		variable, want      string
	}{
		{"free", "", "", nil, "DB_PORT", "20001 locald"},
		{"set by the shell", "", "", []string{"DB_PORT=5"}, "DB_PORT", "5 shell"},
		{"set empty by the shell", "", "", []string{"DB_PORT="}, "DB_PORT", " shell"},
		{"set by the file", "", "DB_PORT=5", nil, "DB_PORT", "5 .env:1"},
		{"set empty by the file", "", "DB_PORT=", nil, "DB_PORT", " .env:1"},
		{"set by locald itself", "web: a\nLOCALD_WEB: b\n", "", nil, "LOCALD_WEB_PORT", "20000 locald"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			files := map[string]string{".env": test.env}
			if test.procfile != "" {
				files["Procfile"] = test.procfile
			}
			got := environ(t, mustParse(t, files), test.base, Injection{Service: "web", Ports: ports})
			want := test.variable + "=" + test.want
			if !slices.Contains(showAll(got), want) {
				t.Errorf("no %s in %q", want, showAll(got))
			}
		})
	}
}

func TestEnvironExpands(t *testing.T) {
	in := Injection{Project: "shop", Service: "web", Ports: map[string]int{"web": 20000, "db": 20001}}
	tests := []struct {
		name, env, local string
		base             []string
		want             string // of X
	}{
		{"a peer's port", "X=postgres://localhost:${DB_PORT}/shop", "", nil, "postgres://localhost:20001/shop"},
		{"a peer's URL", "X=$LOCALD_DB_URL", "", nil, "http://127.0.0.1:20001"},
		{"its own port", "X=http://localhost:$PORT", "", nil, "http://localhost:20000"},
		{"its own port, not the wish", "PORT=3000\nX=$PORT", "", nil, "20000"},
		{"its own port, not the shell's", "X=$PORT", "", []string{"PORT=1"}, "20000"},
		{"the shell", "X=$HOME/x", "", []string{"HOME=/h"}, "/h/x"},
		{"the file before the shell", "A=file\nX=$A", "", []string{"A=shell"}, "file"},
		{"the file before locald", "LOCALD_DB_PORT=1\nX=$LOCALD_DB_PORT", "", nil, "1"},
		{"locald before the shell", "X=$LOCALD_DB_PORT", "", []string{"LOCALD_DB_PORT=1"}, "20001"},
		{"only the file so far", "X=$A\nA=1", "", nil, "$A"},
		{"only the file so far, then the shell", "X=$A\nA=1", "", []string{"A=shell"}, "shell"},
		{"itself", "X=a:$X", "", []string{"X=b"}, "a:b"},
		{"itself twice", "X=a:$X\nX=c:$X", "", []string{"X=b"}, "c:a:b"},
		{"local sees env", "A=1", "X=$A", nil, "1"},
		{"env does not see local", "X=$A", "A=1", nil, "$A"},
		{"local over env", "A=1", "A=2\nX=$A", nil, "2"},
		{"expanded once", `A=\$HOME` + "\nX=$A", "", []string{"HOME=/h"}, "$HOME"},
		{"the shell's dollars stay", "X=$A", "", []string{"A=$HOME", "HOME=/h"}, "$HOME"},
		{"unknown", "X=a$NONE", "", nil, "a$NONE"},
		{"default", "X=${NONE:-d}", "", nil, "d"},
		{"single quotes", "X='$HOME'", "", []string{"HOME=/h"}, "$HOME"},
		{"double quotes", `X="$HOME\n"`, "", []string{"HOME=/h"}, "/h\n"},
		{"an escape does not come of a value", `X="$A"`, "", []string{`A=\n"`}, `\n"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			spec := mustParse(t, map[string]string{".env": test.env, ".env.local": test.local})
			got := environ(t, spec, test.base, in).List()
			if !slices.Contains(got, "X="+test.want) {
				t.Errorf("no X=%s in %q", test.want, got)
			}
		})
	}
}

func TestEnvironWithoutPorts(t *testing.T) {
	got := environ(t, mustParse(t, map[string]string{".env": "X=$PORT\nPORT=3000"}), []string{"PORT=1"}, Injection{Project: "shop", Service: "web"})
	want := []string{"LOCALD_PROJECT=shop", "LOCALD_SERVICE=web", "PS=web.1", "X=$PORT"}
	if diff := cmp.Diff(want, got.List()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEmptyValueThatHides(t *testing.T) {
	tests := []struct {
		name, env, local string
		want             []string
	}{
		{"hides", "A=1\nSECRET=\n", "", []string{".env:2: SECRET is empty here and hides the value that your shell has"}},
		{"empty quotes hide", `SECRET=""`, "", []string{".env:1: SECRET is empty here and hides the value that your shell has"}},
		{"expands to nothing", "SECRET=${NONE-}", "", []string{".env:1: SECRET is empty here and hides the value that your shell has"}},
		{"hides in local", "SECRET=x", "\nSECRET=", []string{".env.local:2: SECRET is empty here and hides the value that your shell has"}},
		{"set again", "SECRET=\nSECRET=x", "", nil},
		{"set again in local", "SECRET=", "SECRET=x", nil},
		{"not set in the shell", "OTHER=", "", nil},
		{"empty in the shell", "EMPTY=", "", nil},
		{"the wish for a port", "PORT=", "", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			spec := mustParse(t, map[string]string{".env": test.env, ".env.local": test.local})
			got := environ(t, spec, []string{"SECRET=hunter2", "EMPTY=", "PORT=1"}, Injection{})
			if diff := cmp.Diff(test.want, texts(got.Warnings)); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}
