package procinfo

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// Table reads every process of the system. A process that ends meanwhile is left out, but not what
// it may have forked after the PIDs were listed: they are listed again until no new one has come,
// within reason on a machine on which there is always a new one.
func Table() ([]Process, error) {
	const rounds = 8
	var out []Process
	seen := make(map[int]bool)
	for range rounds {
		pids, err := listPIDs()
		if err != nil {
			return nil, err
		}
		pids = slices.DeleteFunc(pids, func(pid int) bool { return seen[pid] })
		if len(pids) == 0 {
			return out, nil
		}
		if out, err = appendProcesses(out, pids); err != nil {
			return nil, err
		}
		for _, pid := range pids {
			seen[pid] = true
		}
	}
	return out, nil
}

// appendProcesses leaves out what has ended and what is not ours to see. Any other error is that of
// the whole table: one with gaps would let a process get away.
func appendProcesses(out []Process, pids []int) ([]Process, error) {
	var buf [1024]byte
	for _, pid := range pids {
		n, err := readSmall(procPath(pid, "stat"), buf[:])
		if withheld(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read process %d: %w", pid, err)
		}
		if p, ok := parseStat(pid, buf[:n]); ok {
			out = append(out, p)
		}
	}
	return out, nil
}

// listPIDs returns the numbers of all processes that we may see, in no order.
func listPIDs() ([]int, error) {
	names, err := readNames("/proc")
	if err != nil {
		return nil, fmt.Errorf("cannot list the processes: %w", err)
	}
	pids := make([]int, 0, len(names))
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

func procPath(pid int, name string) string { return "/proc/" + strconv.Itoa(pid) + "/" + name }

// readSmall reads with plain system calls: os.ReadFile would register each of hundreds of files
// with the poller.
func readSmall(path string, buf []byte) (int, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	return unix.Read(fd, buf)
}

// readNames lists a directory without looking at what is in it, as os.ReadDir would.
func readNames(dir string) ([]string, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Readdirnames(-1)
}

// Getenv returns the value of a variable in the environment that a process was started with, ""
// where it has none.
func Getenv(pid int, name string) (string, error) {
	env, err := os.ReadFile(procPath(pid, "environ"))
	if err != nil {
		return "", err
	}
	return lookup(splitStrings(env), name), nil
}

// RealtimeLimit is a process's soft limit of RLIMIT_RTTIME, in microseconds.
func RealtimeLimit(pid int) (uint64, error) {
	limits, err := os.ReadFile(procPath(pid, "limits"))
	if err != nil {
		return 0, err
	}
	return parseLimit(limits, realtime)
}

// OpenLinks are the targets of a process's descriptors.
func OpenLinks(pid int) ([]string, error) {
	dir := procPath(pid, "fd")
	names, err := readNames(dir)
	if err != nil {
		return nil, err
	}
	out := make([]string, 0, len(names))
	for _, name := range names {
		if target, err := os.Readlink(dir + "/" + name); err == nil { // else it was closed just now
			out = append(out, target)
		}
	}
	return out, nil
}

// Abandoned is the name under which OpenLinks shows a terminal whose other end has been closed. Its
// path is soon that of another one.
func Abandoned(terminal string) (link string, ok bool) { return terminal + " (deleted)", true }

// LinkOf is the name under which OpenLinks shows an open file of ours.
func LinkOf(f *os.File) (string, bool) {
	conn, err := f.SyscallConn()
	if err != nil {
		return "", false
	}
	var link string
	err = conn.Control(func(fd uintptr) {
		link, _ = os.Readlink("/proc/self/fd/" + strconv.Itoa(int(fd)))
	})
	return link, err == nil && link != ""
}

// arguments are those of a process. One that has none, as a kernel's thread, has a name.
func arguments(pid int) ([][]byte, error) {
	raw, err := os.ReadFile(procPath(pid, "cmdline"))
	if err == nil && len(raw) == 0 {
		raw, err = os.ReadFile(procPath(pid, "comm"))
		raw = bytes.TrimSuffix(raw, []byte{'\n'})
	}
	return splitStrings(raw), err
}
