package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/locald/locald/internal/crashpoint"
	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
)

// TestCrashPoints kills the daemon at every place that matters. Whatever it was about to do, the next command finds
// everything in order, and everything is up once.
func TestCrashPoints(t *testing.T) {
	for _, point := range crashpoint.All {
		for _, times := range map[crashpoint.Point][]int{crashpoint.InRecord: {1, 2, 3}, crashpoint.AfterGate: {1, 2}}[point] {
			t.Run(string(point)+" "+strconv.Itoa(times), func(t *testing.T) { crashAt(t, point, times) })
		}
		if point != crashpoint.InRecord && point != crashpoint.AfterGate {
			t.Run(string(point), func(t *testing.T) { crashAt(t, point, 1) })
		}
	}
}

func crashAt(t *testing.T, point crashpoint.Point, times int) {
	t.Parallel()
	w := newWorld(t, t.TempDir())
	shop := w.project("shop", "Procfile", "web: exec service listen\nworker: exec service print "+linesFor(point)+"\n")
	w.crash(shop, point, times)
	w.output(shop, "locald", "status")
	w.output(shop, "locald", "up")
	for _, service := range []string{"web", "worker"} {
		if alive := w.runsOf(service); len(alive) != 1 {
			t.Errorf("%s runs %d times: %v", service, len(alive), alive)
		}
	}
	w.output(shop, "locald", "down")
	for _, service := range []string{"web", "worker"} {
		if alive := w.runsOf(service); len(alive) != 0 {
			t.Errorf("after down %s runs: %v", service, alive)
		}
	}
	w.recordsAreWhole()
}

// linesFor is enough for a rotation where that is the point.
func linesFor(point crashpoint.Point) string {
	if point == crashpoint.InRotation {
		return "250000"
	}
	return "1"
}

// crash brings an armed daemon to its point.
func (w *world) crash(dir string, point crashpoint.Point, times int) {
	w.t.Helper()
	armed := crashpoint.Variable + "=" + string(point) + ":" + strconv.Itoa(times)
	switch point {
	case crashpoint.InStop, crashpoint.AfterStop:
		w.succeeds(w.with(armed, dir, "up"))
		w.failsWith8(w.command(dir, "locald", "down"))
	case crashpoint.InRotation:
		w.succeeds(w.with(armed, dir, "up", "--no-wait"))
		pid, err := os.ReadFile(filepath.Join(w.data(), "daemon.pid"))
		if err != nil {
			w.t.Fatal(err)
		}
		w.awaitEnd(string(pid))
	case crashpoint.InSweep, crashpoint.BeforeBind:
		w.output(dir, "locald", "up")
		w.kill(w.daemon(), syscall.SIGKILL)
		w.failsWith8(w.with(armed, dir, "status"))
	default:
		w.failsWith8(w.with(armed, dir, "up"))
	}
}

// awaitEnd waits for a daemon that may have ended already.
func (w *world) awaitEnd(pidFile string) {
	w.t.Helper()
	first, _, _ := strings.Cut(pidFile, "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		w.t.Fatal(err)
	}
	id, err := procid.Of(pid)
	if err != nil {
		return
	}
	gone, cancel := procinfo.Watch(id)
	defer cancel()
	w.await("the daemon's crash", gone)
}

func (w *world) with(variable, dir string, args ...string) *exec.Cmd {
	cmd := w.command(dir, "locald", args...)
	cmd.Env = append(cmd.Env, variable)
	return cmd
}

func (w *world) succeeds(cmd *exec.Cmd) {
	w.t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
}

// failsWith8 wants a command to say that it lost the daemon.
func (w *world) failsWith8(cmd *exec.Cmd) {
	w.t.Helper()
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 8 {
		w.t.Fatalf("%v ended with %d, want 8 because the daemon died:\n%s", cmd.Args, code, out)
	}
}

// runsOf returns the processes of a service.
func (w *world) runsOf(service string) []string {
	var out []string
	for _, line := range w.processes() {
		pid, _, _ := strings.Cut(line, " ")
		environ, err := os.ReadFile(filepath.Join("/proc", pid, "environ"))
		if err != nil { // macOS, where the line has the environment; or it has just ended
			environ = []byte(line + " ")
		}
		if strings.Contains(strings.ReplaceAll(string(environ), "\x00", " "), " LOCALD_SERVICE="+service+" ") {
			out = append(out, line)
		}
	}
	return out
}

// recordsAreWhole wants no record to have been set aside, nor half a one left.
func (w *world) recordsAreWhole() {
	w.t.Helper()
	entries, err := os.ReadDir(filepath.Join(w.data(), "projects"))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".json") {
			w.t.Errorf("there is %s beside the records", e.Name())
		}
	}
}
