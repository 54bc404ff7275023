package project

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is approved beside the commands: each with its place, and why it decides what runs.
func TestApproved(t *testing.T) {
	files := read(t, write(t, map[string]string{
		"Procfile": "web: serve\n",
		".env":     "SECRET=x\nPATH=/opt/bin\n",
		"locald.toml": "[services.web]\nport = 3000\n" +
			"env = { LEVEL = \"debug\", BASH_ENV = \"x\", LOADS = \"./evil\" }\n",
	}))
	var got []string
	for _, a := range files.Approved() {
		got = append(got, fmt.Sprintf("%s:%d %s %s", a.File, a.Line, a.Name, a.Reason))
	}
	want := []string{
		".env:2 PATH decides where programs or their parts are looked up",
		"locald.toml:2 services.web.port ",
		"locald.toml:3 services.web.env.BASH_ENV decides what a shell does",
		"locald.toml:3 services.web.env.LEVEL ",
		"locald.toml:3 services.web.env.LOADS names something in the project",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A mark is another one if the value is, and says nothing of it.
func TestMarks(t *testing.T) {
	marks := func(dotenv, toml string) map[string]string {
		return Marks(read(t, write(t, map[string]string{
			"Procfile": "web: serve\n", ".env": dotenv, "locald.toml": toml,
		})).Approved())
	}
	const settings = "[services.web]\ndepends_on = []\nenv = { A = \"1\" }\n"
	first := marks("PATH=/secret\nX_DIR=a\nPLAIN=1\n", settings)
	for key, mark := range first {
		if strings.Contains(key+mark, "secret") || len(mark) != 64 {
			t.Errorf("%s is %s, want a SHA-256", key, mark)
		}
	}
	for name, c := range map[string]struct {
		dotenv, toml string
		want         string
	}{
		"the same":      {"PLAIN=2\nPATH=/secret\n# x\nX_DIR=a\n", settings, ""},
		"another value": {"PATH=/other\nX_DIR=a\n", settings, ".env PATH"},
		"set again":     {"PATH=/secret\nX_DIR=a\nX_DIR=a\n", settings, ".env X_DIR"},
		"another order": {"X_DIR=a\nPATH=/secret\n", settings, ""},
		"a number, no string": {
			"PATH=/secret\nX_DIR=a\n", strings.ReplaceAll(settings, `"1"`, "1"),
			"locald.toml services.web.env.A",
		},
	} {
		var differ []string
		for key, mark := range marks(c.dotenv, c.toml) {
			if first[key] != mark {
				differ = append(differ, key)
			}
		}
		if got := strings.Join(differ, ", "); got != c.want {
			t.Errorf("%s: %q differ, want %q", name, got, c.want)
		}
	}
}
