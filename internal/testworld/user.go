package testworld

import (
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
func (w *World) Ordinary(programs ...string) {
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
		w.Give(dir)
	}
	w.Cleanup(func() { _ = os.Remove(w.Fallback()) })
}

// Give makes a directory and everything in it the world's user's.
func (w *World) Give(dir string) {
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

// Session gives the world a runtime directory as a login does: its parent is the system's, and only
// that takes it away, with all that is in it, and makes it again.
func (w *World) Session() {
	w.Helper()
	parent := temporaryDir(w)
	w.Runtime = filepath.Join(parent, "run")
	w.Cleanup(func() { _ = os.Chmod(parent, 0o755) })
	w.Login()
}

// Login makes the runtime directory.
func (w *World) Login() {
	w.Helper()
	parent := filepath.Dir(w.Runtime)
	w.must(os.Chmod(parent, 0o755))
	w.must(os.Mkdir(w.Runtime, 0o700))
	w.Give(w.Runtime)
	w.must(os.Chmod(parent, 0o555))
}

// Logout removes it.
func (w *World) Logout() {
	w.Helper()
	parent := filepath.Dir(w.Runtime)
	w.must(os.Chmod(parent, 0o755))
	w.must(os.RemoveAll(w.Runtime))
	w.must(os.Chmod(parent, 0o555))
}

// Fallback is the directory of the socket where there is no runtime directory.
func (w *World) Fallback() string {
	uid := w.uid
	if uid == 0 {
		uid = os.Geteuid()
	}
	return "/tmp/locald-" + strconv.Itoa(uid)
}
