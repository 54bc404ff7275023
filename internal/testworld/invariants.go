package testworld

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Check returns what does not hold and must hold whatever happened, with the name of the invariant
// as docs/faults-matrix.md has it. It starts the daemon where there is none, as any command does.
func (w *World) Check() []string {
	s, err := w.Status()
	if err != nil {
		return []string{"I3/I8: " + err.Error()}
	}
	wrong := checkProcesses(w, s)
	wrong = append(wrong, checkRecords(w)...)
	if out := w.Locald(w.Home, "daemon", "status", "--json"); !json.Valid([]byte(out.Out)) {
		wrong = append(wrong, "I8: daemon status --json is no JSON: "+out.String())
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.wrong {
		wrong = append(wrong, "I7: "+c)
	}
	w.wrong = nil
	return wrong
}

// checkProcesses compares what is said with what is there: I1, I2, I3.
func checkProcesses(w *World, s Status) (wrong []string) {
	live, runs := map[string]bool{}, map[string]string{}
	for _, p := range s.Projects {
		for _, v := range p.Services {
			// One that is about to start may have by the time the processes are looked at.
			live[p.Name+"/"+v.Name] = v.PID != 0 || v.State == "starting" || v.State == "backoff"
		}
	}
	daemons := 0
	for _, p := range w.Processes() {
		switch {
		case p.Daemon && p.Parent == s.Daemon.PID: // a service, forked and not yet another program
		case p.Daemon:
			daemons++
			if p.PID != s.Daemon.PID {
				wrong = append(wrong, fmt.Sprintf("I3: %v is a second daemon", p))
			}
		case strings.HasSuffix(p.Service, "/"): // no service: a command of ours
		case !live[p.Service]:
			wrong = append(wrong, "I1: outside of any run: "+p.String())
		case runs[p.Service] != "" && runs[p.Service] != p.Run:
			wrong = append(wrong, "I2: of a second run: "+p.String())
		default:
			runs[p.Service] = p.Run
		}
	}
	if daemons != 1 {
		wrong = append(wrong, fmt.Sprintf("I3: %d daemons", daemons))
	}
	return wrong
}

// checkRecords is I4.
func checkRecords(w *World) (wrong []string) {
	dir := filepath.Join(w.Data(), "projects")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return []string{"I4: " + err.Error()}
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		switch {
		case strings.HasSuffix(e.Name(), "~"): // being written
		case strings.HasSuffix(e.Name(), ".bad"):
			wrong = append(wrong, "I4: set aside: "+e.Name())
		case err == nil && !json.Valid(data):
			wrong = append(wrong, "I4: no JSON: "+e.Name())
		}
	}
	return wrong
}

// Quiet brings everything down and wants nothing to be left: I1, I12.
func (w *World) Quiet() []string {
	before, err := w.Status()
	if err != nil {
		return []string{err.Error()}
	}
	if r := w.Locald(w.Home, "down", "--all"); r.Code != 0 {
		return []string{"down --all: " + r.String()}
	}
	var wrong []string
	for _, p := range w.Processes() {
		if !p.Daemon && !strings.HasSuffix(p.Service, "/") {
			wrong = append(wrong, "I1: after down: "+p.String())
		}
	}
	for _, p := range before.Projects {
		for _, v := range p.Services {
			if v.PID == 0 {
				continue // then it may be a stranger's
			}
			l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(v.Port))
			if err != nil {
				wrong = append(
					wrong, fmt.Sprintf("I12: after down: %s/%s: %v", p.Name, v.Name, err),
				)
				continue
			}
			l.Close()
		}
	}
	return wrong
}

// Footprint is what the daemon holds: open descriptors and threads.
func (w *World) Footprint() (descriptors, threads int, err error) {
	id, err := w.FindDaemon()
	if err != nil {
		return 0, 0, err
	}
	dir := filepath.Join("/proc", strconv.Itoa(id.PID))
	fds, err := os.ReadDir(filepath.Join(dir, "fd"))
	if err != nil {
		return 0, 0, err
	}
	tasks, err := os.ReadDir(filepath.Join(dir, "task"))
	return len(fds), len(tasks), err
}
