package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/locald/locald/internal/shelltest"
)

// TestDoctorAndHook asks real shells, at their prompts, whether they have the hook: one that has
// it, and one that has lost it to what its rc file says after the line.
func TestDoctorAndHook(t *testing.T) {
	for kind, c := range map[string]struct{ file, line, loses string }{
		"bash": {".bashrc", `eval "$(locald hook bash)"`, "PROMPT_COMMAND="},
		"zsh":  {".zshrc", `eval "$(locald hook zsh)"`, "precmd_functions=()"},
		"fish": {
			".config/fish/config.fish", "locald hook fish | source", "functions --erase _locald_hook",
		},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			shelltest.Need(t, kind)
			w := newWorld(t)
			shop := w.Project("shop", "Procfile", "web: service block\n")
			ask := func(dir, rc string) string {
				s := w.Shell(kind, shelltest.Options{Dir: dir, RC: rc, Env: []string{
					"SHELL=/bin/" + kind, "NO_COLOR=1", "LOCALD_DEBUG_AT_BUDGET=20s",
				}})
				defer s.Close()
				// The rc file that the shell was started with may be another one.
				w.Write(filepath.Join(s.Home(), c.file), c.line+"\n")
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
