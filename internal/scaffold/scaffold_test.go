package scaffold

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/locald/locald/internal/project"
)

// TestLook reads testdata: each file is a project and, last, what is wanted of it: for each service
// its line and, indented, the reason; for each note a line that begins with "! ".
func TestLook(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no projects: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir, want := fstest.MapFS{}, ""
			for _, f := range archive.Files {
				if f.Name == "want" {
					want = string(f.Data)
					continue
				}
				dir[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
			}
			got := Look(dir)
			if diff := cmp.Diff(want, describe(got)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			parsesBack(t, got)
		})
	}
}

func describe(p Proposal) string {
	var b strings.Builder
	for _, s := range p.Services {
		fmt.Fprintf(&b, "%s: %s\n  %s\n", s.Name, s.Command, s.Reason)
	}
	for _, n := range p.Notes {
		fmt.Fprintf(&b, "! %s\n", n)
	}
	return b.String()
}

// parsesBack wants the daemon to read what was proposed, without a warning.
func parsesBack(t *testing.T, p Proposal) {
	t.Helper()
	if len(p.Services) == 0 {
		return
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Procfile"), []byte(p.Procfile()), 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := project.Read(dir, os.Geteuid())
	if err != nil {
		t.Fatal(err)
	}
	spec, err := files.Parse()
	if err != nil {
		t.Fatalf("%v\n%s", err, p.Procfile())
	}
	if len(spec.Warnings) > 0 || len(spec.Services) != len(p.Services) {
		t.Fatalf("%d services of %d, warnings %v\n%s", len(spec.Services), len(p.Services), spec.Warnings, p.Procfile())
	}
	for i, s := range spec.Services {
		if s.Name != p.Services[i].Name || s.Command != p.Services[i].Command {
			t.Errorf("%v was read back as %s: %s", p.Services[i], s.Name, s.Command)
		}
	}
}

func TestReadScript(t *testing.T) {
	for line, want := range map[string]string{ // the server's program, or ""
		"":                               "",
		"vite":                           "vite",
		"vite --host 0.0.0.0":            "vite",
		"npx vite dev":                   "vite",
		"vite build":                     "",
		"vite & tsc -w":                  "",
		"tsc -w & vite":                  "vite",
		"PORT=3000 FOO=bar next":         "next",
		"next build && next start":       "next",
		"next build":                     "",
		"ng":                             "",
		"bundle exec jekyll serve":       "jekyll",
		"hugo server -D":                 "hugo",
		"hugo":                           "",
		"webpack":                        "",
		"webpack-dev-server --hot":       "webpack-dev-server",
		"flask run":                      "flask",
		"node node_modules/.bin/vite.js": "",
		"&& || ; | &":                    "",
		"env":                            "",
	} {
		got := ""
		if s := readScript(line); s.listens {
			got = s.server.Program
		}
		if got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

func FuzzReadScript(f *testing.F) {
	for _, seed := range []string{"vite", "a && b | c", "X=1 npx -- next dev -p", "--port", "concurrently a b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		s := readScript(line)
		if s.listens && !strings.Contains(line, s.server.Program) {
			t.Errorf("%q is said to be %s", line, s.server.Name)
		}
	})
}
