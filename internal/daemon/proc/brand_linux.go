package proc

import "golang.org/x/sys/unix"

// showsBrands says that a process's limits can be read by others.
const showsBrands = true

// brandProcess gives a process behind its gate a number that all of its descendants inherit,
// whatever they do to their environment, session and parents: the soft limit of RLIMIT_RTTIME. That
// many microseconds of realtime scheduling are 146,000 years, so nobody is limited by it, and
// nobody has a reason to set it. Where prlimit(2) is forbidden the marker in the environment has to
// do. So it has with a kernel of 32 bits, which takes so large a number for no limit.
func brandProcess(pid int, marker string) {
	var limit unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_RTTIME, nil, &limit); err != nil {
		return
	}
	limit.Cur = brandOf(marker)
	_ = unix.Prlimit(pid, unix.RLIMIT_RTTIME, &limit, nil)
}
