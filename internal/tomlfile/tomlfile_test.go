package tomlfile

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want Table
	}{
		"nothing":  {"", Table{}},
		"comments": {"# a\n\n# b\n", Table{}},
		"values": {
			"a = 'x'\nb = 1\nc = true\nd = 1.5\ne = ['x', 2]\n",
			Table{{"a", 1, "x"}, {"b", 2, int64(1)}, {"c", 3, true}, {"d", 4, 1.5}, {"e", 5, []any{"x", int64(2)}}},
		},
		"tables": {
			"[services.web]\nrestart = 'no'\n\n[services.db]\n  restart = 'always'\n",
			Table{{"services", 1, Table{
				{"web", 1, Table{{"restart", 2, "no"}}},
				{"db", 4, Table{{"restart", 5, "always"}}},
			}}},
		},
		"dotted keys": {
			"\nservices.web.restart = 'no'\nservices.web.tty = false\n",
			Table{{"services", 2, Table{{"web", 2, Table{{"restart", 2, "no"}, {"tty", 3, false}}}}}},
		},
		"inline": {
			"\n\nx = { b = 1, a = { c = 2 } }\n",
			Table{{"x", 3, Table{{"a", 3, Table{{"c", 3, int64(2)}}}, {"b", 3, int64(1)}}}},
		},
		"one name in two tables": {
			"[a]\nport = 1\n[b]\nport = 2\n",
			Table{{"a", 1, Table{{"port", 2, int64(1)}}}, {"b", 3, Table{{"port", 4, int64(2)}}}},
		},
		"a list over lines": {"a = [\n 'x',\n]\nb = 1\n", Table{{"a", 1, []any{"x"}}, {"b", 4, int64(1)}}},
		"a list of tables":  {"[[a]]\nb = 1\n[[a]]\nb = 2\n", Table{{"a", 3, []any{nil, nil}}}},
		"a string over lines": {
			"a = 1\nb = \"\"\"\nx\ny\"\"\"\nc = { d = '''\n\nz''', e = 2 }\n",
			Table{{"a", 1, int64(1)}, {"b", 2, "x\ny"}, {"c", 5, Table{{"d", 5, "\nz"}, {"e", 7, int64(2)}}}},
		},
		"CRLF": {"a = 1\r\nb = 2\r\n", Table{{"a", 1, int64(1)}, {"b", 2, int64(2)}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Parse([]byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for text, line := range map[string]int{
		"a = hunter2\n":                1,
		"a = 1\nb\n":                   2,
		"a = 1\n[b\n":                  2,
		"a = 1\na = 2\n":               2,
		"[a]\nb = 1\n[a]\n":            3,
		"a = 'hunter2\n":               1,
		"a = 1\nb = \"hunter2\\q\"":    2,
		"a = 1\n\x00":                  2,
		"\n\n\na = 1\nb":               5,
		"\n\na = 99999999999999999999": 3,
		"a = \"\xff\"\n":               1,
		"a.b.c.d.e.f.g.h.i.j = 1":      1,
		strings.Repeat("#", 1<<17):     1,
	} {
		_, err := Parse([]byte(text))
		refused, ok := errors.AsType[*Error](err)
		if !ok || refused.Line != line {
			t.Errorf("%q: %v, want an error in line %d", text, err, line)
		}
		if ok && strings.Contains(refused.Error(), "hunter2") {
			t.Errorf("%q: the error shows a value: %v", text, err)
		}
	}
}

// What a hostile file nests must not cost the daemon's stack, or minutes.
func TestDeep(t *testing.T) {
	for _, text := range []string{
		"a = " + strings.Repeat("[", 60<<10), "a = " + strings.Repeat("{a=", 20<<10), strings.Repeat("a.", 10<<10) + "a = 1",
		"[" + strings.Repeat("a.", 10<<10) + "a]\n",
	} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%.20q… was taken", text)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("[services.web]\nrestart = 'no'\nenv = { A = 'b' }\n"))
	f.Add([]byte("a.b.c = [[1], ['x']]\n[[t]]\nx = 1979-05-27\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		table, err := Parse(text)
		if err != nil {
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Errorf("%T: %v", err, err)
			}
			return
		}
		lines := 1 + strings.Count(string(text), "\n")
		for _, e := range table {
			if e.Line < 0 || e.Line > lines {
				t.Errorf("%q stands in line %d of %d", e.Key, e.Line, lines)
			}
		}
	})
}

func TestUnknown(t *testing.T) {
	for _, c := range []struct {
		key   string
		known []string
		where string
		want  string
	}{
		{
			"restrat",
			[]string{"tty", "restart"},
			"in [services.web]",
			`line 3: there is no key "restrat" in [services.web]; did you mean restart? (the keys are: restart, tty)`,
		},
		{"x\x1b", []string{"tty", "restart"}, "", `line 3: there is no key "x\x1b"; the keys are: restart, tty`},
		{"prefix", []string{"prefixes"}, "in [trust]", `line 3: there is no key "prefix" in [trust]; the key is: prefixes`},
	} {
		if got := (Entry{Key: c.key, Line: 3}).Unknown(c.known, c.where).Error(); got != c.want {
			t.Errorf("%q: %s, want %s", c.key, got, c.want)
		}
	}
}
