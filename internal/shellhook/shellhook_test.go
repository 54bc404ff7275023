package shellhook

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locald/locald/internal/landmark"
	"github.com/locald/locald/internal/shelltest"
)

// maxSize keeps the hook cheap to evaluate in every new shell.
const maxSize = 4096

func TestScript(t *testing.T) {
	const binary = `/opt/it's $(here)/"locald\`
	for _, c := range []struct{ shell, line string }{
		{"bash", `_locald_bin='/opt/it'\''s $(here)/"locald\'`},
		{"zsh", `_locald_bin='/opt/it'\''s $(here)/"locald\'`},
		{"fish", `set -gu _locald_bin '/opt/it\'s $(here)/"locald\\'`},
	} {
		script, err := Script(c.shell, binary, landmark.SharedDirs())
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for line := range strings.Lines(script) {
			found = found || strings.TrimSpace(line) == c.line
		}
		if !found || strings.Contains(script, binaryPlace) {
			t.Errorf("%s: no line %s", c.shell, c.line)
		}
		if again, _ := Script(c.shell, binary, landmark.SharedDirs()); again != script {
			t.Errorf("%s: two calls differ", c.shell)
		}
		if len(script) > maxSize {
			t.Errorf("%s: %d bytes, at most %d", c.shell, len(script), maxSize)
		}
	}
}

func TestPlaceholdersOnce(t *testing.T) {
	for _, s := range shells {
		for _, place := range []string{binaryPlace, sharedPlace} {
			if n := strings.Count(s.hook, place); n != 1 {
				t.Errorf("%s holds %s %d times", s.name, place, n)
			}
		}
	}
}

// The hooks and the daemon pass over the same directories: each hook has the list put in, and none
// of its own.
func TestSharedDirectoriesComeFromOutside(t *testing.T) {
	for _, s := range shells {
		script, err := Script(s.name, "/bin/locald", []string{"/a", "/it's"})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"bash": `'/a' '/it'\''s'`, "zsh": `'/a'|'/it'\''s'`, "fish": `'/a' '/it\'s'`}[s.name]
		if !strings.Contains(script, want) || strings.Contains(script, sharedPlace) {
			t.Errorf("%s has no %s", s.name, want)
		}
		for _, dir := range landmark.SharedDirs()[1:] { // not the root, which is in every path
			if strings.Contains(s.hook, dir) {
				t.Errorf("%s has %s by itself", s.name, dir)
			}
		}
	}
}

func TestScriptErrors(t *testing.T) {
	for _, c := range []struct{ shell, binary, want string }{
		{"tcsh", "/bin/locald", `cannot write a hook for "tcsh": the shells are bash, zsh, fish; type for example: locald hook bash`},
		{"", "/bin/locald", `cannot write a hook for "": the shells are bash, zsh, fish; type for example: locald hook bash`},
		{"zsh", "locald", `cannot write a hook that runs "locald": not an absolute path`},
		{"zsh", "/a\x00b", `cannot write a hook that runs "/a\x00b": not an absolute path`},
	} {
		_, err := Script(c.shell, c.binary, landmark.SharedDirs())
		if err == nil || err.Error() != c.want {
			t.Errorf("Script(%q, %q): %v, want %s", c.shell, c.binary, err, c.want)
		}
	}
}

func TestShells(t *testing.T) {
	if diff := cmp.Diff([]string{"bash", "zsh", "fish"}, Shells()); diff != "" {
		t.Error(diff)
	}
}

// Each file is checked by the tool that knows its language best.
func TestLint(t *testing.T) {
	for _, c := range [][]string{
		{"shellcheck", "hook.bash"},
		{"bash", "--posix", "-n", "hook.bash"},
		{"bash", "-n", "hook.bash"},
		{"zsh", "-n", "hook.zsh"},
		{"fish", "-n", "hook.fish"},
	} {
		t.Run(strings.Join(c, " "), func(t *testing.T) {
			out, err := exec.Command(shelltest.Need(t, c[0]), c[1:]...).CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
