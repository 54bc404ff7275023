package main

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/locald/locald/internal/testworld"
	"github.com/locald/locald/internal/testworld/misbehave"
)

// The test binary is also the program under test and every program that the tests start beside it:
// testscript puts a copy of it on PATH under each of these names.
func TestMain(m *testing.M) {
	if strings.HasSuffix(os.Args[0], ".test") { // its parts below have their caller's
		syscall.Umask(0o022) // a project that others can write to is not safe to start
	}
	// The tests wait more than they compute. Who runs them can still say otherwise: the flags come
	// after this.
	_ = flag.Set("test.parallel", strconv.Itoa(min(12, 2*runtime.GOMAXPROCS(0))))
	testscript.Main(m, map[string]func(){
		"locald":  main,
		"service": func() { misbehave.Main(os.Args[1:]) },
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

// newWorld makes a world for a test that is no script.
func newWorld(t *testing.T) *testworld.World {
	t.Helper()
	return testworld.New(t, "")
}

// setup gives a script a world of its own. Some of its ports are $PORT1 and so on, and @PORT1@ in
// the script's files.
func setup(e *testscript.Env) error {
	t, ok := e.T().(testing.TB)
	if !ok {
		return fmt.Errorf("the test is a %T", e.T())
	}
	w := testworld.New(t, e.WorkDir)
	e.Vars = append(e.Vars, w.Environ()...)
	e.Setenv("PATH", os.Getenv("PATH"))
	e.Setenv("DATA", w.Data())
	var names []string
	for _, n := range []int{1, 2, 3, 101} { // the second service of PORT=@PORT1@ gets the last
		port := strconv.Itoa(w.Port(n))
		e.Setenv(fmt.Sprintf("PORT%d", n), port)
		names = append(names, fmt.Sprintf("@PORT%d@", n), port)
	}
	e.Cd = w.Home
	e.Values[worldKey{}] = w
	return filepath.WalkDir(e.WorkDir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil && bytes.Contains(text, []byte("@PORT")) {
			filled := strings.NewReplacer(names...).Replace(string(text))
			err = os.WriteFile(path, []byte(filled), 0o644)
		}
		return err
	})
}

type worldKey struct{}

func worldOf(ts *testscript.TestScript) *testworld.World {
	w, _ := ts.Value(worldKey{}).(*testworld.World)
	return w
}

func condition(name string) (bool, error) {
	if name == "root" {
		return os.Geteuid() == 0, nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}
