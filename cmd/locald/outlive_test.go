package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/locald/locald/internal/crashpoint"
	"github.com/locald/locald/internal/testworld"
)

// panicking starts a project by a daemon whose second request, status, ends in a panic.
func panicking(w *testworld.World, dir string) {
	w.Helper()
	w.Exits(0, dir, []string{crashpoint.Variable + "=" + string(crashpoint.InRequest) + ":2"},
		"locald", "up")
	wants(w, 1, dir, `cannot answer "status": a mistake in the daemon ended the request`, "status")
}

// TestPanicCostsOneRequest has a mistake of ours in one request. The service goes on, and so does
// the daemon, which counts it.
func TestPanicCostsOneRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.Project("shop", "Procfile", "job: exec service block\n")
	panicking(w, shop)
	id := w.Daemon()
	wants(w, 0, shop, "job  ready", "status")
	wants(w, 0, shop, "panics       1 ", "daemon", "status")
	wants(w, 0, shop, `"panics": 1`, "daemon", "status", "--json")
	if s, err := w.Status(); err != nil || s.Projects[0].Services[0].Run != 1 || w.Daemon() != id {
		t.Errorf("the daemon is %v, it was %v; the status is %+v, %v", w.Daemon(), id, s, err)
	}
}

// TestDaemonLogIsCapped has one in which the lines of a start find room, and those of a panic none.
func TestDaemonLogIsCapped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.Project("shop", "Procfile", "job: exec service block\n")
	w.Output(shop, "locald", "daemon", "start") // which makes the directory
	w.Output(shop, "locald", "daemon", "stop")
	path := filepath.Join(w.Data(), "daemon.log")
	full := strings.Repeat(strings.Repeat("x", 1023)+"\n", 4<<10-1)
	w.Write(path, full)
	panicking(w, shop)
	before, err := os.ReadFile(path + ".1")
	if err != nil || !strings.HasPrefix(string(before), full) {
		t.Errorf("daemon.log.1 has %d bytes (%v), want the %d of before", len(before), err, len(full))
	}
	now, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(now), "a request ended in a panic") ||
		len(now) >= len(full) {
		t.Errorf("daemon.log has %d bytes (%v), want the panic and nothing of before", len(now), err)
	}
	wants(w, 0, shop, "job  ready", "status")
}
