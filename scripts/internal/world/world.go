// Package world gives a fault or a random walk a machine of its own: a home, a
// runtime directory, projects, and at most one daemon, which is the built
// binary. It sees that binary only from outside, and looks at the system's
// processes for what should not be there.
//
// It starts no goroutine that outlives a call.
package world

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
)

// patience bounds every command. None is meant to take nearly as long.
const patience = 90 * time.Second

// World is one user's machine.
type World struct {
	Dir, Home, Runtime string

	programs string // directory with locald and misbehave
	number   int64  // of this world, among those that are side by side

	mu       sync.Mutex
	commands int
	wrong    []string // commands that ended as none may
}

var worlds atomic.Int64

// portsOf gives worlds side by side ports of their own.
func (w *World) portsOf() string {
	const each, all = 300, 33
	first := 20000 + each*int(w.number%all)
	return fmt.Sprintf("%d-%d", first, first+each-1)
}

// New makes a world for the programs in a directory.
func New(programs string) (*World, error) {
	dir, err := os.MkdirTemp("/tmp", "lw")
	if err != nil {
		return nil, err
	}
	w := &World{Dir: dir, Home: filepath.Join(dir, "home"), Runtime: filepath.Join(dir, "run"), programs: programs, number: worlds.Add(1)}
	return w, errors.Join(os.MkdirAll(w.Home, 0o755), os.MkdirAll(w.Runtime, 0o700))
}

// Build compiles programs of this module into a directory of their own, which
// the caller removes.
func Build(packages ...string) (programs string, err error) {
	programs, err = os.MkdirTemp("", "locald-programs")
	if err != nil {
		return "", err
	}
	for _, p := range packages {
		cmd := exec.Command("go", "build", "-o", programs+"/", p)
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return programs, fmt.Errorf("cannot build %s: %w", p, err)
		}
	}
	return programs, nil
}

// Program is the path of one of the world's programs.
func (w *World) Program(name string) string { return filepath.Join(w.programs, name) }

// Data is the daemon's data directory.
func (w *World) Data() string { return filepath.Join(w.Home, ".local", "share", "locald") }

// Project writes files ("Procfile", text, …) below the home and returns their
// directory.
func (w *World) Project(name string, files ...string) (string, error) {
	dir := filepath.Join(w.Home, name)
	err := os.MkdirAll(dir, 0o755)
	for i := 0; i < len(files); i += 2 {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, files[i]), []byte(files[i+1]), 0o644))
	}
	return dir, err
}

// Result is how a command ended.
type Result struct {
	Code int // -1 where it did not end in time or a signal ended it
	Out  string
	Err  string
	Took time.Duration
}

func (r Result) String() string {
	return fmt.Sprintf("exit %d, %q, %q", r.Code, first(r.Out), first(r.Err))
}

func first(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// Locald runs a command of locald in a directory.
func (w *World) Locald(dir string, args ...string) Result {
	return w.Run(dir, nil, append([]string{"locald"}, args...)...)
}

// documented are the exit codes of docs/commands.md.
var documented = []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 124}

// Run runs a program with more variables in its environment.
func (w *World) Run(dir string, env []string, args ...string) Result {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := w.Command(ctx, dir, env, args...)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	begin := time.Now()
	err := cmd.Run()
	r := Result{Code: -1, Out: out.String(), Err: stderr.String(), Took: time.Since(begin)}
	if cmd.ProcessState != nil {
		r.Code = cmd.ProcessState.ExitCode()
	} else {
		r.Err = err.Error()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.commands++
	if args[0] == "locald" && !slices.Contains(documented, r.Code) {
		w.wrong = append(w.wrong, fmt.Sprintf("%s: %v", strings.Join(args, " "), r))
	}
	return r
}

// Command prepares a program of this world.
func (w *World) Command(ctx context.Context, dir string, env []string, args ...string) *exec.Cmd {
	name := args[0]
	if path := filepath.Join(w.programs, name); isFile(path) {
		name = path
	}
	cmd := exec.CommandContext(ctx, name, args[1:]...)
	cmd.Dir = dir
	cmd.WaitDelay = time.Second // what it started may hold its output
	cmd.Env = append([]string{
		"HOME=" + w.Home, "XDG_RUNTIME_DIR=" + w.Runtime, "PATH=" + w.programs + ":" + os.Getenv("PATH"),
		"PWD=" + dir, "LANG=C.UTF-8", "TERM=dumb", "SHELL=/bin/sh",
		"LOCALD_DEBUG_PORTS=" + w.portsOf(),
	}, env...)
	return cmd
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// Status is what `status --json --all` says.
type Status struct {
	Daemon struct {
		PID int `json:"pid"`
	} `json:"daemon"`
	Projects []struct {
		Name     string    `json:"name"`
		Trust    string    `json:"trust"`
		Wanted   bool      `json:"wanted"`
		Note     string    `json:"note"`
		Services []Service `json:"services"`
	} `json:"projects"`
}

// Service is one service in a Status.
type Service struct {
	Name      string `json:"name"`
	State     string `json:"state"`
	Ready     bool   `json:"ready"`
	PID       int    `json:"pid"`
	Port      int    `json:"port"`
	Listening []int  `json:"listening"`
	Restarts  int    `json:"restarts"`
	Run       int    `json:"run"`
	Note      string `json:"note"`
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

// Daemon is the process that the PID file names.
func (w *World) Daemon() (procid.Identity, error) {
	data, err := os.ReadFile(filepath.Join(w.Data(), "daemon.pid"))
	if err != nil {
		return procid.Identity{}, err
	}
	line, _, _ := strings.Cut(string(data), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		return procid.Identity{}, err
	}
	return procid.Of(pid)
}

// Living does not count a zombie: when that is reaped is up to its parent.
func Living(id procid.Identity) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(id.PID), "stat"))
	_, rest, _ := strings.Cut(string(stat), ") ")
	return err == nil && id.Alive() && !strings.HasPrefix(rest, "Z")
}

// Kill signals a process and waits for its end where the signal is one that
// nobody survives.
func Kill(id procid.Identity, sig syscall.Signal) error {
	gone, cancel := procinfo.Watch(id)
	defer cancel()
	if err := syscall.Kill(id.PID, sig); err != nil {
		return err
	}
	if sig != syscall.SIGKILL {
		return nil
	}
	select {
	case <-gone:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("PID %d does not end", id.PID)
	}
}

// KillDaemon ends the daemon as a crash would.
func (w *World) KillDaemon() error {
	id, err := w.Daemon()
	if err != nil {
		return err
	}
	return Kill(id, syscall.SIGKILL)
}

// AwaitLog follows a service's log until a line holds text.
func (w *World) AwaitLog(dir, service, text string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := w.Command(ctx, dir, nil, "sh", "-c", "locald logs -f -n -1 "+service+" | grep -m 1 -F -- \"$TEXT\"")
	cmd.Env = append(cmd.Env, "TEXT="+text)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("no line with %q in the log of %s: %v %s", text, service, err, out)
	}
	return nil
}

// Close stops the daemon, says what is left, and removes everything.
func (w *World) Close() (left []string) {
	w.Locald("/", "daemon", "stop")
	if id, err := w.Daemon(); err == nil {
		_ = Kill(id, syscall.SIGCONT)
		_ = Kill(id, syscall.SIGKILL)
		left = append(left, "the daemon had to be killed")
	}
	for _, p := range w.Processes() {
		left = append(left, "left alive: "+p.String())
		_ = syscall.Kill(p.PID, syscall.SIGKILL)
	}
	if err := os.RemoveAll(w.Dir); err != nil {
		left = append(left, err.Error())
	}
	return append(left, w.wrong...)
}
