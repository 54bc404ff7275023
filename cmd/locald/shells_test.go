package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/locald/locald/internal/shelltest"
)

// TestShells is a user's day, typed into real shells.
func TestShells(t *testing.T) {
	for kind, rc := range map[string]string{
		"bash": `eval "$(locald hook bash)"`,
		"zsh":  `eval "$(locald hook zsh)"`,
		"fish": `locald hook fish | source`,
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			shelltest.Need(t, kind)
			w := newWorld(t)
			shop := w.Project("src/shop", "Procfile",
				"web: service listen\nworker: echo working; exec service block\n")
			open := func(dir string) *shelltest.Shell {
				return w.Shell(kind, shelltest.Options{Dir: dir, RC: rc, Env: []string{
					"NO_COLOR=1", "LOCALD_DEBUG_AT_BUDGET=20s",
				}})
			}
			s := open("/")
			says := func(command, want string) {
				t.Helper()
				if got := s.Run(command); !strings.Contains(got, want) || want == "" && got != "" {
					t.Errorf("%s prints %q, want %q", command, got, want)
				}
			}
			says("cd "+shop, "is not allowed yet · review: locald allow")
			says("cd "+w.Home, "")
			says("cd "+shop, "")
			says("locald allow --yes", "allowed; starting web, worker")
			says("locald up", "ready")
			says("cd "+filepath.Join(w.Home, "src"), "")
			says("cd shop", "")
			w.KillDaemon()
			says("locald up", "ready")
			says("locald logs worker", "the daemon had crashed")
			second := open(shop)
			if got := second.Greeting(); strings.Contains(got, "locald") {
				t.Errorf("a second shell inside is told %q", got)
			}
			says("locald down", "stopped")
			says("cd /", "")
			says("cd "+shop, "")
			says("locald status", "stopped")
			says("locald up worker", "ready")
			says("locald down", "stopped")
			second.Close()
			s.Close()
		})
	}
}
