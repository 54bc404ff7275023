package project

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDigestCovers changes files one way at a time in one directory and looks whether the approval
// would still hold.
func TestDigestCovers(t *testing.T) {
	start := map[string]string{
		"Procfile": "web: a\n",
		".env":     "A=1\nPATH=$TOOLS/bin:$PATH\nTOOLS=$BASE/tools\nBASE=/opt\nDATABASE_URL=x\n",
	}
	env := start[".env"]
	tests := []struct {
		name    string
		change  map[string]string
		changes bool
	}{
		{"nothing", nil, false},
		{"a command", map[string]string{"Procfile": "web: b\n"}, true},
		{"a comment in the Procfile", map[string]string{"Procfile": "web: a\n#\n"}, true},
		{"Procfile.dev", map[string]string{"Procfile.dev": "web: a\n"}, true},
		{"locald.toml", map[string]string{"locald.toml": "x = 1\n"}, true},
		{"an empty locald.toml", map[string]string{"locald.toml": ""}, true},

		{"DATABASE_URL", map[string]string{".env": env + "DATABASE_URL=y\n"}, false},
		{"a comment in .env", map[string]string{".env": "# x\n\n" + env}, false},
		{"the value of something else", map[string]string{".env": "A=2\n" + env}, false},
		{"a value that names nothing", map[string]string{".env": env + "A=$DATABASE_URL\n"}, false},
		{"a wish for a port", map[string]string{".env": env + "PORT=3000\n"}, false},
		{"PATH", map[string]string{".env": env + "PATH=/x\n"}, true},
		{"an empty PATH", map[string]string{".env": env + "PATH=\n"}, true},
		{"PATH gone", map[string]string{".env": "A=1\nTOOLS=$BASE/tools\nBASE=/opt\n"}, true},
		{"PATH in other quotes", map[string]string{".env": "A=1\nPATH=\"$TOOLS/bin:$PATH\"\nTOOLS=$BASE/tools\nBASE=/opt\n"}, true},
		{"what PATH names", map[string]string{".env": env + "TOOLS=/x\n"}, true},
		{"what that names", map[string]string{".env": env + "BASE=/x\n"}, true},
		{"the order", map[string]string{".env": "A=1\nBASE=/opt\nTOOLS=$BASE/tools\nPATH=$TOOLS/bin:$PATH\n"}, true},
		{"LD_PRELOAD", map[string]string{".env": env + "LD_PRELOAD=x\n"}, true},
		{"a file that is refused", map[string]string{".env": env + "B='\n"}, true},

		{"an empty .env.local", map[string]string{".env.local": ""}, false},
		{".env.local without danger", map[string]string{".env.local": "A=2\n"}, false},
		{"PATH in .env.local", map[string]string{".env.local": "PATH=/x\n"}, true},
		{"what PATH names in .env.local", map[string]string{".env.local": "BASE=/x\n"}, true},
	}
	root := write(t, start)
	approved := read(t, root).Digest()
	if !regexp.MustCompile(`^sha256:[0-9a-f]{64}$`).MatchString(approved) {
		t.Fatalf("digest %q", approved)
	}
	seen := map[string]string{approved: "nothing"}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for name, text := range test.change {
				writeFile(t, filepath.Join(root, name), text)
			}
			got := read(t, root).Digest()
			if (got != approved) != test.changes {
				t.Errorf("digest changed: %v, want %v", got != approved, test.changes)
			}
			if other, ok := seen[got]; ok && test.changes {
				t.Errorf("the same digest as for %s", other)
			}
			seen[got] = test.name
			for name := range test.change {
				if text, ok := start[name]; ok {
					writeFile(t, filepath.Join(root, name), text)
				} else {
					remove(t, filepath.Join(root, name))
				}
			}
			if read(t, root).Digest() != approved {
				t.Error("the digest of the approved files has changed")
			}
		})
	}
}

func TestDigestDistinguishes(t *testing.T) {
	files := func(root string, manifest []source, env ...source) *Files {
		f := &Files{root: root, manifest: manifest}
		for _, file := range env {
			f.env = append(f.env, cutDotenv(file))
		}
		return f
	}
	has := func(name, text string) source { return source{name, true, []byte(text)} }
	absent := func(name string) source { return source{name: name} }
	all := []*Files{
		files("/a", []source{has("Procfile.dev", "x"), absent("locald.toml")}),
		files("/b", []source{has("Procfile.dev", "x"), absent("locald.toml")}),
		files("/a", []source{absent("Procfile.dev"), has("Procfile", "x"), absent("locald.toml")}),
		files("/a", []source{absent("Procfile.dev"), has("Procfile", "x"), has("locald.toml", "")}),
		files("/a", []source{absent("Procfile.dev"), has("Procfile", ""), has("locald.toml", "x")}),
		files("/a", []source{has("Procfile.dev", "xlocald.toml"), absent("locald.toml")}),
		files("/a", nil, has(".env", "PATH=x\n"), absent(".env.local")),
		files("/a", nil, absent(".env"), has(".env.local", "PATH=x\n")),
		files("/a", nil, has(".env", "PATH=x\nLD_A=y\n"), absent(".env.local")),
		files("/a", nil, has(".env", "PATH=x\n"), has(".env.local", "LD_A=y\n")),
		files("/a", nil, has(".env", "PATH=xLD_A=y\n"), absent(".env.local")),
		files("/a", nil, has(".env", "PATH='\n"), absent(".env.local")),
	}
	seen := map[string]int{}
	for i, f := range all {
		if j, ok := seen[f.Digest()]; ok {
			t.Errorf("cases %d and %d have one digest", i, j)
		}
		seen[f.Digest()] = i
	}
	if got, want := all[2].Digest(), "sha256:124e60def7b48be8"; got[:len(want)] != want {
		t.Errorf("digest = %s, want %s...: a change of rule makes every approval void and needs a new label", got, want)
	}
}

func TestNamesForAllow(t *testing.T) {
	root := write(t, map[string]string{
		"Procfile":   "web: a\n",
		".env":       "A=hunter2\nPATH=$TOOLS/bin\nTOOLS=hunter2\nA=1\n",
		".env.local": "NODE_OPTIONS=hunter2\nB=1\nPATH=hunter2\n",
	})
	files := read(t, root)
	wantDangerous := []string{
		"PATH (.env:2) decides where programs or their parts are looked up",
		"TOOLS (.env:3) is used by PATH",
		"NODE_OPTIONS (.env.local:1) decides which options programs run with",
		"PATH (.env.local:3) decides where programs or their parts are looked up",
	}
	if diff := cmp.Diff(wantDangerous, files.DangerousEntries()); diff != "" {
		t.Errorf("DangerousEntries (-want +got):\n%s", diff)
	}
	wantNames := []string{"A", "PATH", "TOOLS", "NODE_OPTIONS", "B"}
	if diff := cmp.Diff(wantNames, files.EnvNames()); diff != "" {
		t.Errorf("EnvNames (-want +got):\n%s", diff)
	}
	if err := os.Remove(filepath.Join(root, ".env.local")); err != nil {
		t.Fatal(err)
	}
	if got := len(read(t, root).EnvNames()); got != 3 {
		t.Errorf("%d names without .env.local, want 3", got)
	}
}
