package testworld

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// Ordinary makes the world's programs those of a user to whom directories can be forbidden. Where
// the test is root's, that is somebody whom no other world has: what locald keeps under /tmp goes
// by the user. Such a user cannot look into the directories of a test, so the programs are copied.
// It comes before the first program of the world is started.
func Ordinary(w *World, programs ...string) {
	w.Helper()
	if os.Geteuid() != 0 {
		return
	}
	w.uid = w.first // which is this world's alone
	w.must(os.Chmod(w.Dir, 0o755))
	bin := filepath.Join(w.Dir, "bin")
	w.must(os.MkdirAll(bin, 0o755))
	for _, name := range programs {
		path, err := exec.LookPath(w.Program(name))
		w.must(err)
		// By a program of its own: what another goroutine starts meanwhile would inherit the
		// descriptor, and a file that is open for writing cannot be run.
		w.must(exec.Command("cp", path, filepath.Join(bin, name)).Run())
		w.must(os.Chmod(filepath.Join(bin, name), 0o755))
	}
	w.Programs = bin
	for _, dir := range []string{w.Home, w.Runtime, coverageDir(w)} {
		give(w, dir)
	}
	w.after = append(w.after, func() { _ = os.Remove(Fallback(w)) })
}

// give makes a directory and everything in it the world's user's.
func give(w *World, dir string) {
	w.Helper()
	if w.uid == 0 {
		return
	}
	w.must(filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, w.uid, w.uid)
	}))
}

// Session is a runtime directory as a login makes it: its parent is the system's, and only that
// takes it away, with all that is in it, and makes it again.
type Session struct {
	w      *World
	parent string
}

// NewSession begins one. It comes before the first program of the world is started.
func NewSession(w *World) Session {
	w.Helper()
	parent, err := os.MkdirTemp("/tmp", "lw")
	w.must(err)
	w.after = append(w.after, func() {
		checkError(w, errors.Join(os.Chmod(parent, 0o755), os.RemoveAll(parent)))
	})
	w.Runtime = filepath.Join(parent, "run")
	s := Session{w, parent}
	s.Login()
	return s
}

// Login makes the runtime directory.
func (s Session) Login() {
	s.w.Helper()
	s.change(func() error { return os.Mkdir(s.w.Runtime, 0o700) })
}

// Logout removes it.
func (s Session) Logout() {
	s.w.Helper()
	s.change(func() error { return os.RemoveAll(s.w.Runtime) })
}

func (s Session) change(do func() error) {
	s.w.Helper()
	s.w.must(errors.Join(os.Chmod(s.parent, 0o755), do()))
	if _, err := os.Stat(s.w.Runtime); err == nil {
		give(s.w, s.w.Runtime)
	}
	s.w.must(os.Chmod(s.parent, 0o555))
}

// Fallback is the directory of the socket where there is no runtime directory.
func Fallback(w *World) string {
	uid := w.uid
	if uid == 0 {
		uid = os.Geteuid()
	}
	return "/tmp/locald-" + strconv.Itoa(uid)
}
