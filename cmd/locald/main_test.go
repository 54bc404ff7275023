package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The test binary is also the program under test and every program that the tests start beside it: testscript puts a
// copy of it on PATH under each of these names.
func TestMain(m *testing.M) {
	if strings.HasSuffix(os.Args[0], ".test") { // and not one of its parts below, which have their caller's
		syscall.Umask(0o022) // a project that others can write to is not safe to start
	}
	// The race detector makes a program sleep for a second before it exits.
	os.Setenv("GORACE", "atexit_sleep_ms=0")
	testscript.Main(m, map[string]func(){
		"locald":  main,
		"service": service,
	})
}

// TestScript runs testdata/script, one topic in each file.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Setup:               setup,
		Cmds:                commands,
		Condition:           condition,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// setup gives a script a home, a runtime directory and a watch over what it leaves behind.
func setup(e *testscript.Env) error {
	t, ok := e.T().(testing.TB)
	if !ok {
		return fmt.Errorf("the test is a %T", e.T())
	}
	w := newWorld(t, e.WorkDir)
	e.Setenv("HOME", w.home)
	e.Setenv("XDG_RUNTIME_DIR", w.runtime)
	e.Setenv("DATA", w.data())
	e.Setenv("GORACE", os.Getenv("GORACE"))
	e.Setenv("LANG", "C.UTF-8")
	e.Vars = append(e.Vars, w.ports())
	e.Cd = w.home
	e.Values[worldKey{}] = w
	return nil
}

type worldKey struct{}

func worldOf(ts *testscript.TestScript) *world {
	w, _ := ts.Value(worldKey{}).(*world)
	return w
}

func condition(name string) (bool, error) {
	if name == "root" {
		return os.Geteuid() == 0, nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}

// newWorld makes the directories for one daemon below dir. At the end of the test it stops that daemon and fails the
// test if a process or a file outside dir has been left.
func newWorld(t testing.TB, dir string) *world {
	t.Helper()
	w := &world{t: t, dir: dir, home: filepath.Join(dir, "home"), number: worlds.Add(1)}
	if err := os.MkdirAll(w.home, 0o755); err != nil {
		t.Fatal(err)
	}
	// A socket's path has a hundred bytes: the test's own directory may be too deep.
	runtime, err := os.MkdirTemp("/tmp", "l")
	if err != nil {
		t.Fatal(err)
	}
	w.runtime = runtime
	t.Cleanup(w.close)
	return w
}
