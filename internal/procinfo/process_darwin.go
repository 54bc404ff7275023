package procinfo

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/locald/locald/internal/procid"
)

// zombieState is SZOMB of sys/proc.h, and controlled P_CONTROLT: there is a controlling terminal.
const (
	zombieState = 5
	controlled  = 0x2
)

// Table reads every process of the system. Those of other users are among them: a service may
// become another user, by sudo for example, and does not end by that.
func Table() ([]Process, error) {
	rows, err := unix.SysctlKinfoProcSlice("kern.proc.all")
	if err == nil && len(rows) == 0 {
		err = errors.New("the answer is empty") // it would hold at least ourselves
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list the processes: %w", err)
	}
	out := make([]Process, 0, len(rows))
	for i := range rows {
		out = append(out, processOf(&rows[i]))
	}
	return out, nil
}

// processOf reads one row. It holds the address of the session, not its number, which is asked for:
// that fails for a process that is ending.
func processOf(row *unix.KinfoProc) Process {
	pid := int(row.Proc.P_pid)
	session, err := unix.Getsid(pid)
	if err != nil {
		session = 0
	}
	return Process{
		ID:     procid.Identity{PID: pid, Start: procid.StartOf(&row.Proc)},
		Zombie: row.Proc.P_stat == zombieState,
		Parent: int(row.Eproc.Ppid), Group: int(row.Eproc.Pgid), Session: session,
		Terminal: row.Proc.P_flag&controlled != 0,
	}
}

// readProcArgs reads what the kernel keeps of a process's start. It answers EINVAL about one that
// has ended and about one of another user alike.
func readProcArgs(pid int) (args, env [][]byte, err error) {
	block, err := unix.SysctlRaw("kern.procargs2", pid)
	if errors.Is(err, unix.EINVAL) {
		return nil, nil, fmt.Errorf("the arguments of process %d: %w", pid, os.ErrPermission)
	}
	if err != nil {
		return nil, nil, err
	}
	return parseProcArgs(block)
}

// Getenv returns the value of a variable in the environment that a process was started with, ""
// where it has none.
//
// The system withholds the environment of its own programs, /bin/sh among them, even from the user
// who started them: the block ends after the arguments. That a variable is not seen thus does not
// prove that it is not there. Programs that were installed, such as Homebrew's node, show theirs.
func Getenv(pid int, name string) (string, error) {
	_, env, err := readProcArgs(pid)
	return lookup(env, name), err
}

// RealtimeLimit has no answer: macOS shows no process's limits to another.
func RealtimeLimit(int) (uint64, error) { return 0, errors.ErrUnsupported }

// OpenLinks are the paths that a process has open. There are none for one that has ended.
func OpenLinks(pid int) ([]string, error) {
	out, err := lsof("-p", strconv.Itoa(pid), "-Fn")
	if err != nil {
		return nil, fmt.Errorf("cannot read what process %d has open: %w", pid, err)
	}
	return parseNames(out), nil
}

// Abandoned has no answer: who had a terminal whose other end has been closed has nothing any more.
func Abandoned(string) (link string, ok bool) { return "", false }

// LinkOf has no answer: lsof shows a pipe by addresses in the kernel that the process itself cannot
// ask for.
func LinkOf(*os.File) (string, bool) { return "", false }

// arguments are those of a process.
func arguments(pid int) ([][]byte, error) {
	args, _, err := readProcArgs(pid)
	return args, err
}
