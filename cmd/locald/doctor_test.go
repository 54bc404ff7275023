package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/locald/locald/internal/shelltest"
)

// TestDoctorAndHook asks real shells, at their prompts, whether they have the hook: one that has it, and one that has
// lost it to what its rc file says after the line.
func TestDoctorAndHook(t *testing.T) {
	for kind, c := range map[string]struct{ file, line, loses string }{
		"bash": {".bashrc", `eval "$(locald hook bash)"`, "PROMPT_COMMAND="},
		"zsh":  {".zshrc", `eval "$(locald hook zsh)"`, "precmd_functions=()"},
		"fish": {".config/fish/config.fish", "locald hook fish | source", "functions --erase _locald_hook"},
	} {
		t.Run(kind, func(t *testing.T) {
			shelltest.Need(t, kind)
			w := newWorld(t, t.TempDir())
			shop := w.project("shop", "Procfile", "web: service block\n")
			ask := func(dir, rc string) string {
				s := shelltest.Start(t, kind, shelltest.Options{Dir: dir, RC: rc, Env: []string{
					"PATH=" + os.Getenv("PATH"), "XDG_RUNTIME_DIR=" + w.runtime, "XDG_DATA_HOME=" + filepath.Dir(w.data()),
					"SHELL=/bin/" + kind, "GORACE=atexit_sleep_ms=0", "NO_COLOR=1", "LOCALD_DEBUG_AT_BUDGET=20s", w.ports(),
				}})
				defer func() {
					s.Close()
					_ = os.Remove(filepath.Join(w.runtime, "fish_universal_variables.notifier")) // fish's own
				}()
				w.write(filepath.Join(s.Home(), c.file), c.line+"\n") // shelltest's rc file may be another one
				s.Run("locald daemon start")
				return s.Run("locald doctor")
			}
			wants := func(got, want string) {
				t.Helper()
				if !strings.Contains(got, want) {
					t.Errorf("there is no %q in\n%s", want, got)
				}
			}
			wants(ask(shop, c.line), "ok       hook-loaded        the daemon has heard of "+kind)
			lost := ask(shop, c.line+"\n"+c.loses)
			wants(lost, "ok       hook-installed")
			wants(lost, "problem  hook-loaded        "+kind+" (PID ")
			wants(lost, "and the daemon has not heard of it")
			wants(ask("/", c.line), "unknown  hook-loaded        there is no project here")
		})
	}
}
