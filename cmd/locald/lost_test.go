package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/shelltest"
	"github.com/locald/locald/internal/testworld"
)

// ordinaryWorld is one whose user is not root.
func ordinaryWorld(t *testing.T) *testworld.World {
	t.Helper()
	w := newWorld(t)
	testworld.Ordinary(w, "locald", "service")
	return w
}

// wants runs a command of locald, which must print something and end with that status.
func wants(w *testworld.World, code int, dir, want string, args ...string) {
	w.Helper()
	r := w.Locald(dir, args...)
	if r.Code != code || !strings.Contains(r.Out+r.Err, want) {
		w.Errorf("locald %s: exit %d, want %d and %q in\n%s%s",
			strings.Join(args, " "), r.Code, code, want, r.Out, r.Err)
	}
}

// pause stops a process until resume, or the end of the test.
func pause(w *testworld.World, id procid.Identity) (resume func()) {
	w.Helper()
	if err := id.Signal(syscall.SIGSTOP); err != nil {
		w.Fatalf("%v", err)
	}
	resume = func() { _ = id.Signal(syscall.SIGCONT) }
	w.Cleanup(resume)
	return resume
}

// TestLogout takes the runtime directory from under a daemon that cannot make it again.
func TestLogout(t *testing.T) {
	t.Parallel()
	w := ordinaryWorld(t)
	session := testworld.NewSession(w)
	shop := w.Project("shop", "Procfile", "job: exec service block\n")
	w.Output(shop, "locald", "up")
	id := w.Daemon()
	resume := pause(w, id) // or it makes the directory again while its parent can be written
	session.Logout()
	resume()
	found := func(when string) {
		t.Helper()
		wants(w, 0, shop, "job  ready", "status")
		wants(w, 0, shop, "socket       "+testworld.Fallback(w)+"/locald", "daemon", "status")
		if now := w.Daemon(); now != id {
			t.Fatalf("%s the daemon is %v, it was %v", when, now, id)
		}
	}
	found("logged out,")
	wants(w, 0, shop, "ok       daemon ", "doctor")
	session.Login()
	found("logged in again,")
	wants(w, 0, shop, "the daemon has stopped (PID "+strconv.Itoa(id.PID)+")", "daemon", "stop")
}

// TestLostDaemon has one that has no socket and, being stopped, can make none.
func TestLostDaemon(t *testing.T) {
	t.Parallel()
	w := ordinaryWorld(t)
	shop := w.Project("shop", "Procfile", "job: exec service block\n")
	w.Output(shop, "locald", "up")
	id := w.Daemon()
	resume := pause(w, id)
	if err := os.Remove(w.Socket()); err != nil {
		t.Fatal(err)
	}
	pid := strconv.Itoa(id.PID)
	wants(w, 8, shop, "PID "+pid+" is alive, and nothing listens on its socket", "daemon", "status")
	wants(w, 8, shop, "another one is running, PID "+pid, "status")
	var stopping sync.WaitGroup
	stopping.Go(func() { wants(w, 0, shop, "has stopped (PID "+pid+")", "daemon", "stop") })
	resume()
	stopping.Wait()
	if testworld.Living(id) || len(runsOf(w, "job")) > 0 {
		t.Errorf("after the stop there is still one of %v", w.Processes())
	}
	wants(w, 3, shop, "not running", "daemon", "status")
}

// watched is a client that is told what becomes of a project.
type watched struct {
	w      *testworld.World
	frames *bufio.Scanner
}

// picture is what it is told, as far as it matters here.
type picture struct {
	Name     string
	Note     string
	Services []testworld.Service
	Shells   []struct{ PID int }
}

// watches returns once the daemon has begun to tell. It asks as the world's user, which the test
// need not be.
func watches(w *testworld.World, dir string) *watched {
	w.Helper()
	shelltest.Need(w, "nc")
	cmd := w.Command(dir, "nc", "-U", w.Socket())
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.Fatalf("%v", err)
	}
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		w.Fatalf("%v", err)
	}
	w.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	overdue := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	w.Cleanup(func() { overdue.Stop() })
	_, err = fmt.Fprintf(in, "%s{\"op\":\"watch\",\"body\":{\"dir\":%q,\"all\":true}}\n", hello, dir)
	if err != nil {
		w.Fatalf("%v", err)
	}
	c := &watched{w, bufio.NewScanner(out)}
	c.until(func(picture) bool { return true })
	return c
}

// until returns with the first picture that is so.
func (c *watched) until(is func(picture) bool) {
	c.w.Helper()
	for c.frames.Scan() {
		var frame struct{ Ev struct{ Projects []picture } }
		if err := json.Unmarshal(c.frames.Bytes(), &frame); err != nil {
			c.w.Fatalf("%v", err)
		}
		for _, p := range frame.Ev.Projects {
			if is(p) {
				return
			}
		}
	}
	c.w.Fatalf("the daemon hung up (%v) before it was so", c.frames.Err())
}

// TestUnrecordedDown cannot write what it was told. It says so, and writes it as soon as it can.
func TestUnrecordedDown(t *testing.T) {
	t.Parallel()
	w := ordinaryWorld(t)
	shop := w.Project("shop", "Procfile", "job: exec service block\n")
	w.Output(shop, "locald", "up")
	records := filepath.Join(w.Data(), "projects")
	allow := func(mode fs.FileMode) {
		t.Helper()
		if err := os.Chmod(records, mode); err != nil {
			t.Fatal(err)
		}
	}
	allow(0o500)
	t.Cleanup(func() { _ = os.Chmod(records, 0o700) })
	r := w.Exits(0, shop, nil, "locald", "down")
	if !strings.Contains(r.Err, "not recorded: ") || !strings.Contains(r.Err, "permission denied") {
		t.Errorf("down says %q, and not why it is not recorded", r.Err)
	}
	wants(w, 0, shop, "! not recorded: ", "status")
	recorded := watches(w, shop)
	allow(0o700)
	recorded.until(func(p picture) bool { return p.Note == "" })
	w.KillDaemon()
	wants(w, 0, shop, "job  stopped", "status")
	if alive := runsOf(w, "job"); len(alive) > 0 {
		t.Errorf("what was brought down is up again: %v", alive)
	}
}

// reluctant ends when it is told to, but not before somebody has written into its gate.
const reluctant = "trap 'read -r word <gate; exit 0' TERM; echo up; service block"

// TestStoppingDaemon is met by all sorts of commands. None is told to kill it.
func TestStoppingDaemon(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.Project("shop", "Procfile", "job: "+reluctant+"\n",
		"locald.toml", "services.job.stop_timeout = \"25s\"\n")
	if err := syscall.Mkfifo(filepath.Join(shop, "gate"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.Output(shop, "locald", "up")
	id := w.Daemon()
	stopping := watches(w, shop)
	var waiting sync.WaitGroup
	for range 2 {
		waiting.Go(func() { wants(w, 0, shop, "the daemon", "daemon", "stop") })
	}
	stopping.until(func(p picture) bool { return p.Services[0].State == "stopping" })
	wants(w, 0, shop, "the daemon is stopping (PID "+strconv.Itoa(id.PID), "daemon", "status")
	prompt(w, shop)
	for _, args := range [][]string{{"status"}, {"up"}} {
		waiting.Go(func() { wants(w, 0, shop, "job", args...) })
	}
	if !testworld.Living(id) {
		t.Error("it has ended before it was let go: nobody had to wait")
	}
	w.Write(filepath.Join(shop, "gate"), "go\n")
	waiting.Wait()
	if now := w.Daemon(); now == id {
		t.Errorf("the daemon is still %v", id)
	}
	w.Write(filepath.Join(shop, "Procfile"), "job: exec service block\n")
	stop := w.Command(shop, "locald", "down")
	if err := stop.Start(); err != nil {
		t.Fatal(err)
	}
	w.Write(filepath.Join(shop, "gate"), "go\n")
	if err := stop.Wait(); err != nil {
		t.Error(err)
	}
}

// prompt is a shell that enters while the daemon stops: it does not wait for the end of that.
func prompt(w *testworld.World, dir string) {
	w.Helper()
	at := w.Command("/", "locald", "at", strconv.Itoa(os.Getpid()), dir)
	at.Env = append(at.Env, "LOCALD_DEBUG_AT_BUDGET=1s")
	out, err := at.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "locald: starting the daemon") {
		w.Errorf("at a prompt: %v, %q", err, out)
	}
}

// TestHungProject has a file system that does not answer, for as long as strace holds what asks it.
func TestHungProject(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("a file system is made to hang with strace, which is for Linux: run this test there")
	}
	shelltest.Need(t, "strace")
	w := newWorld(t)
	shop := w.Project("shop", "Procfile", "job: exec service block\n")
	far := w.Project("far", "Procfile", "job: exec service block\n")
	w.Output(far, "locald", "up")
	w.Output(shop, "locald", "up")
	w.KillDaemon()
	answers := hang(w, filepath.Join(far, "Procfile"))
	for _, c := range []struct{ want, args string }{
		{"job  ready", "up"},
		{"job  ready", "status"},
		{"shop/job", "logs"},
		{"cannot read far: its directory does not answer", "status --all"},
	} {
		wants(w, 0, shop, c.want, strings.Fields(c.args)...)
	}
	if alive := runsOf(w, "job"); len(alive) != 1 {
		t.Errorf("there should be shop's alone: %v", alive)
	}
	restored := watches(w, shop) // to ask from the other one is to wait for it
	answers()
	restored.until(func(p picture) bool {
		return p.Name == "far" && len(p.Services) > 0 && p.Services[0].Ready
	})
	wants(w, 0, far, "job  ready", "status")
}

// hang starts a daemon whose calls for a file do not return until answers is called. It is SIGKILL
// that makes strace let go of whom it holds.
func hang(w *testworld.World, file string) (answers func()) {
	w.Helper()
	const calls = "newfstatat,openat,statx"
	cmd := w.Command("/", "strace", "-f", "-qq", "-o", "/dev/null", "-P", file, "-e", "trace="+calls,
		"-e", "inject="+calls+":delay_enter=600s", w.Program("locald"), "daemon", "start")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		w.Fatalf("%v", err)
	}
	answers = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	w.Cleanup(answers)
	overdue := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	w.Cleanup(func() { overdue.Stop() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "the daemon is running") {
		w.Fatalf("the daemon under strace says %q (%v)", line, err)
	}
	return answers
}
