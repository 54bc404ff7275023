// Package testworld is one user's machine, for tests and for the programs in scripts: a home, a
// runtime directory, ports that no other world has, and at most one daemon. It runs the built
// binary and sees it only from outside; at the end it stops the daemon and looks for processes and
// files that should not be there. The product must not import it.
//
// A world owns its directories, which it removes, and its block of ports. It starts no goroutine
// but those that procinfo.Watch and os/exec start for a call and end with it.
package testworld

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/locald/locald/internal/shelltest"
)

// patience is how long to wait for something that never comes. It fails the test; it never paces
// one.
const patience = 30 * time.Second

// alive is how long a service that is not expected to listen has to live until it is ready: long
// enough for one that ends at once to have ended, also on a busy machine.
const alive = "200ms"

// TB is what a world needs of a test. Programs that are no tests get one from Play.
type TB interface {
	shelltest.TB
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Failed() bool
}

// World is one user's machine.
type World struct {
	TB
	// Dir has everything that the world leaves on disk, but for the runtime directory.
	Dir, Home, Runtime string
	// Programs is a directory whose programs go before those on the PATH, where set.
	Programs string

	first int      // port of the world's block
	env   []string // beyond what each world has
	after []func() // what there is to do when its daemon has ended
	uid   int      // of its programs where that is not the test's own, else 0

	mu    sync.Mutex
	wrong []string // commands that ended as none may
}

// New makes a world in dir, or where that is empty in a directory of its own. With the end of the
// test it is taken down, and fails the test if something was left.
func New(t TB, dir string) *World {
	t.Helper()
	w := &World{TB: t, Dir: dir, first: claim(t)}
	if dir == "" {
		w.Dir = temporaryDir(w)
	}
	w.Home = filepath.Join(w.Dir, "home")
	// A socket's path has a hundred bytes: the test's own directory may be too deep.
	w.Runtime = temporaryDir(w)
	w.must(errors.Join(os.MkdirAll(w.Home, 0o755), os.MkdirAll(coverageDir(w), 0o755)))
	t.Cleanup(w.close)
	return w
}

func temporaryDir(w *World) string {
	w.Helper()
	dir, err := os.MkdirTemp("/tmp", "lw")
	w.must(err)
	w.Cleanup(func() { checkError(w, os.RemoveAll(dir)) })
	return dir
}

// must ends the test on an error, check fails it.
func (w *World) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatalf("%v", err)
	}
}

func checkError(w *World, err error) {
	w.Helper()
	if err != nil {
		w.Errorf("%v", err)
	}
}

// Data is the daemon's data directory.
func (w *World) Data() string { return filepath.Join(w.Home, ".local", "share", "locald") }

// Socket is the daemon's.
func (w *World) Socket() string { return filepath.Join(w.Runtime, "locald.sock") }

// coverage is where a program that was built with -cover leaves what it covered: without one it
// complains on stderr, which is what the tests look at.
func coverageDir(w *World) string {
	return cmp.Or(os.Getenv("GOCOVERDIR"), filepath.Join(w.Dir, "coverage"))
}

// Setenv adds a variable to what the world's programs get.
func (w *World) Setenv(name, value string) { w.env = append(w.env, name+"="+value) }

// Environ is what the world's programs get.
func (w *World) Environ() []string {
	path := os.Getenv("PATH")
	if w.Programs != "" {
		path = w.Programs + ":" + path
	}
	return append([]string{
		"PATH=" + path, "HOME=" + w.Home, "XDG_RUNTIME_DIR=" + w.Runtime,
		"LANG=C.UTF-8", "TERM=dumb", "GOCOVERDIR=" + coverageDir(w),
		"GORACE=atexit_sleep_ms=0", // or with the race detector each program sleeps before it exits
		"LOCALD_DEBUG_ALIVE=" + alive, leasedRange(w),
	}, w.env...)
}

// Program is the path of one of the world's programs, or the name of one that is to be found on the
// PATH.
func (w *World) Program(name string) string {
	path := filepath.Join(w.Programs, name)
	if info, err := os.Stat(path); w.Programs != "" && err == nil && info.Mode().IsRegular() {
		return path
	}
	return name
}

// Command prepares a program of this world.
func (w *World) Command(dir, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(w.Program(name), args...)
	cmd.Dir, cmd.Env = dir, append(w.Environ(), "PWD="+dir)
	if w.uid != 0 {
		who := &syscall.Credential{Uid: uint32(w.uid), Gid: uint32(w.uid)}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	}
	return cmd
}

// Output runs a program that must succeed and returns what it printed.
func (w *World) Output(dir, name string, args ...string) string {
	w.Helper()
	var stderr bytes.Buffer
	cmd := w.Command(dir, name, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		w.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, stderr.Bytes())
	}
	return string(out)
}

// Project writes files ("Procfile", text, …) into a directory below the home and returns it.
func (w *World) Project(name string, files ...string) string {
	w.Helper()
	dir := filepath.Join(w.Home, name)
	w.must(os.MkdirAll(dir, 0o755))
	for i := 0; i < len(files); i += 2 {
		w.Write(filepath.Join(dir, files[i]), files[i+1])
	}
	return dir
}

// Write writes a file, and makes its directory where there is none.
func (w *World) Write(path, text string) {
	w.Helper()
	w.must(os.MkdirAll(filepath.Dir(path), 0o755))
	w.must(os.WriteFile(path, []byte(text), 0o644))
}

// Shell starts a person's interactive shell at home in this world.
func (w *World) Shell(kind string, o shelltest.Options) *shelltest.Shell {
	w.Helper()
	o.Home, o.Env = w.Home, append(w.Environ(), o.Env...)
	return shelltest.Start(w, kind, o)
}

// KeepGoCaches lets `go run` in the new home find what was compiled already. It is written down as
// settings of that home, which a service sees in whichever way it is started.
func (w *World) KeepGoCaches() {
	w.Helper()
	settings := []string{"env", "-w"}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH"} {
		value, err := exec.Command("go", "env", name).Output()
		w.must(err)
		settings = append(settings, name+"="+strings.TrimSpace(string(value)))
	}
	w.Output("/", "go", settings...)
}

// Build compiles packages of this module, as they are released, into a directory of their own,
// which is removed with the end of the test.
func Build(t TB, packages ...string) (programs string) {
	t.Helper()
	programs = t.TempDir()
	for _, p := range packages {
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", programs+"/", p)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("cannot build %s: %v\n%s", p, err, out)
		}
	}
	return programs
}

// Result is how a command ended.
type Result struct {
	Code int // -1 where it did not end in time or a signal ended it
	Out  string
	Err  string
	Took time.Duration
}

func (r Result) String() string {
	first := func(text string) string {
		line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
		return line
	}
	return fmt.Sprintf("exit %d, %q, %q", r.Code, first(r.Out), first(r.Err))
}
