package procinfo

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/locald/locald/internal/procid"
)

const patience = 20 * time.Second

// child starts a process that lives until its input ends.
func child(t *testing.T) (id procid.Identity, end func()) {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", "read -r line")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
	})
	if id, err = procid.Of(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	return id, func() { in.Close() }
}

func TestWatch(t *testing.T) {
	id, end := child(t)
	gone, cancel := Watch(id)
	defer cancel()
	second, cancelSecond := Watch(id)
	cancelSecond()
	cancelSecond()
	select {
	case <-gone:
		t.Fatal("a live process was taken for dead")
	default:
	}
	end()
	select {
	case <-gone:
	case <-time.After(patience):
		t.Fatal("nobody noticed the end")
	}
	select {
	case <-second:
		t.Error("a watch that was cancelled has fired")
	default:
	}
}

func TestWatchOfAnother(t *testing.T) {
	id, _ := child(t)
	id.Start++ // somebody else had the number
	for name, id := range map[string]procid.Identity{
		"another start": id, "a number that nobody has": {PID: 1 << 22, Start: 1},
	} {
		gone, cancel := Watch(id)
		select {
		case <-gone:
		default:
			t.Errorf("%s: it must be gone at once", name)
		}
		cancel()
		if _, _, err := TryWatch(id); !errors.Is(err, procid.ErrGone) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWithoutDescriptors runs in a process of its own, in which one descriptor is left and then
// none. With one, a pidfd can be opened but not compared with the identity.
func TestWithoutDescriptors(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("it takes descriptors on Linux only")
	}
	if os.Getenv("PROCINFO_TEST_STARVED") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestWithoutDescriptors$")
		cmd.Env = append(os.Environ(), "PROCINFO_TEST_STARVED=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	id, err := procid.Of(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	defer setLimit(t, 1024) // a measured run writes a file at its end
	for left := range 2 {
		starve(t, left)
		gone, cancel := Watch(id)
		select {
		case <-gone:
			t.Errorf("with %d descriptors left a live process was taken for dead", left)
		default:
		}
		cancel()
		if _, _, err := TryWatch(id); !errors.Is(err, syscall.EMFILE) {
			t.Errorf("with %d left: err = %v", left, err)
		}
	}
	starve(t, 0)
	scan := new(Scanner).Scan()
	if !errors.Is(scan.Err, syscall.EMFILE) || len(scan.Processes) != 0 {
		t.Errorf("a scan without a descriptor: %d processes, %v", len(scan.Processes), scan.Err)
	}
	if s, err := ReadSockets(); !errors.Is(err, syscall.EMFILE) {
		t.Errorf("sockets without a descriptor: %v, %v", s, err)
	}
	if _, err := Getenv(id.PID, "PATH"); !errors.Is(err, syscall.EMFILE) {
		t.Errorf("an environment without a descriptor: %v", err)
	}
}

// starve leaves n numbers for new descriptors: those that are open stay, whatever the limit.
func starve(t *testing.T, n int) {
	t.Helper()
	free := make([]*os.File, 0, n+1)
	setLimit(t, 1024)
	for range n + 1 {
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		free = append(free, f)
	}
	last := free[n].Fd()
	for _, f := range free {
		f.Close()
	}
	setLimit(t, uint64(last))
}

func setLimit(t *testing.T, n uint64) {
	t.Helper()
	limit := syscall.Rlimit{Cur: n, Max: 1024}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
}
