package proc

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// TestStopWithoutDescriptors stops, in a program of its own that has no descriptor left but those
// that are kept back, a run of which a part has left the session.
func TestStopWithoutDescriptors(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("it takes descriptors on Linux only")
	}
	if os.Getenv("PROC_TEST_STARVED") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestStopWithoutDescriptors$")
		cmd.Env = append(os.Environ(), "PROC_TEST_STARVED=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	s := start(t, `"$SELF"; echo left; read -r x`, "escaping")
	if err := s.Release(); err != nil {
		t.Fatal(err)
	}
	escaped := aliveOf(t, s.expectAll(t, "listening", "left")[0])
	taken := takeAll(t)
	s.Stop(syscall.SIGTERM, 100*time.Millisecond)
	within(t, "stop", s.Done(), generous)
	for _, f := range taken {
		f.Close()
	}
	if e := s.Exit(); len(e.Survivors) != 0 {
		t.Errorf("taken for survivors: %v", e.Survivors)
	}
	if escaped.Alive() {
		t.Error("what had left the session is still alive")
	}
}

// takeAll opens files until there is no descriptor for another.
func takeAll(t *testing.T) (taken []*os.File) {
	t.Helper()
	limit := syscall.Rlimit{Cur: 64, Max: 64}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	for {
		f, err := os.Open(os.DevNull)
		if errors.Is(err, syscall.EMFILE) {
			return taken
		}
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, f)
	}
}
