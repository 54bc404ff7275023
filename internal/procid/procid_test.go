package procid

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
)

func TestSelfIsAlive(t *testing.T) {
	id, err := Of(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if !id.Alive() {
		t.Fatalf("%+v is this process and must be alive", id)
	}
	for name, stranger := range map[string]Identity{
		"another start": {Boot: id.Boot, PID: id.PID, Start: id.Start + 1},
		"another boot":  {Boot: "00000000", PID: id.PID, Start: id.Start},
		"nobody":        {},
	} {
		if stranger.Alive() {
			t.Errorf("%s: %+v must not count as alive", name, stranger)
		}
	}
}

func TestReapedIsGone(t *testing.T) {
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	id, err := Of(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if id.Alive() {
		t.Fatal("a reaped process must not be alive")
	}
	if _, err := Of(1 << 30); !errors.Is(err, ErrGone) {
		t.Fatalf("err = %v, want ErrGone", err)
	}
}

// TestWithoutDescriptors asks in a process of its own, which has no descriptor left to look with.
func TestWithoutDescriptors(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("it takes a descriptor on Linux only")
	}
	if os.Getenv("PROCID_TEST_STARVED") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestWithoutDescriptors$")
		cmd.Env = append(os.Environ(), "PROCID_TEST_STARVED=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	id, err := Of(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	starved := limit
	starved.Cur = 0
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &starved); err != nil {
		t.Fatal(err)
	}
	defer syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) // a measured run writes a file at its end
	if _, err := Of(id.PID); err == nil || errors.Is(err, ErrGone) {
		t.Errorf("err = %v, want the lack of descriptors", err)
	}
	if !id.Alive() {
		t.Error("a live process was taken for dead for want of a descriptor")
	}
}
