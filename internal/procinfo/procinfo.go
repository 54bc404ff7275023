// Package procinfo reads what the system knows about processes: who there is, what each was started
// with, what it has open, where it listens, and when it ends. It changes nothing, starts no process
// but the system's own lsof and netstat on macOS, and signals nobody.
//
// It owns the parsers of what both systems say. They stand in files for every system, so that the
// tests of either run on the other: lsof.go, netstat.go, procargs.go for macOS, and nettcp.go,
// stat.go, limits.go for Linux. The files for one system only fetch the bytes.
//
// An error is never taken for an end, nor for an empty world. procid.ErrGone says that a process
// has ended; a refusal (fs.ErrPermission) says that it is not ours to see; any other says that the
// look failed and that nothing is known.
//
// Goroutines: on Linux one for each watch, which sleeps on a descriptor and takes no thread; on
// macOS one for all watches, for the life of the program; and one of a Scanner for as long as
// somebody waits for a scan.
package procinfo

import (
	"errors"
	"io/fs"
	"syscall"

	"github.com/locald/locald/internal/procid"
)

// Process is one row of the system's table of processes.
type Process struct {
	ID      procid.Identity // Boot is left empty: the table is of this boot
	Parent  int
	Group   int
	Session int // 0 where the system does not say
	// Terminal says that the session has a controlling terminal. One terminal controls one session,
	// so that of another session is another terminal.
	Terminal bool
	Zombie   bool
}

// withheld reports whether err says that a process has ended or that it is not ours to look into:
// the ordinary answers about a process that one has only found in a list.
func withheld(err error) bool {
	return errors.Is(err, procid.ErrGone) || errors.Is(err, fs.ErrNotExist) ||
		errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ESRCH)
}
