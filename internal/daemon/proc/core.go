package proc

import "syscall"

// coreLimit is how large a core dump may be, as it was when the daemon started. The daemon itself
// is to leave none: it has the environments of its user's shells in memory, secrets included. Its
// services are to have what their user has set.
//
// The limit is one byte, too little for a file: the kernel passes a dump on to a program (|… in
// /proc/sys/kernel/core_pattern) also where it is 0, but not where it is 1 (fs/coredump.c).
//
// Only the soft limit is lowered, since the hard one could not be raised again. The daemon stays
// dumpable (PR_SET_DUMPABLE), which decides about more than dumps: what /proc shows of it would
// become root's, and its user could no longer look into it.
type coreLimit struct {
	syscall.Rlimit
	known bool
}

// leaveNoCore turns core dumps of this process off.
func leaveNoCore() (was coreLimit) {
	was.known = syscall.Getrlimit(syscall.RLIMIT_CORE, &was.Rlimit) == nil
	was.forbid()
	return was
}

func (l coreLimit) forbid() {
	none := l.Rlimit
	none.Cur = min(1, none.Max)
	if l.known {
		_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &none) // to lower a limit is always permitted
	}
}
