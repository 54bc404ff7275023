package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/locald/locald/internal/client"
	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/pidfile"
	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/project"
	"github.com/locald/locald/internal/wire"
)

// Real is this machine, for the daemon of some paths.
func Real(p paths.Paths) System { return real{p} }

type real struct{ paths paths.Paths }

func (real) Files() fs.FS              { return os.DirFS("/") }
func (real) Getenv(name string) string { return os.Getenv(name) }
func (real) User() int                 { return os.Geteuid() }
func (real) Now() time.Time            { return time.Now() }
func (real) Private(dir string) error  { return paths.CheckPrivate(dir) }

func (r real) Trusted(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil && !info.IsDir():
		return project.CheckFile(path, r.User())
	}
	return project.CheckPrivate(path, r.User())
}

func (real) Caller() Caller {
	pid := os.Getppid()
	id, err := procid.Of(pid)
	if err != nil {
		return Caller{}
	}
	theirs, err := syscall.Getpgid(pid)
	return Caller{
		Identity: id, Name: programOf(pid),
		JobControl: err == nil && theirs != syscall.Getpgrp(),
	}
}

// programOf returns the name of a process, "" where it cannot be found out.
func programOf(pid int) string {
	name, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	if err != nil { // macOS has no /proc, and always ps
		name, err = exec.Command("ps", "-o", "comm=", "-p", strconv.Itoa(pid)).Output()
	}
	if err != nil {
		return ""
	}
	return path.Base(strings.TrimSpace(string(name)))
}

func (real) Descriptors() (soft, hard uint64, err error) {
	var l syscall.Rlimit
	err = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l)
	return uint64(l.Cur), uint64(l.Max), err
}

func (real) Free(dir string) (uint64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return uint64(st.Bavail) * uint64(st.Bsize), nil
}

func (r real) Here() (string, bool) {
	dir, err := os.Getwd()
	if err != nil {
		return "", false
	}
	return RootAround(dir, r.paths)
}

// RootAround is the canonical root of the project in or above a directory.
func RootAround(dir string, p paths.Paths) (string, bool) {
	root, found := project.Find(dir, p.Home)
	if !found {
		return "", false
	}
	canonical, err := project.Canonical(root)
	return canonical, err == nil
}

func (r real) Daemon() (wire.DaemonReply, error) {
	c, err := client.Dial(context.Background(), r.paths)
	if err != nil {
		return wire.DaemonReply{}, err
	}
	defer c.Close()
	return client.Call(c, wire.DaemonStatus, wire.None{})
}

func (r real) Living() (pid int, ok bool) {
	id, alive := pidfile.Live(r.paths.PIDFile())
	return id.PID, alive
}
