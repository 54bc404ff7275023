package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a shell finds, by a PATH in which DIR has the program and NONE has not.
func TestOnPath(t *testing.T) {
	dir, none := t.TempDir(), t.TempDir()
	t.Chdir(dir) // so that it lies in the current directory too
	program := filepath.Join(dir, "locald")
	for path, mode := range map[string]os.FileMode{
		program: 0o755, filepath.Join(none, "locald"): 0o644,
	} {
		if err := os.WriteFile(path, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	const empty = "an empty element, which is the current directory,"
	for path, c := range map[string]struct {
		found    string
		relative []string
	}{
		"":                       {"", nil},
		"DIR":                    {program, nil},
		"NONE:DIR":               {program, nil},
		"NONE":                   {"", nil},
		"DIR:.:":                 {program, nil},
		".:DIR":                  {program, []string{`"."`}},
		":DIR":                   {program, []string{empty}},
		"NONE::DIR":              {program, []string{empty}},
		"bin:./x:DIR:y":          {program, []string{`"bin"`, `"./x"`}},
		"NONE:.":                 {"", []string{`"."`}},
		"/proc/self/cwd:DIR":     {program, []string{`"/proc/self/cwd"`}},
		"/proc/../dev/fd/3:DIR":  {program, []string{`"/proc/../dev/fd/3"`}},
		"\x1b[2J:DIR":            {program, []string{`"\x1b[2J"`}},
		"/does/not/exist:..:DIR": {program, []string{`".."`}},
	} {
		found, relative := onPath("locald", strings.NewReplacer("DIR", dir, "NONE", none).
			Replace(path))
		if diff := cmp.Diff(c.relative, relative); found != c.found || diff != "" {
			t.Errorf("%s: found %q, want %q; relative (-want +got):\n%s", path, found, c.found, diff)
		}
	}
}

func TestHookIsOfTheProgramThatIsNamed(t *testing.T) {
	args := os.Args
	t.Cleanup(func() { os.Args = args })
	t.Setenv("PATH", ".:/usr/bin")
	for name, want := range map[string]string{
		"/opt/locald": "/opt/locald", "./locald": "/locald", "x/../locald": "/locald",
	} {
		os.Args = []string{name}
		if got, err := invokedAs("bash"); err != nil || !strings.HasSuffix(got, want) ||
			!filepath.IsAbs(got) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	os.Args = []string{"locald"}
	if got, err := invokedAs("bash"); err == nil {
		t.Errorf("by its name alone: %q", got)
	}
}
