package proc

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/locald/locald/internal/procid"
)

// table reads every process of the system. A process that ends meanwhile is
// left out, but not what it may have forked after the PIDs were listed: they are
// listed again until no new one has come, within reason on a machine on which
// there is always a new one.
func table() ([]entry, error) {
	const rounds = 8
	var out []entry
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
		if out, err = appendEntries(out, pids); err != nil {
			return nil, err
		}
		for _, pid := range pids {
			seen[pid] = true
		}
	}
	return out, nil
}

func appendEntries(out []entry, pids []int) ([]entry, error) {
	var buf [1024]byte
	for _, pid := range pids {
		n, err := readSmall("/proc/"+strconv.Itoa(pid)+"/stat", buf[:])
		if exhausted(err) {
			return nil, err // a table with gaps would let a process get away
		}
		if err != nil {
			continue
		}
		if e, ok := parseStat(pid, buf[:n]); ok {
			out = append(out, e)
		}
	}
	return out, nil
}

func listPIDs() ([]int, error) {
	d, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	pids := make([]int, 0, len(names))
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// readSmall reads with plain system calls: os.ReadFile would register each of
// hundreds of files with the poller.
func readSmall(path string, buf []byte) (int, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	return unix.Read(fd, buf)
}

// parseStat reads the fields of proc_pid_stat(5) that stand after the name.
func parseStat(pid int, stat []byte) (entry, bool) {
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return entry{}, false
	}
	f := bytes.Fields(stat[end+1:])
	if len(f) < 20 {
		return entry{}, false
	}
	num := func(i int) int {
		n, _ := strconv.Atoi(string(f[i]))
		return n
	}
	start, err := strconv.ParseUint(string(f[19]), 10, 64)
	return entry{
		id:     procid.Identity{PID: pid, Start: start},
		zombie: f[0][0] == 'Z' || f[0][0] == 'X',
		parent: num(1), group: num(2), sid: num(3),
	}, err == nil
}

// markerOf is the run marker in a process's environment, "" where it has none
// or the process is not ours to read.
func markerOf(pid int) string {
	env, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return ""
	}
	return findMarker(env)
}

// openLinks are the targets of a process's descriptors. A terminal whose
// other end is closed is shown with " (deleted)".
func openLinks(pid int) []string {
	dir := "/proc/" + strconv.Itoa(pid) + "/fd"
	d, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return nil
	}
	out := make([]string, 0, len(names))
	for _, name := range names {
		if target, err := os.Readlink(dir + "/" + name); err == nil {
			out = append(out, strings.TrimSuffix(target, " (deleted)"))
		}
	}
	return out
}

func descriptorLink(f *os.File) (string, bool) {
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

// CommandOf is a process's command line for a person to read.
func CommandOf(pid int) string {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	if err != nil || len(raw) == 0 {
		raw, _ = os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	}
	return printable(bytes.ReplaceAll(bytes.TrimRight(raw, "\x00\n"), []byte{0}, []byte{' '}))
}
