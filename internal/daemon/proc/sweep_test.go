package proc

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"

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

// What a run was given tells what is left of it: a pipe by its number, a terminal only once its
// other end is closed. Before, its path may be that of another one.
func TestSweepKnowsWhatARunWasGiven(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux shows it")
	}
	gone := procid.Identity{PID: 1 << 22, Start: 1}
	gone.Boot, _ = procid.Boot()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	held := exec.Command(os.Args[0])
	held.Env = append(os.Environ(), MarkerName+"=m-given", "PROC_TEST_ROLE=stubborn")
	held.Stdin = slave
	held.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	id, _ := saying(t, held)
	for name, c := range map[string]struct {
		left   Leftover
		killed int
	}{
		"a terminal of the same path": {Leftover{Terminal: slave.Name()}, 0},
		"another pipe":                {Leftover{Pipes: []string{"pipe:[1]"}}, 0},
	} {
		c.left.Leader, c.left.Marker = gone, "m-given"
		var a audit
		if got := sweeper(&a).Sweep([]Leftover{c.left}); len(got.Killed) != c.killed || !id.Alive() {
			t.Errorf("%s: swept %+v, sent %v", name, got, a.sent)
		}
	}
	master.Close()
	var a audit
	left := Leftover{Leader: gone, Marker: "m-given", Terminal: slave.Name()}
	if got := sweeper(&a).Sweep([]Leftover{left}); len(got.Killed) != 1 {
		t.Errorf("its terminal: swept %+v", got)
	}
	piped := exec.Command(os.Args[0])
	piped.Env = append(os.Environ(), MarkerName+"=m-piped", "PROC_TEST_ROLE=stubborn")
	piped.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	_, link := saying(t, piped)
	left = Leftover{Leader: gone, Marker: "m-piped", Pipes: []string{link}}
	if got := sweeper(&a).Sweep([]Leftover{left}); len(got.Killed) != 1 {
		t.Errorf("its pipe %s: swept %+v", link, got)
	}
}

// saying starts a program, and returns once it has said something the name of the pipe that it
// says it to.
func saying(t *testing.T, cmd *exec.Cmd) (id procid.Identity, link string) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	link, _ = procinfo.LinkOf(out.(*os.File))
	return aliveOf(t, cmd.Process.Pid), link
}
