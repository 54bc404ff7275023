package procid

import (
	"errors"
	"os"
	"os/exec"
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
