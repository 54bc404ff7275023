package procinfo

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/locald/locald/internal/procid"
)

func rowOf(rows []Process, pid int) (Process, bool) {
	i := slices.IndexFunc(rows, func(p Process) bool { return p.ID.PID == pid })
	if i < 0 {
		return Process{}, false
	}
	return rows[i], true
}

func TestTable(t *testing.T) {
	id, _ := child(t)
	rows, err := Table()
	if err != nil {
		t.Fatal(err)
	}
	ours, _ := rowOf(rows, os.Getpid())
	theirs, ok := rowOf(rows, id.PID)
	want := Process{
		ID:     procid.Identity{PID: id.PID, Start: id.Start},
		Parent: os.Getpid(), Group: syscall.Getpgrp(), Session: ours.Session,
	}
	if !ok || theirs != want || ours.Parent != os.Getppid() {
		t.Errorf("%+v, want %+v; ourselves: %+v", theirs, want, ours)
	}
	if _, ok := rowOf(rows, 1); !ok {
		t.Error("the first process is not in the table: it is another user's, but it is there")
	}
}

func TestZombieIsInTheTable(t *testing.T) {
	id, end := child(t)
	gone, cancel := Watch(id)
	defer cancel()
	end()
	<-gone
	rows, err := Table()
	if row, ok := rowOf(rows, id.PID); err != nil || ok && !row.Zombie {
		t.Errorf("%+v, %v", row, err)
	}
}

func TestAProcessIsLookedInto(t *testing.T) {
	dir := t.TempDir()
	sleeper := filepath.Join(dir, "a sleeper")
	const script = "#!/bin/sh\necho up\nread -r line\n"
	if err := os.WriteFile(sleeper, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(sleeper, "--with", "two words")
	cmd.Env = []string{"LOCALD_RUN=k3v9"}
	in, _ := cmd.StdinPipe()
	out, err := cmd.StdoutPipe()
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
	if _, err := out.Read(make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	if got := CommandOf(pid); !strings.HasPrefix(got, "/bin/sh ") {
		t.Errorf("command: %q", got)
	}
	if got := NameOf(pid); got != "sh" {
		t.Errorf("name: %q", got)
	}
	if runtime.GOOS == "linux" { // macOS withholds the environment of its own shell
		if got, err := Getenv(pid, "LOCALD_RUN"); got != "k3v9" || err != nil {
			t.Errorf("the marker: %q, %v", got, err)
		}
	}
	if got := NameOf(1 << 22); got != "" {
		t.Errorf("the name of nobody: %q", got)
	}
}

func TestScan(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	open, err := os.Create(filepath.Join(t.TempDir(), "open"))
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	retries := 0
	s := Scanner{Retry: func(read func() error) error {
		retries++
		return read()
	}}
	scan, self := s.Scan(), os.Getpid()
	if _, ok := rowOf(scan.Processes, self); !ok || scan.Err != nil {
		t.Fatalf("%d processes, %v", len(scan.Processes), scan.Err)
	}
	if got := scan.Getenv(self, "PATH"); got != os.Getenv("PATH") {
		t.Errorf("PATH is %q", got)
	}
	if !slices.Contains(scan.Ports(self), port) {
		t.Errorf("ports %v, without %d", scan.Ports(self), port)
	}
	if link, ok := LinkOf(open); ok && !scan.Holds(self, []string{"x", link}) {
		t.Errorf("%q is not held", link)
	}
	if scan.Holds(self, []string{"x"}) {
		t.Error("what is not open is held")
	}
	if got := scan.Ports(1 << 22); len(got) != 0 {
		t.Errorf("nobody listens on %v", got)
	}
	before := retries
	scan.Getenv(self, "PATH")
	scan.Ports(self)
	scan.Holds(self, nil)
	if retries != before {
		t.Errorf("what was known already was read again, %d times", retries-before)
	}
}
