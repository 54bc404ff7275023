package proc

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/locald/locald/internal/procid"
)

// zombieState is SZOMB of sys/proc.h.
const zombieState = 5

// table reads every process of this user: those of others are none of ours.
func table() ([]entry, error) {
	infos, err := unix.SysctlKinfoProcSlice("kern.proc.uid", os.Geteuid())
	if err != nil {
		return nil, err
	}
	out := make([]entry, 0, len(infos))
	for i := range infos {
		k := &infos[i]
		pid := int(k.Proc.P_pid)
		sid, err := unix.Getsid(pid)
		if err != nil {
			sid = 0
		}
		t := k.Proc.P_starttime
		out = append(out, entry{
			id:     procid.Identity{PID: pid, Start: uint64(t.Sec)*1e6 + uint64(t.Usec)},
			zombie: k.Proc.P_stat == zombieState,
			parent: int(k.Eproc.Ppid), group: int(k.Eproc.Pgid), sid: sid,
		})
	}
	return out, nil
}

// arguments returns the strings that kern.procargs2 keeps of a process: its
// arguments and then its environment. The block starts with argc, the path of
// the program and padding.
func arguments(pid int) (args, env [][]byte) {
	raw, err := unix.SysctlRaw("kern.procargs2", pid)
	if err != nil || len(raw) < 4 {
		return nil, nil
	}
	argc := int(binary.NativeEndian.Uint32(raw))
	_, rest, _ := bytes.Cut(raw[4:], []byte{0})
	parts := bytes.Split(bytes.TrimLeft(rest, "\x00"), []byte{0})
	if argc < 0 || argc > len(parts) {
		return parts, nil
	}
	return parts[:argc], parts[argc:]
}

// markerOf is the run marker in a process's environment, "" where it has none.
func markerOf(pid int) string {
	_, env := arguments(pid)
	return findMarker(bytes.Join(env, []byte{0}))
}

// CommandOf is a process's command line for a person to read.
func CommandOf(pid int) string {
	args, _ := arguments(pid)
	return printable(bytes.Join(args, []byte{' '}))
}

// openLinks are the paths that a process has open. The interface to ask the
// kernel (libproc) needs C, so the system's own lsof is asked.
func openLinks(pid int) []string {
	out, err := exec.Command("/usr/sbin/lsof", "-nP", "-w", "-p", strconv.Itoa(pid), "-Fn").Output()
	if err != nil && len(out) == 0 {
		return nil
	}
	var links []string
	for line := range strings.Lines(string(out)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "n"); ok {
			links = append(links, name)
		}
	}
	return links
}

// descriptorLink has no answer here: lsof shows a pipe by kernel addresses
// that the process itself cannot ask for.
func descriptorLink(*os.File) (string, bool) { return "", false }
