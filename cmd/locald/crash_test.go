package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/locald/locald/internal/crashpoint"
	"github.com/locald/locald/internal/testworld"
)

// TestCrashPoints kills the daemon at every place that matters, or has it panic. Whatever it was
// about to do, the next command finds everything in order, and everything is up once.
func TestCrashPoints(t *testing.T) {
	for _, point := range crashpoint.All {
		for times := 1; times <= max(1, often[point]); times++ {
			name := string(point) + " " + strconv.Itoa(times)
			t.Run(name, func(t *testing.T) { crashAt(t, point, times) })
		}
	}
}

// often are the places to which the daemon comes more than once.
var often = map[crashpoint.Point]int{crashpoint.InRecord: 3, crashpoint.AfterGate: 2}

func crashAt(t *testing.T, point crashpoint.Point, times int) {
	t.Parallel()
	w := newWorld(t)
	shop := w.Project("shop", "Procfile",
		"web: exec service listen\nworker: exec service print "+linesFor(point)+"\n")
	crash(w, shop, point, times)
	w.Output(shop, "locald", "status")
	w.Output(shop, "locald", "up")
	for _, service := range []string{"web", "worker"} {
		if alive := runsOf(w, service); len(alive) != 1 {
			t.Errorf("%s runs %d times: %v", service, len(alive), alive)
		}
	}
	w.Output(shop, "locald", "down")
	for _, service := range []string{"web", "worker"} {
		if alive := runsOf(w, service); len(alive) != 0 {
			t.Errorf("after down %s runs: %v", service, alive)
		}
	}
	recordsAreWhole(w)
}

// linesFor is enough for a rotation where that is the point.
func linesFor(point crashpoint.Point) string {
	if point == crashpoint.InRotation {
		return "250000"
	}
	return "1"
}

// crash brings an armed daemon to its point. A command that loses its daemon ends with 8, one whose
// request panics with 1.
func crash(w *testworld.World, dir string, point crashpoint.Point, times int) {
	w.Helper()
	armed := []string{crashpoint.Variable + "=" + string(point) + ":" + strconv.Itoa(times)}
	switch point {
	case crashpoint.InStop, crashpoint.AfterStop:
		w.Exits(0, dir, armed, "locald", "up")
		w.Exits(8, dir, nil, "locald", "down")
	case crashpoint.InRotation:
		w.Exits(0, dir, armed, "locald", "up", "--no-wait")
		w.AwaitCrash()
	case crashpoint.InSweep, crashpoint.BeforeBind:
		w.Output(dir, "locald", "up")
		w.KillDaemon()
		w.Exits(8, dir, armed, "locald", "status")
	case crashpoint.InRequest:
		w.Exits(1, dir, armed, "locald", "up")
		w.Daemon() // it lives
	default:
		w.Exits(8, dir, armed, "locald", "up")
	}
}

// runsOf returns the processes of a service.
func runsOf(w *testworld.World, service string) (out []testworld.Process) {
	for _, p := range w.Processes() {
		if strings.HasSuffix(p.Service, "/"+service) {
			out = append(out, p)
		}
	}
	return out
}

// recordsAreWhole wants no record to have been set aside, nor half a one left.
func recordsAreWhole(w *testworld.World) {
	w.Helper()
	entries, err := os.ReadDir(filepath.Join(w.Data(), "projects"))
	if err != nil {
		w.Fatalf("%v", err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".json") {
			w.Errorf("there is %s beside the records", e.Name())
		}
	}
}
