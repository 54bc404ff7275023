// Package doctor examines the machine and the set-up: what keeps locald from
// working before any project comes into it. It looks and asks, changes nothing,
// never starts the daemon, and starts no goroutine.
//
// To add a check, write a function of a machine and put it into the table.
package doctor

import (
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/wire"
)

// The states of a finding.
const (
	OK      = "ok"
	Warning = "warning" // it works, but may not go on to
	Problem = "problem" // something does not work
	Unknown = "unknown" // cannot be told from here; the evidence says why
)

// Finding is the outcome of one check.
type Finding struct {
	ID       string `json:"id"`
	State    string `json:"state"`
	Evidence string `json:"evidence"`         // what was seen
	Remedy   string `json:"remedy,omitempty"` // what to do or type, if something is to be done
}

// System is what the checks see of the world.
type System interface {
	Host
	Session
}

// Host is the machine and the user's place on it.
type Host interface {
	// Files is the file system; its root is "/".
	Files() fs.FS
	Getenv(name string) string
	// User is the effective user's id.
	User() int
	Now() time.Time
	// Private is paths.CheckPrivate.
	Private(dir string) error
	// Trusted says why somebody else could have put something into a directory, or have written a
	// file (project.CheckPrivate, project.CheckFile); nil if there is no such path.
	Trusted(path string) error
	// Descriptors are the limits on open files of one process.
	Descriptors() (soft, hard uint64, err error)
	// Free is how many bytes the user can still write below dir.
	Free(dir string) (uint64, error)
}

// Session is who asks, where, and the daemon that serves them.
type Session interface {
	// Caller is the process that started this one.
	Caller() Caller
	// Here is the canonical root of the project around the current directory.
	Here() (root string, ok bool)
	// Daemon asks the daemon, and never starts it: client.ErrAbsent, client.ErrSilent.
	Daemon() (wire.DaemonReply, error)
	// Living is the PID of the daemon that the PID file names, if that very process is alive;
	// whether it can be reached is another matter.
	Living() (pid int, ok bool)
}

// Caller is a process.
type Caller struct {
	procid.Identity
	Name string // of its program, without a directory
	// JobControl says that it gave us a process group of our own, as a shell
	// does at a prompt and not in a script.
	JobControl bool
}

// check is one row of the table.
type check struct {
	id   string
	look func(*machine) Finding
}

var checks = []check{
	{"home", homeIsOurs},
	{"sh", shellThere},
	{"path", oneOnPath},
	{HookInstalled, hookInstalled},
	{HookLoaded, hookLoaded},
	{"daemon", daemonAnswers},
	{"version", sameVersion},
	{"stalled", promptsWait},
	{"data-directory", dataPrivate},
	{"runtime-directory", runtimePrivate},
	{"socket-path", socketFits},
	{"descriptors", descriptorsSuffice},
	{"disk", diskHasRoom},
	{"configuration", configurationHolds},
	{"records", recordsLead},
}

// machine is a System with what several checks ask of it.
type machine struct {
	System
	paths  paths.Paths
	daemon wire.DaemonReply
	silent error // why daemon is empty
	caller Caller
}

// Examine makes every check, in the order of the table.
func Examine(system System, p paths.Paths) []Finding {
	return examine(system, p, func(string) bool { return true })
}

// The checks of the hook.
const (
	HookInstalled = "hook-installed"
	HookLoaded    = "hook-loaded"
)

// Hook makes the checks of the hook alone.
func Hook(system System, p paths.Paths) []Finding {
	ofHook := func(id string) bool { return id == HookInstalled || id == HookLoaded }
	return examine(system, p, ofHook)
}

func examine(system System, p paths.Paths, wanted func(id string) bool) []Finding {
	m := &machine{System: system, paths: p, caller: system.Caller()}
	m.daemon, m.silent = system.Daemon()
	var out []Finding
	for _, c := range checks {
		if !wanted(c.id) {
			continue
		}
		f := c.look(m)
		f.ID = c.id
		out = append(out, f)
	}
	return out
}

func ok(evidence string) Finding { return Finding{State: OK, Evidence: evidence} }
func warning(evidence, remedy string) Finding {
	return Finding{State: Warning, Evidence: evidence, Remedy: remedy}
}

func problem(evidence, remedy string) Finding {
	return Finding{State: Problem, Evidence: evidence, Remedy: remedy}
}
func unknown(evidence string) Finding { return Finding{State: Unknown, Evidence: evidence} }

// stat is os.Stat, on the system's files.
func (m *machine) stat(name string) (fs.FileInfo, error) {
	return fs.Stat(m.Files(), inside(name))
}

// inside is an absolute path as io/fs wants it.
func inside(name string) string {
	if name = strings.Trim(path.Clean(name), "/"); name == "" {
		return "."
	}
	return name
}

// tilde shortens a path below the home for a person.
func (m *machine) tilde(path string) string { return plain.Tilde(path, m.paths.Home) }

// typed is the same for a command line.
func (m *machine) typed(path string) string { return plain.Path(path, m.paths.Home) }
