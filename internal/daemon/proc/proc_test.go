package proc

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const generous = 20 * time.Second

func TestGateHoldsTheCommand(t *testing.T) {
	flag := filepath.Join(t.TempDir(), "ran")
	s := start(t, "touch "+flag, "")
	s.Discard()
	within(t, "a discarded process", s.Done(), generous)
	if s.Exit().Code != 125 {
		t.Errorf("exit = %+v, want 125", s.Exit())
	}
	if _, err := os.Stat(flag); err == nil {
		t.Fatal("the command ran although its gate was never opened")
	}
	if s.Release() == nil {
		t.Error("releasing a discarded process must be an error")
	}
}

func TestIdentitySurvivesRelease(t *testing.T) {
	s := start(t, `echo at $$; read -r line`, "")
	if err := s.Release(); err != nil {
		t.Fatal(err)
	}
	if pid := s.expect(t, "at "); pid != s.Identity.PID {
		t.Errorf("the command runs as %d, recorded is %d", pid, s.Identity.PID)
	}
	if !s.Identity.Alive() {
		t.Error("the recorded identity no longer fits the process")
	}
}

func TestExitStatus(t *testing.T) {
	for _, tt := range []struct {
		line string
		code int
		sig  syscall.Signal
	}{
		{"exit 0", 0, 0},
		{"exit 7", 7, 0},
		{"no-such-command-anywhere", 127, 0},
		{"kill -9 $$", -1, syscall.SIGKILL},
	} {
		s := start(t, tt.line, "")
		if err := s.Release(); err != nil {
			t.Fatal(err)
		}
		within(t, tt.line, s.Done(), generous)
		if e := s.Exit(); e.Code != tt.code || e.Signal != tt.sig {
			t.Errorf("%s: exit = %+v, want %d, %v", tt.line, e, tt.code, tt.sig)
		}
	}
}

func TestStopEndsTheWholeSession(t *testing.T) {
	s := start(t, `sh -c 'echo child $$; while :; do read -r x; done' & wait`, "")
	_ = s.Release()
	child := aliveOf(t, s.expect(t, "child "))
	s.Stop(syscall.SIGTERM, generous)
	within(t, "stop", s.Done(), generous)
	if child.Alive() {
		t.Fatal("a child of the service is still alive")
	}
}

func TestStubbornIsKilledAfterGrace(t *testing.T) {
	s := start(t, `exec "$SELF"`, "stubborn")
	_ = s.Release()
	s.expect(t, "stubborn up")
	s.Stop(syscall.SIGTERM, 50*time.Millisecond)
	within(t, "stop", s.Done(), generous)
	if e := s.Exit(); e.Signal != syscall.SIGKILL {
		t.Errorf("exit = %+v, want SIGKILL", e)
	}
}

func TestSecondStopHurries(t *testing.T) {
	s := start(t, `exec "$SELF"`, "stubborn")
	_ = s.Release()
	s.expect(t, "stubborn up")
	s.Stop(syscall.SIGTERM, time.Hour)
	s.Stop(syscall.SIGKILL, 0)
	within(t, "a hurried stop", s.Done(), generous)
}

func TestStoppedServiceCanBeStopped(t *testing.T) {
	s := start(t, `trap 'exit 3' TERM; echo up; while :; do read -r x; done`, "")
	_ = s.Release()
	s.expect(t, "up")
	if err := syscall.Kill(s.Identity.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	s.Stop(syscall.SIGTERM, generous)
	within(t, "stop of a stopped process", s.Done(), generous)
	if e := s.Exit(); e.Code != 3 {
		t.Errorf("exit = %+v, want its own trap's 3", e)
	}
}

func TestChildrenOfADeadLeaderGo(t *testing.T) {
	s := start(t, `sh -c 'echo child $$; while :; do read -r x; done' & read -r x; exit 5`, "")
	_ = s.Release()
	child := aliveOf(t, s.expect(t, "child "))
	if err := syscall.Kill(s.Identity.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	within(t, "the run", s.Done(), generous)
	if child.Alive() {
		t.Fatal("a child outlived its service")
	}
}

func TestEscapedListenerGoes(t *testing.T) {
	for _, role := range []string{"escaping", "blanking"} {
		t.Run(role, func(t *testing.T) { testEscapedListenerGoes(t, role) })
	}
}

// A program that a service has opened, and that listens where it likes, is its user's.
func TestOpenedProgramStays(t *testing.T) {
	s := start(t, `"$SELF"; echo left; read -r x`, "opening")
	_ = s.Release()
	opened := aliveOf(t, s.expectAll(t, "listening", "left")[0])
	view, err := testHost(t).View()
	if err != nil {
		t.Fatal(err)
	}
	if listener, ports := s.Listening(view); !listener.IsZero() ||
		!slices.Equal(ports, view.Sockets.Of(opened.PID)) {
		t.Errorf("%v listens for the run, on %v", listener, ports)
	}
	s.Stop(syscall.SIGTERM, generous)
	within(t, "stop", s.Done(), generous)
	defer func() { _ = opened.Signal(syscall.SIGKILL) }()
	e := s.Exit()
	if !opened.Alive() || len(e.Detached) != 1 || e.Detached[0].PID != opened.PID {
		t.Errorf("left alive: %v, named: %v", opened.Alive(), e.Detached)
	}
}

func testEscapedListenerGoes(t *testing.T, role string) {
	s := start(t, `"$SELF"; echo left; read -r x`, role)
	_ = s.Release()
	pid := s.expectAll(t, "listening", "left")[0]
	escaped := aliveOf(t, pid)
	view, err := testHost(t).View()
	if err != nil {
		t.Fatal(err)
	}
	want := view.Sockets.Of(pid)
	if _, ports := s.Listening(view); !slices.Equal(ports, want) || len(ports) != 1 {
		t.Errorf("the run listens on %v, its escaped process on %v", ports, want)
	}
	s.Stop(syscall.SIGTERM, generous)
	within(t, "stop", s.Done(), generous)
	if escaped.Alive() {
		t.Fatal("a listener outside the session outlived its service")
	}
}

func TestPipesTellStderr(t *testing.T) {
	p, err := testHost(t).Start(Command{
		Line: "echo out; echo err >&2", Dir: t.TempDir(), Env: os.Environ(),
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = p.Release()
	<-p.Done()
	defer p.Close()
	if got := drain(p.Outputs[0].File); got != "out\n" || p.Outputs[0].Stderr {
		t.Errorf("stdout = %q", got)
	}
	if got := drain(p.Outputs[1].File); got != "err\n" || !p.Outputs[1].Stderr {
		t.Errorf("stderr = %q", got)
	}
}

func TestStartSaysThatTheDirectoryIsGone(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone")
	_, err := testHost(t).Start(Command{Line: "true", Dir: gone, TTY: true})
	if err == nil || !strings.Contains(err.Error(), "the directory is gone") {
		t.Fatalf("err = %v", err)
	}
}

// A directory that cannot be looked at is not a directory that is gone.
func TestIsDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{
		filepath.Dir(file): "", file: "gone", file + "none": "gone",
		"/" + strings.Repeat("a", 300): "too long",
	} {
		err := isDirectory(dir)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.20s: %v, want %q", dir, err, want)
		}
	}
}

func TestServiceInheritsOnlyItsOwnDescriptors(t *testing.T) {
	stray, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer stray.Close()
	s := start(t, `ls /dev/fd/ | tr '\n' ' '; echo; echo end; read -r x`, "")
	_ = s.Release()
	line, _ := s.out.ReadString('\n')
	for _, fd := range strings.Fields(line) {
		if fd > "3" { // 3 is the listing's own
			t.Errorf("the service has descriptors %s", line)
			break
		}
	}
}

// A terminal whose reads block a thread cannot be given up reading either.
func TestOutputIsOnThePoller(t *testing.T) {
	s := start(t, "read -r x", "")
	_ = s.Release()
	if err := s.Outputs[0].File.SetReadDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.out.ReadByte(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("err = %v, want the deadline's", err)
	}
}
