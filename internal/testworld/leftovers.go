package testworld

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/project"
)

// Process is one process of a world.
type Process struct {
	PID     int
	Parent  int
	Service string // LOCALD_PROJECT/LOCALD_SERVICE of its environment
	Run     string // its run's marker
	Command string
	Daemon  bool
}

func (p Process) String() string { return fmt.Sprintf("%d %s %q", p.PID, p.Service, p.Command) }

// Processes are those of this world that are alive: they have its home in their environment, or
// their directory in it (a program that blanks its environment keeps that).
func (w *World) Processes() []Process {
	if runtime.GOOS != "linux" {
		return listedProcesses(w)
	}
	entries, err := os.ReadDir("/proc")
	w.must(err)
	var out []Process
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		if p, ok := processOf(w, pid); ok {
			out = append(out, p)
		}
	}
	return out
}

func processOf(w *World, pid int) (Process, bool) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	environ, _ := os.ReadFile(filepath.Join(dir, "environ")) // it may have ended meanwhile
	cwd, _ := os.Readlink(filepath.Join(dir, "cwd"))
	if !bytes.Contains(environ, []byte(w.Home)) && !strings.HasPrefix(cwd, w.Dir) {
		return Process{}, false
	}
	stat := afterName(pid)
	if len(stat) < 2 || stat[0] == "Z" {
		return Process{}, false
	}
	parent, _ := strconv.Atoi(stat[1])
	cmdline, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
	command := strings.ReplaceAll(string(cmdline), "\x00", " ")
	return describe(pid, parent, command, strings.Split(string(environ), "\x00")), true
}

// afterName are the fields of proc_pid_stat(5) from the state on, which stands after the name.
func afterName(pid int) []string {
	stat, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
}

// listed asks ps, which shows the environment of one's own processes behind their command.
func listedProcesses(w *World) []Process {
	text, err := exec.Command("ps", "-axEww", "-o", "pid=,ppid=,command=").Output()
	w.must(err)
	var out []Process
	for line := range strings.Lines(string(text)) {
		var pid, parent int
		_, err := fmt.Sscan(line, &pid, &parent)
		if err == nil && strings.Contains(line, "HOME="+w.Home) {
			out = append(out, describe(pid, parent, line, strings.Fields(line)))
		}
	}
	return out
}

func describe(pid, parent int, command string, environ []string) Process {
	variable := func(name string) string {
		for _, entry := range environ {
			if value, ok := strings.CutPrefix(entry, name+"="); ok {
				return value
			}
		}
		return ""
	}
	return Process{
		PID: pid, Parent: parent, Command: strings.TrimSpace(command),
		Daemon:  strings.Contains(command, "daemon run"),
		Service: variable("LOCALD_PROJECT") + "/" + variable("LOCALD_SERVICE"),
		Run:     variable("LOCALD_RUN"),
	}
}

// Living does not count a zombie: when that is reaped is up to its parent, or to the system's init.
func Living(id procid.Identity) bool {
	if !id.Alive() {
		return false
	}
	state := afterName(id.PID)
	if runtime.GOOS != "linux" { // no /proc, and always ps
		text, _ := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(id.PID)).Output()
		state = strings.Fields(string(text))
	}
	return len(state) > 0 && !strings.HasPrefix(state[0], "Z")
}

// stopDaemon stops it, and the one that a command has started which was under way meanwhile: a
// daemon that is stopping is waited for, and then the next one is started.
func stopDaemon(w *World) {
	for range 5 {
		if r := w.Locald("/", "daemon", "stop"); r.Code != 0 {
			w.Errorf("the daemon could not be stopped: %v", r)
			return
		}
		ours := 0
		for _, p := range w.Processes() {
			name, _, _ := strings.Cut(p.Command, " ")
			if filepath.Base(name) != "locald" {
				continue
			}
			ours++
			if id, err := procid.Of(p.PID); err == nil && !p.Daemon {
				w.AwaitEnd(id)
			}
		}
		if ours == 0 {
			return
		}
	}
}

// close ends the daemon as a user would, and then looks for what should not be there.
func (w *World) close() {
	defer func() {
		for _, do := range w.after {
			do()
		}
	}()
	stopDaemon(w)
	for _, p := range w.Processes() {
		w.Errorf("left alive: %v", p)
		_ = syscall.Kill(p.PID, syscall.SIGKILL) // so that it disturbs nobody who comes later
	}
	for _, wrong := range w.wrong {
		w.Errorf("%s", wrong)
	}
	_ = os.Remove(filepath.Join(w.Runtime, "fish_universal_variables.notifier")) // fish's own
	outside := "/tmp/locald-" + project.Hash(w.Data()) + "*"
	for _, pattern := range []string{outside, w.Runtime + "/*"} {
		if left, _ := filepath.Glob(pattern); len(left) > 0 {
			w.Errorf("left behind: %q", left)
		}
	}
	if log, err := os.ReadFile(filepath.Join(w.Data(), "daemon.log")); err == nil && w.Failed() {
		w.Logf("the daemon's log:\n%s", log)
	}
}
