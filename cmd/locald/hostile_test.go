package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/locald/locald/internal/ipc/hostile"
)

// TestHostileFrames: no request may cost the daemon much, whatever its one frame holds, and none
// may be left without an answer. The bar of `make bench` is 50 ms; this is for machines that do
// other things as well, and for the race detector.
func TestHostileFrames(t *testing.T) {
	t.Parallel()
	const most = time.Second
	w := newWorld(t)
	dir := w.Project("hostile",
		"Procfile", "web: service listen\nworker: service block\n",
		".env", "A=$HOME/a\nB=${A}${A}\nC=${B}${B}${NOT_THERE:-$A}\n")
	w.Output(dir, "locald", "up")
	daemon := w.Daemon()
	socket := filepath.Join(w.Runtime, "locald.sock")
	for _, f := range hostile.Frames(dir) {
		before, measured := hostile.Spent(daemon.PID)
		if _, err := hostile.Send(socket, f, 30*time.Second); err != nil {
			t.Error(err)
		}
		after, _ := hostile.Spent(daemon.PID)
		if cost := after - before; measured && cost > most {
			t.Errorf("%s: %v of the processor, want less than %v", f.Name, cost, most)
		} else {
			t.Logf("%8.1f ms  %s", float64(cost.Microseconds())/1000, f.Name)
		}
	}
	if w.Output(dir, "locald", "down"); !daemon.Alive() {
		t.Error("the daemon has ended")
	}
}
