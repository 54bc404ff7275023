package proc

import (
	"os"
	"os/exec"
	"testing"
	"unsafe"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
)

// TestPeekEnded peeks in a process of its own: in this one a Host reaps what it is looking for.
func TestPeekEnded(t *testing.T) {
	if size := unsafe.Sizeof(siginfo{}); size != 128 {
		t.Errorf("siginfo has %d bytes: the kernel may write 128", size)
	}
	if os.Getenv("PROC_TEST_PEEKS") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestPeekEnded$")
		cmd.Env = append(os.Environ(), "PROC_TEST_PEEKS=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	if got := peekEnded(); got != 0 {
		t.Errorf("without a child: %d", got)
	}
	cmd := exec.Command("sh", "-c", "read -r line")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	id, err := procid.Of(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if got := peekEnded(); got != 0 {
		t.Errorf("while the child lives: %d", got)
	}
	gone, cancel := procinfo.Watch(id)
	defer cancel()
	in.Close()
	<-gone
	if got := peekEnded(); got != id.PID {
		t.Errorf("after its end: %d, want %d", got, id.PID)
	}
	_ = cmd.Wait()
}
