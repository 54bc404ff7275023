package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/shelltest"
	"github.com/locald/locald/internal/testworld"
)

// contained runs a script in PID and mount namespaces of its own, as in a container that shares the
// home directory and nothing else of what runs. All of it ends with the script.
func contained(w *testworld.World, dir, script string) string {
	w.Helper()
	cmd := w.Command(dir, "/bin/sh", "-ec", "mount -t proc proc /proc\n"+script)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if _, ran := err.(*exec.ExitError); err != nil && !ran {
		if os.Getenv("CI") == "" {
			w.Skipf("this machine lets nobody make a PID namespace (%v); run it as root", err)
		}
		w.Fatalf("%v", err)
	}
	if err != nil {
		w.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// hidden covers the runtime directory, with the socket in it.
const hidden = `mount -t tmpfs tmpfs "$XDG_RUNTIME_DIR"; chmod 700 "$XDG_RUNTIME_DIR"
`

// A daemon in a container finds the record of one outside that was killed. It can say nothing of
// what runs there, and leaves it to the next daemon outside.
func TestRecordOfAnotherNamespace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.Project("shop", "Procfile", "job: exec service stubborn\nweb: exec service listen\n")
	w.Output(shop, "locald", "up", "job")
	left := runOf(w, "job")
	w.KillDaemon()
	out := contained(w, shop, hidden+`
		locald status 2>&1
		locald up web
		locald status --json
		locald forget --gone 2>&1
		locald daemon stop`)
	for _, want := range []string{
		`run 1 of job on .*: of another container or machine, or of a daemon that lives, and left alone; stop it there`,
		`web +ready`, `"name": "job",\s+"state": "stopped"`, `"name": "web",\s+"state": "running"`,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("in the container, want %s:\n%s", want, out)
		}
	}
	if !testworld.Living(left) {
		t.Fatal("what runs outside was ended from inside")
	}
	// Outside again: it is swept, and started again since it was wanted.
	if got := w.Output(shop, "locald", "status"); !strings.Contains(got, "job  ") ||
		strings.Contains(got, "left alone") {
		t.Errorf("outside:\n%s", got)
	}
	if now := runOf(w, "job"); testworld.Living(left) || now == left {
		t.Errorf("the leftover lives: %v; now it is %v", testworld.Living(left), now)
	}
}

// runOf is the one process of a service.
func runOf(w *testworld.World, service string) procid.Identity {
	w.Helper()
	alive := runsOf(w, service)
	if len(alive) != 1 {
		w.Fatalf("%s runs %d times: %v", service, len(alive), alive)
	}
	id, err := procid.Of(alive[0].PID)
	if err != nil {
		w.Fatalf("%v", err)
	}
	return id
}

// The daemon outside lives. A shell in the container has a number that is another process there;
// commands get an answer as long as they reach the socket, and where they do not, are told why no
// other daemon can be started.
func TestDaemonOfAnotherNamespace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.Project("shop", "Procfile", "job: exec service block\n")
	w.Output(shop, "locald", "up")
	daemon := w.Daemon()
	out := contained(w, shop, fmt.Sprintf(`
		locald status
		locald at $$ %s; echo "at $?"
		%s
		locald status 2>&1 || echo "status $?"
		locald daemon status 2>&1 || echo "daemon status $?"
		locald daemon stop 2>&1 || echo "daemon stop $?"
		locald doctor 2>&1 || true`, shop, hidden))
	elsewhere := fmt.Sprintf(`runs in another container or on another machine \(PID %d on `, daemon.PID)
	for _, want := range []string{
		`job  ready`, `locald: the daemon runs outside of this shell's container`, `at 0`,
		`locald: cannot start the daemon: .*` + elsewhere + `[^;]*; stop it there: locald daemon stop`,
		`status 8`, elsewhere + `.*\n.*\ndaemon status 8`, elsewhere + `.*\n.*\ndaemon stop 8`,
		`(?m)^.*daemon.*another container`,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("in the container, want %s:\n%s", want, out)
		}
	}
	if w.Daemon() != daemon {
		t.Errorf("the daemon is %v, it was %v", w.Daemon(), daemon)
	}
	if got := w.Output(shop, "locald", "status"); strings.Contains(got, "here:") {
		t.Errorf("a shell of the container counts as one here:\n%s", got)
	}
}

// In a time namespace the same processes have other start times.
func TestRecordOfAnotherTimeNamespace(t *testing.T) {
	t.Parallel()
	shelltest.Need(t, "unshare")
	w := newWorld(t)
	shop := w.Project("shop", "Procfile", "job: exec service stubborn\n")
	w.Output(shop, "locald", "up")
	left := runOf(w, "job")
	w.KillDaemon()
	out, err := w.Command(shop, "unshare", "-T", "--boottime", "1000000", "--fork",
		"sh", "-c", "locald status 2>&1; locald daemon stop").CombinedOutput()
	if err != nil && os.Getenv("CI") == "" {
		t.Skipf("this machine lets nobody make a time namespace: %v\n%s", err, out)
	}
	if !strings.Contains(string(out), "of another container or machine") || !testworld.Living(left) {
		t.Errorf("the leftover lives: %v\n%s", testworld.Living(left), out)
	}
	w.Output(shop, "locald", "status")
	if now := runOf(w, "job"); testworld.Living(left) || now == left {
		t.Errorf("the leftover lives: %v; now it is %v", testworld.Living(left), now)
	}
}

// Where /proc is of another namespace, every process that it names is somebody else.
func TestProcOfAnotherNamespace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.Project("shop", "Procfile", "job: exec service block\n")
	cmd := w.Command(shop, "/bin/sh", "-c", "locald up; echo $?")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
	out, err := cmd.CombinedOutput()
	if err != nil && os.Getenv("CI") == "" {
		t.Skipf("this machine lets nobody make a PID namespace: %v", err)
	}
	want := "/proc shows another PID namespace"
	if !strings.Contains(string(out), want) || !strings.HasSuffix(string(out), "\n8\n") {
		t.Errorf("%v\n%s", err, out)
	}
}

// A copy of the data directory names processes that have a daemon.
func TestCopyOfTheDataDirectory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.Project("shop", "Procfile", "job: exec service block\n")
	w.Output(shop, "locald", "up")
	job := runOf(w, "job")
	copied := []string{"XDG_DATA_HOME=" + filepath.Join(w.Dir, "copied")}
	w.Output(shop, "cp", "-a", filepath.Dir(w.Data()), filepath.Join(w.Dir, "copied"))
	w.Output(shop, "rm", filepath.Join(w.Dir, "copied", "locald", "daemon.pid"))
	r := w.Exits(0, shop, copied, "locald", "status")
	if !strings.Contains(r.Out, "or of a daemon that lives, and left alone") || !job.Alive() {
		t.Errorf("alive: %v\n%v", job.Alive(), r)
	}
	w.Exits(0, shop, copied, "locald", "daemon", "stop")
	if now := runOf(w, "job"); now != job {
		t.Errorf("it is %v, it was %v", now, job)
	}
}
