package testworld

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
)

// daemonPID is what the PID file says, which a daemon that crashed leaves behind.
func daemonPID(w *World) (int, error) {
	data, err := os.ReadFile(filepath.Join(w.Data(), "daemon.pid"))
	if err != nil {
		return 0, fmt.Errorf("no daemon runs: %w", err)
	}
	first, _, _ := strings.Cut(string(data), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		return 0, fmt.Errorf("the PID file does not begin with a number: %q", data)
	}
	return pid, nil
}

// FindDaemon looks for the process that the PID file names.
func (w *World) FindDaemon() (procid.Identity, error) {
	pid, err := daemonPID(w)
	if err != nil {
		return procid.Identity{}, err
	}
	return procid.Of(pid)
}

// Daemon is the process that the PID file names, which must be alive.
func (w *World) Daemon() procid.Identity {
	w.Helper()
	id, err := w.FindDaemon()
	w.must(err)
	return id
}

// Kill signals a process and waits for its end. One that has ended already is what was wanted.
func (w *World) Kill(id procid.Identity, signal syscall.Signal) {
	w.Helper()
	if err := syscall.Kill(id.PID, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		w.Fatalf("cannot signal %d: %v", id.PID, err)
	}
	w.AwaitEnd(id)
}

// AwaitEnd waits for the end of a process, which may have ended already.
func (w *World) AwaitEnd(id procid.Identity) {
	w.Helper()
	gone, cancel := procinfo.Watch(id)
	defer cancel()
	select {
	case <-gone:
	case <-time.After(patience):
		w.Fatalf("waited %v for the end of PID %d", patience, id.PID)
	}
}

// KillDaemon ends the daemon as a crash would.
func (w *World) KillDaemon() {
	w.Helper()
	w.Kill(w.Daemon(), syscall.SIGKILL)
}

// AwaitCrash waits for the end of a daemon that may have ended already.
func (w *World) AwaitCrash() {
	w.Helper()
	pid, err := daemonPID(w)
	w.must(err)
	if id, err := procid.Of(pid); err == nil {
		w.AwaitEnd(id)
	}
}

// AwaitLog follows the log that args choose until a line matches, and returns all lines up to that
// one.
func (w *World) AwaitLog(dir string, want *regexp.Regexp, args ...string) string {
	w.Helper()
	cmd := w.Command(dir, "locald", append([]string{"logs", "-f", "-n", "-1"}, args...)...)
	out, err := cmd.StdoutPipe()
	w.must(err)
	w.must(cmd.Start())
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	}()
	overdue := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer overdue.Stop()
	var seen strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		seen.WriteString(lines.Text() + "\n")
		if want.Match(lines.Bytes()) {
			return seen.String()
		}
	}
	w.Fatalf("no line of the logs matches %s:\n%s", want, seen.String())
	return ""
}

// overdue is after how long a command is taken for hung: none is meant to take nearly as long.
const overdue = 90 * time.Second

// documented are the exit codes of docs/commands.md.
var documented = []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 124}

// Locald runs a command of locald in a directory, however it ends.
func (w *World) Locald(dir string, args ...string) Result {
	return w.Run(dir, nil, append([]string{"locald"}, args...)...)
}

// Exits is Run for a program that must end with that exit status.
func (w *World) Exits(code int, dir string, env []string, args ...string) Result {
	w.Helper()
	r := w.Run(dir, env, args...)
	if r.Code != code {
		w.Fatalf("%s: %v, want exit %d\n%s%s", strings.Join(args, " "), r, code, r.Out, r.Err)
	}
	return r
}

// Run runs a program with more variables in its environment, however it ends.
func (w *World) Run(dir string, env []string, args ...string) Result {
	cmd := w.Command(dir, args[0], args[1:]...)
	cmd.Env = append(cmd.Env, env...)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	cmd.WaitDelay = 10 * time.Second // what it started may hold its output
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return Result{Code: -1, Err: err.Error()}
	}
	hung := time.AfterFunc(overdue, func() { _ = cmd.Process.Kill() })
	_ = cmd.Wait() // how it ended is in its state
	hung.Stop()
	r := Result{cmd.ProcessState.ExitCode(), out.String(), stderr.String(), time.Since(begin)}
	if args[0] == "locald" && !slices.Contains(documented, r.Code) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.wrong = append(w.wrong, fmt.Sprintf("%s: %v", strings.Join(args, " "), r))
	}
	return r
}

// Status is what `status --json --all` says.
type Status struct {
	Daemon   struct{ PID int }
	Projects []struct {
		Name, Trust, Note string
		Wanted            bool
		Services          []Service
	}
}

// Service is one service in a Status.
type Service struct {
	Name, State, Note        string
	Ready                    bool
	PID, Port, Restarts, Run int
	Listening                []int
}

// Status asks the daemon, and starts it where there is none.
func (w *World) Status() (Status, error) {
	var s Status
	r := w.Locald(w.Home, "status", "--all", "--json")
	if err := json.Unmarshal([]byte(r.Out), &s); err != nil || r.Code != 0 {
		return s, fmt.Errorf("status --json --all: %v", r)
	}
	return s, nil
}

// Find returns a service of a status.
func (s Status) Find(project, service string) (Service, bool) {
	for _, p := range s.Projects {
		for _, v := range p.Services {
			if p.Name == project && v.Name == service {
				return v, true
			}
		}
	}
	return Service{}, false
}
