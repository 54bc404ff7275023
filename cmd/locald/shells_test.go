package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
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
			shelltest.Need(t, kind)
			w := newWorld(t, t.TempDir())
			shop := w.project("src/shop", "Procfile", "web: service listen\nworker: echo working; exec service block\n")
			t.Chdir(shop) // the shells have homes of their own, and find the daemon by its data directory
			open := func(dir string) *shelltest.Shell {
				return shelltest.Start(t, kind, shelltest.Options{Dir: dir, RC: rc, Env: []string{
					"PATH=" + os.Getenv("PATH"), "XDG_RUNTIME_DIR=" + w.runtime, "XDG_DATA_HOME=" + filepath.Dir(w.data()),
					"GORACE=atexit_sleep_ms=0", "NO_COLOR=1", "LOCALD_DEBUG_AT_BUDGET=20s", w.ports(),
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
			says("cd "+w.home, "")
			says("cd "+shop, "")
			says("locald allow --yes", "allowed; starting web, worker")
			says("locald up", "ready")
			says("cd "+filepath.Join(w.home, "src"), "")
			says("cd shop", "")
			w.kill(w.daemon(), syscall.SIGKILL)
			says("locald up", "ready")
			says("locald logs worker", "ended with the daemon")
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
			_ = os.Remove(filepath.Join(w.runtime, "fish_universal_variables.notifier")) // fish's own
		})
	}
}
