package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/locald/locald/internal/project"
)

// hash is what names this world's files outside its directory.
func (w *world) hash() string { return project.Hash(w.data()) }

// processes returns those that carry this world's home in their environment or have their directory in it, one line
// each, beginning with the PID.
func (w *world) processes() []string {
	if runtime.GOOS != "linux" {
		return w.listed()
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		dir := filepath.Join("/proc", e.Name())
		environ, _ := os.ReadFile(filepath.Join(dir, "environ")) // it may have ended meanwhile
		cwd, _ := os.Readlink(filepath.Join(dir, "cwd"))
		if bytes.Contains(environ, []byte(w.home)) || strings.HasPrefix(cwd, w.dir) {
			command, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
			out = append(out, e.Name()+" "+string(bytes.ReplaceAll(command, []byte{0}, []byte(" "))))
		}
	}
	return out
}

// listed asks ps, which shows the environment of one's own processes.
func (w *world) listed() []string {
	text, err := exec.Command("ps", "-axEww", "-o", "pid=,command=").Output()
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "HOME="+w.home) {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}

// end kills what a failed test has left, so that the next ones are not disturbed.
func (w *world) end(line string) {
	first, _, _ := strings.Cut(line, " ")
	if pid, err := strconv.Atoi(first); err == nil {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}
