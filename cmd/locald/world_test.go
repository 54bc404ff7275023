package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
)

// patience is how long a test waits for something that never comes. It fails the test; it never paces one.
const patience = 30 * time.Second

// world is one user's machine: a home, a runtime directory and at most one daemon.
type world struct {
	t                  testing.TB
	dir, home, runtime string
	number             int64 // of this world, among those side by side
	closers            []func()
}

var worlds atomic.Int64

// ports are this world's own: two daemons do not know of each other's leases.
func (w *world) ports() string {
	const each, all = 200, 50
	first := 20000 + each*int(w.number%all)
	return fmt.Sprintf("LOCALD_DEBUG_PORTS=%d-%d", first, first+each-1)
}

func (w *world) data() string { return filepath.Join(w.home, ".local", "share", "locald") }

func (w *world) env() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.home, "XDG_RUNTIME_DIR=" + w.runtime,
		"GORACE=" + os.Getenv("GORACE"), "LANG=C.UTF-8", "TERM=dumb", w.ports(),
	}
}

// command prepares a program of this world.
func (w *world) command(dir, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = append(w.env(), "PWD="+dir)
	cmd.Dir = dir
	return cmd
}

// output runs a program that must succeed and returns what it printed.
func (w *world) output(dir, name string, args ...string) string {
	w.t.Helper()
	var stderr bytes.Buffer
	cmd := w.command(dir, name, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, stderr.Bytes())
	}
	return string(out)
}

// project writes files ("Procfile", text, …) into a directory below the home and returns it.
func (w *world) project(name string, files ...string) string {
	w.t.Helper()
	dir := filepath.Join(w.home, name)
	for i := 0; i < len(files); i += 2 {
		w.write(filepath.Join(dir, files[i]), files[i+1])
	}
	return dir
}

func (w *world) write(path, text string) {
	w.t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o644)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// daemon is the process that the PID file names.
func (w *world) daemon() procid.Identity {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(w.data(), "daemon.pid"))
	if err != nil {
		w.t.Fatalf("no daemon runs: %v", err)
	}
	first, _, _ := strings.Cut(string(data), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		w.t.Fatalf("the PID file does not begin with a number: %q", data)
	}
	id, err := procid.Of(pid)
	if err != nil {
		w.t.Fatalf("the daemon (PID %d) is not alive: %v", pid, err)
	}
	return id
}

// kill signals a process and waits for its end.
func (w *world) kill(id procid.Identity, signal syscall.Signal) {
	w.t.Helper()
	gone, _ := procinfo.Watch(id)
	if err := syscall.Kill(id.PID, signal); err != nil {
		w.t.Fatalf("cannot signal %d: %v", id.PID, err)
	}
	w.await("the end of PID "+strconv.Itoa(id.PID), gone)
}

func (w *world) await(what string, done <-chan struct{}) {
	w.t.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		w.t.Fatalf("waited %v for %s", patience, what)
	}
}

// close ends the daemon as a user would, and then looks for what should not be there.
func (w *world) close() {
	for i := len(w.closers) - 1; i >= 0; i-- {
		w.closers[i]()
	}
	if out, err := w.command("/", "locald", "daemon", "stop").CombinedOutput(); err != nil {
		w.t.Errorf("the daemon could not be stopped: %v\n%s", err, out)
	}
	for _, left := range w.processes() {
		w.t.Errorf("left alive: %s", left)
		w.end(left)
	}
	for _, pattern := range []string{"/tmp/locald-" + w.hash() + "*", w.runtime + "/*"} {
		if left, _ := filepath.Glob(pattern); len(left) > 0 {
			w.t.Errorf("left behind: %q", left)
		}
	}
	if w.t.Failed() {
		if log, err := os.ReadFile(filepath.Join(w.data(), "daemon.log")); err == nil {
			w.t.Logf("the daemon's log:\n%s", log)
		}
	}
	if err := os.RemoveAll(w.runtime); err != nil {
		w.t.Error(err)
	}
}
