package tomlfile

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
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

// oracle asks the library for each key's line, by an error that it makes for the purpose. The time
// for that grows with the square of the file.
func oracle(text string) (map[string]int, bool) {
	var top map[string]toml.Primitive
	meta, err := toml.Decode(text, &top)
	if err != nil {
		return nil, false
	}
	lines := make(map[string]int)
	var walk func(path []string, keys map[string]toml.Primitive)
	walk = func(path []string, keys map[string]toml.Primitive) {
		for key, p := range keys {
			below := append(path[:len(path):len(path)], key)
			parse, _ := errors.AsType[toml.ParseError](meta.PrimitiveDecode(p, &unwilling{}))
			if parse.Position.Line > 0 {
				lines[keyPath(below)] = 1 + strings.Count(text[:parse.Position.Start], "\n")
			}
			var sub map[string]toml.Primitive
			if meta.PrimitiveDecode(p, &sub) == nil {
				walk(below, sub)
			}
		}
	}
	walk(nil, top)
	return lines, true
}

type unwilling struct{}

func (*unwilling) UnmarshalTOML(any) error { return errors.New("only the line is wanted") }

// FuzzKeyLines compares the lines of keys with the library's.
func FuzzKeyLines(f *testing.F) {
	for _, seed := range []string{
		"a = 1\n\n[b]\nc = \"x\" # y\n[b.d.e]\nf = 1\n", "a.b = 1\na.c = 2\n", "\"a b\".'c.d' = 1\n",
		"a = [\n  1, # x ]\n  [2, 3],\n]\nb = 1\n", "a = { b = 1, c = { d = 2 } }\ne = 1\n",
		"a = \"\"\"\nx\\\"\"\"\nb = 1\n\"\"\"\"\"\nc = 1\n", "a = '''\n]'''''\nb = 2\n", "[[a]]\nb = 1\n[[a]]\nb = 2\n[c]\nd = 1\n",
		"[ a . b ]\nc = 1979-05-27 07:32:00\nd = 1e3\n", "a = [{ b = 1 }, { b = 2 }]\nb = 3\n", "\"\\u0041\" = 1\r\nB = 2\r\n",
		"[a.b]\nc = 1\n[a]\nd = 1\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if checkSize([]byte(text)) != nil || len(text) > 4096 || strings.Contains(text, "\x00") {
			return
		}
		want, ok := oracle(text)
		if !ok {
			return
		}
		got := keyLines(text)
		for key, line := range want {
			if got[key] != line && (got[key] != 0 || !opened(got, key, line)) {
				t.Errorf("%q is on line %d, to the library %d, of\n%s", key, got[key], line, text)
			}
		}
	})
}

// opened reports whether a table is opened by a key in it: it has no line of its own.
func opened(lines map[string]int, table string, line int) bool {
	for key, l := range lines {
		if l == line && strings.HasPrefix(key, table+"\x00") {
			return true
		}
	}
	return false
}

// TestCost has files that took seconds: what grows with the square of a file takes longer than this
// on any machine.
func TestCost(t *testing.T) {
	repeat := func(format string) string {
		var b strings.Builder
		for i := 0; b.Len() < maxSize-100; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for _, format := range []string{"%x.b=1\n", "[%x]\n", "[%x.b.c]\n", "[s%d.env]\nA=\"$B\"\n"} {
		begun := time.Now()
		if _, err := Parse([]byte(repeat(format))); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		if took := time.Since(begun); took > time.Second {
			t.Errorf("%s takes %v", format, took)
		} else {
			t.Logf("%s takes %v", format, took)
		}
	}
}

// The library's time grows with the square of a key's dots: many long keys are refused before they
// are read, each of which alone could be.
func TestDotsOfAFile(t *testing.T) {
	long := strings.Repeat("a.", 127)
	for name, c := range map[string]struct {
		text string
		line int // of the error; 0 for none
	}{
		"one key again and again": {strings.Repeat(long+"a = 1\n", 240), 17},
		"headings":                {strings.Repeat("["+long+"a]\n", 240), 17},
		"shorter keys":            {strings.Repeat(strings.Repeat("a.", 25)+"a = 1\n", 1000), 420},
		"many addresses":          {"a = [\n" + strings.Repeat("'http://127.0.0.1:80/a.b.c',\n", 2000) + "]\n", 0},
		"a long path":             {"a = '" + strings.Repeat("/opt/x.y/bin:", 255) + "'\n", 0},
	} {
		err := checkSize([]byte(c.text))
		refused, _ := errors.AsType[*Error](err)
		if line := lineOf(refused); line != c.line {
			t.Errorf("%s: %v, want an error in line %d", name, err, c.line)
		}
	}
}

func lineOf(e *Error) int {
	if e == nil {
		return 0
	}
	return e.Line
}

// A byte order mark is not a part of the first key.
func TestMarkBeforeTheFirstKey(t *testing.T) {
	table, err := Parse([]byte("\ufeffa = 1\n"))
	if err != nil || len(table) != 1 || table[0].Line != 1 {
		t.Errorf("%+v, %v; want a key in line 1", table, err)
	}
}
