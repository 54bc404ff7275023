package main

import (
	"path/filepath"
	"strings"
	"sync"
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

// TestForgottenWhereOneStands still knows who is there: a down holds.
func TestForgottenWhereOneStands(t *testing.T) {
	t.Parallel()
	shelltest.Need(t, "bash")
	w := newWorld(t)
	shop := w.Project("shop", "Procfile", "job: exec service block\n")
	s := w.Shell("bash", shelltest.Options{
		Dir: shop, RC: `eval "$(locald hook bash)"`,
		Env: []string{"NO_COLOR=1", "LOCALD_DEBUG_AT_BUDGET=20s"},
	})
	defer s.Close()
	says := func(command, want string) {
		t.Helper()
		if got := s.Run(command); !strings.Contains(got, want) {
			t.Errorf("%s prints %q, want %q", command, got, want)
		}
	}
	says("locald forget --yes", "forgot shop")
	says("locald status", "here: bash")
	says("locald allow --yes", "allowed")
	says("locald up", "ready")
	says("locald status", "here: bash")
	says("locald down", "stopped")
	second := w.Shell("bash", shelltest.Options{
		Dir: shop, RC: `eval "$(locald hook bash)"`,
		Env: []string{"NO_COLOR=1", "LOCALD_DEBUG_AT_BUDGET=20s"},
	})
	defer second.Close()
	says("locald status", "job  stopped")
}

// TestForgetBesideUp never loses the one by the other.
func TestForgetBesideUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Setenv("LOCALD_DEBUG_ALIVE", "1ms")
	shop := w.Project("shop", "Procfile", "job: exec service block\n")
	for range 15 { // `make faults` does it 50 times
		var both sync.WaitGroup
		both.Go(func() {
			r := w.Locald(shop, "forget", "--yes")
			if r.Code > 1 || strings.Contains(r.Err, "shutting down") {
				t.Errorf("forget: %v", r)
			}
		})
		w.Output(shop, "locald", "up")
		both.Wait()
		records, err := filepath.Glob(filepath.Join(w.Data(), "projects", "*.json"))
		if err != nil || len(records) != 1 {
			t.Fatalf("after an up there are the records %q", records)
		}
		w.Output(shop, "locald", "down")
	}
}
