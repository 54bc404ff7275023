package proc

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
)

// orphan starts a process that is not a child of a Host, as after a daemon's death: its own
// session, a marker, role's behaviour.
func orphan(t *testing.T, marker, role string) (*exec.Cmd, procid.Identity) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), MarkerName+"="+marker, "PROC_TEST_ROLE="+role)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%s said nothing: %v", role, err)
	}
	if !strings.Contains(line, fmt.Sprint(cmd.Process.Pid)) {
		t.Fatalf("%s said %q", role, line)
	}
	return cmd, aliveOf(t, cmd.Process.Pid)
}

// sweeper is a host of its own: the shared one would reap the orphans.
func sweeper(a *audit) *Host {
	h := newHost()
	h.Trace = a.trace
	return h
}

func TestSweepKillsTheRecordedLeader(t *testing.T) {
	var a audit
	_, id := orphan(t, "m-leader", "stubborn")
	got := sweeper(&a).Sweep([]Leftover{{Leader: id, Marker: "m-leader"}})
	if len(got.Killed) != 1 || got.Killed[0].PID != id.PID || len(got.Survivors) != 0 {
		t.Fatalf("swept = %+v", got)
	}
}

func TestSweepSparesStrangers(t *testing.T) {
	_, id := orphan(t, "m-stranger", "sleeper")
	otherStart, otherBoot := id, id
	otherStart.Start--
	otherBoot.Boot = "another"
	for name, left := range map[string]Leftover{
		"number reused": {Leader: otherStart, Marker: "another-run"},
		"another boot":  {Leader: otherBoot, Marker: "m-stranger"},
		"edited":        {Leader: id, Marker: "another-run"},
		"edited too":    {Leader: otherStart, Marker: "another-run", Listener: id},
	} {
		var a audit
		got := sweeper(&a).Sweep([]Leftover{left})
		if len(a.sent) != 0 || len(got.Killed) != 0 || !id.Alive() {
			t.Errorf("%s: signals %v, swept %+v", name, a.sent, got)
		}
	}
}

func TestSweepFindsByMarkerListenerAndBrand(t *testing.T) {
	gone := procid.Identity{PID: 1 << 22, Start: 1}
	gone.Boot, _ = procid.Boot()
	var a audit
	_, marked := orphan(t, "m-listening", "listener")
	got := sweeper(&a).Sweep([]Leftover{
		{Leader: gone, Marker: "m-listening", Leased: portsOf(t, marked)},
	})
	if len(got.Killed) != 1 || got.Killed[0].PID != marked.PID {
		t.Errorf("by marker: swept %+v", got)
	}
	_, blank := orphan(t, "", "sleeper")
	brandProcess(blank.PID, "m-lost")
	got = sweeper(&a).Sweep([]Leftover{{Leader: gone, Marker: "m-lost", Listener: blank}})
	if len(got.Killed) != 1 || got.Killed[0].PID != blank.PID {
		t.Errorf("by listener: swept %+v", got)
	}
	_, branded := orphan(t, "", "listener")
	brandProcess(branded.PID, "m-branded")
	got = sweeper(&a).Sweep([]Leftover{
		{Leader: gone, Marker: "m-branded", Leased: portsOf(t, branded)},
	})
	if len(got.Killed) != 1 || got.Killed[0].PID != branded.PID {
		t.Errorf("by brand: swept %+v", got)
	}
	for _, role := range []string{"sleeper", "listener"} { // a browser, an editor
		_, opened := orphan(t, "m-opened-"+role, role)
		got = sweeper(&a).Sweep([]Leftover{
			{Leader: gone, Marker: "m-opened-" + role, Leased: []int{1}},
		})
		if len(got.Killed) != 0 || !opened.Alive() || len(got.Detached) != 1 {
			t.Errorf("a %s that holds nothing of ours: swept %+v", role, got)
		}
	}
}

// portsOf are those on which a process listens.
func portsOf(t *testing.T, id procid.Identity) []int {
	t.Helper()
	s, err := procinfo.ReadSockets()
	if err != nil {
		t.Fatal(err)
	}
	ports := s.Of(id.PID)
	if len(ports) != 1 {
		t.Fatalf("it listens on %v", ports)
	}
	return ports
}
