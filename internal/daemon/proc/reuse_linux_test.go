package proc

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/locald/locald/internal/procid"
)

var reuses = flag.Int("reuses", 40, "how many numbers come back in TestReusedNumbers")

// helpers is how many processes a run has whose numbers come back.
const helpers = 20

// TestReusedNumbers has numbers of a run's processes come back as those of strangers, each with
// children, after the run has been looked at; then the run is stopped. No stranger may be signalled.
// Only in a namespace of its own can a program say which number is the next.
func TestReusedNumbers(t *testing.T) {
	if os.Getenv("PROC_TEST_NAMESPACE") == "" {
		inPIDNamespace(t)
		return
	}
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		t.Fatal(err)
	}
	var a audit
	testHost(t).Trace = a.trace
	for round, done := 0, 0; done < *reuses; round++ {
		role := []string{"detached", "detached listener"}[round%2]
		reused, wrong := reusedOnce(t, &a, role)
		if len(wrong) > 0 || reused < helpers/2 {
			t.Fatalf("after %d reuses, %d in one run: %s", done, reused, strings.Join(wrong, "\n"))
		}
		done += reused
		a.sent = nil
	}
}

// inPIDNamespace runs the test once more, as the first process of a namespace.
func inPIDNamespace(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-reuses="+strconv.Itoa(*reuses))
	cmd.Env = append(os.Environ(), "PROC_TEST_NAMESPACE=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS}
	if id := os.Geteuid(); id != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: id, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) && os.Getenv("CI") == "" {
		t.Skip("this machine lets nobody make a PID namespace; run it as root")
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// reusedOnce makes one run and says what was done to strangers.
func reusedOnce(t *testing.T, a *audit, role string) (reused int, wrong []string) {
	s := start(t, fmt.Sprintf(
		`i=0; while [ $i -lt %d ]; do "$SELF" & i=$((i+1)); done; wait; echo reaped; read -r x`,
		helpers,
	), role)
	_ = s.Release()
	numbers := make([]int, helpers)
	for i := range numbers {
		numbers[i] = s.expect(t, "detached ")
	}
	view, err := testHost(t).View()
	if err != nil {
		t.Fatal(err)
	}
	s.Listening(view)
	for _, pid := range numbers {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	s.expect(t, "reaped")
	var strangers []*outsider
	for _, pid := range numbers {
		if o := newOutsider(t, pid); o != nil {
			strangers = append(strangers, o)
		}
	}
	for _, o := range strangers {
		o.multiply(t)
	}
	s.Stop(syscall.SIGTERM, generous)
	within(t, "stop", s.Done(), generous)
	for _, o := range strangers {
		wrong = append(wrong, o.done(a)...)
	}
	return len(strangers), wrong
}

// outsider is a process that has the number of one of the run's, and then its children.
type outsider struct {
	all   []procid.Identity
	in    *os.File
	lines *bufio.Scanner
}

// outsiderScript says its number, and on a line more has three children, which say theirs. All of
// them live for as long as their input is open.
const outsiderScript = `exec 3<&0; echo $$; read -r x; for i in 1 2 3; do
	sh -c 'echo $$; read -r y' <&3 &
done; wait`

// newOutsider returns nil if the number cannot be had: a thread of ours may have got it.
func newOutsider(t *testing.T, number int) *outsider {
	t.Helper()
	childIn, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, childOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer childIn.Close()
	defer childOut.Close()
	attr := &syscall.ProcAttr{
		Files: []uintptr{childIn.Fd(), childOut.Fd(), 2}, Sys: &syscall.SysProcAttr{Setsid: true},
	}
	o := &outsider{in: in, lines: bufio.NewScanner(out)}
	t.Cleanup(func() { out.Close() })
	const tries = 10
	for range tries {
		last := strconv.Itoa(number - 1)
		if err := os.WriteFile("/proc/sys/kernel/ns_last_pid", []byte(last), 0); err != nil {
			t.Fatal(err)
		}
		argv := []string{"/bin/sh", "-c", outsiderScript}
		pid, err := syscall.ForkExec(argv[0], argv, attr)
		if err != nil {
			t.Fatal(err)
		}
		o.hear(t)
		if pid == number {
			return o
		}
		_ = o.all[0].Signal(syscall.SIGKILL)
		o.all = nil
	}
	in.Close()
	return nil
}

// hear reads the number of one more.
func (o *outsider) hear(t *testing.T) {
	t.Helper()
	if !o.lines.Scan() {
		t.Fatalf("a stranger says nothing: %v", o.lines.Err())
	}
	pid, err := strconv.Atoi(o.lines.Text())
	if err != nil {
		t.Fatal(err)
	}
	o.all = append(o.all, aliveOf(t, pid))
}

func (o *outsider) multiply(t *testing.T) {
	t.Helper()
	if _, err := o.in.WriteString("\n"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		o.hear(t)
	}
}

// done says what was done to the stranger and its children, and ends them.
func (o *outsider) done(a *audit) (wrong []string) {
	defer o.in.Close()
	for _, id := range o.all {
		if !id.Alive() {
			wrong = append(wrong, fmt.Sprintf("%v has ended", id))
		}
		to := func(sent string) bool {
			pid, _, _ := strings.Cut(strings.TrimPrefix(sent, "-"), " ")
			return pid == strconv.Itoa(id.PID)
		}
		if i := slices.IndexFunc(a.sent, to); i >= 0 {
			wrong = append(wrong, "sent to a stranger: "+a.sent[i])
		}
	}
	return wrong
}
