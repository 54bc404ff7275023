// Package detach starts this program once more, in the background: in a session of its own, in the
// root directory, with nothing open but what it is given. It starts no goroutine.
package detach

import (
	"os"
	"strconv"
	"syscall"
)

// Ready is what a daemon writes to the descriptor that it was given, once it listens. Anything else
// is the sentence with which it gave up.
const Ready = "ready\n"

// Command is this program, as it is to go on in the background. Where Stdout or Stderr is nil, it
// is the null device; stdin always is.
type Command struct {
	Args           []string // without the program's name
	Env            []string
	Stdout, Stderr *os.File
	Extra          *os.File // its descriptor 3
}

// Start starts it and does not wait for anything.
func Start(c Command) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	files := []*os.File{null, or(c.Stdout, null), or(c.Stderr, null), c.Extra}
	Seal()
	process, err := os.StartProcess(exe, append([]string{"locald"}, c.Args...), &os.ProcAttr{
		Dir: "/", Env: c.Env, Files: files, Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return err
	}
	return process.Release()
}

func or(f, otherwise *os.File) *os.File {
	if f != nil {
		return f
	}
	return otherwise
}

// Seal keeps what this process inherited from being inherited once more. A shell, a test runner or
// an editor may have left descriptors open in us; a daemon or a service that held on to one would
// keep its reader waiting for an end that never comes, as in $(locald up).
func Seal() {
	dir, err := os.Open("/dev/fd")
	if err != nil {
		return
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return
	}
	for _, name := range names {
		if fd, err := strconv.Atoi(name); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
}
