package doctor

import (
	"fmt"
	"path"
	"strings"

	"github.com/locald/locald/internal/paths"
)

func dataPrivate(m *machine) Finding {
	if _, err := m.stat(m.paths.Data); err != nil {
		return ok(m.tilde(m.paths.Data) + " is made when it is needed")
	}
	for _, dir := range []string{
		m.paths.Data, m.paths.Projects(), m.paths.Logs(), m.paths.Trust(),
	} {
		info, err := m.stat(dir)
		if err != nil {
			continue // made at the daemon's next start
		}
		if f, wrong := m.notPrivate(dir); wrong {
			return f
		}
		if mode := info.Mode().Perm(); mode&0o077 != 0 {
			return warning(
				fmt.Sprintf("%s can be read by others (mode %04o), and logs may hold secrets",
					m.tilde(dir), mode),
				"chmod 700 "+m.typed(dir))
		}
	}
	return ok(m.tilde(m.paths.Data) + " is yours alone")
}

func (m *machine) notPrivate(dir string) (Finding, bool) {
	err := m.Private(dir)
	if err == nil {
		return Finding{}, false
	}
	evidence, remedy, _ := strings.Cut(err.Error(), "; ")
	if remedy == "" {
		remedy = "make it a directory of yours, with mode 0700"
	}
	return problem(evidence, remedy), true
}

func runtimePrivate(m *machine) Finding {
	dir := m.paths.RuntimeDir
	if _, err := m.stat(dir); err == nil {
		if f, wrong := m.notPrivate(dir); wrong {
			return f
		}
	}
	if refused := m.paths.Refused; refused != nil {
		why, remedy, _ := strings.Cut(refused.Error(), "; ")
		return warning(
			fmt.Sprintf("XDG_RUNTIME_DIR is not used: %s. The socket is in %s", why, dir),
			"it works as it is; to have that directory used, "+remedy)
	}
	return ok(dir)
}

// socketFits counts what the daemon appends while it makes the socket: a dot and
// its PID.
func socketFits(m *machine) Finding {
	const longestPID = ".4194304" // proc_sys_kernel(5), pid_max
	socket := m.paths.Socket()
	if err := paths.CheckSocket(socket + longestPID); err != nil {
		return problem(fmt.Sprintf("%s has %d bytes, "+
			"and what the daemon appends takes it past the system's limit of %d",
			socket, len(socket), paths.SocketLimit()),
			"set XDG_RUNTIME_DIR to a shorter directory")
	}
	return ok(socket)
}

// What the daemon keeps open: for itself, and for one service (its terminal,
// its log, its process and what waits for them).
const (
	descriptorsForItself  = 64
	descriptorsPerService = 5
	servicesToExpect      = 30
)

// descriptorsSuffice looks at the hard limit: a Go program raises its soft limit
// up to it when it starts.
func descriptorsSuffice(m *machine) Finding {
	soft, hard, err := m.Descriptors()
	if err != nil {
		return unknown("the limit cannot be read: " + err.Error())
	}
	if hard > 1<<20 {
		return ok(fmt.Sprintf("soft limit %d, hard limit %s", soft, limit(hard)))
	}
	services := (max(hard, descriptorsForItself) - descriptorsForItself) / descriptorsPerService
	evidence := fmt.Sprintf("soft limit %d, hard limit %d: enough for %d services", soft, hard,
		services)
	if services < max(servicesToExpect, 2*uint64(m.daemon.Services)) {
		return problem(evidence,
			"raise the hard limit (ulimit -Hn, /etc/security/limits.conf), "+
				"log in again, and: locald daemon restart")
	}
	return ok(evidence)
}

func limit(n uint64) string {
	if n >= 1<<62 {
		return "none"
	}
	return fmt.Sprint(n)
}

const (
	mib           = 1 << 20
	roomToWork    = 64 * mib
	roomForComing = 1024 * mib
)

func diskHasRoom(m *machine) Finding {
	dir := m.paths.Data
	for dir != "/" {
		if _, err := m.stat(dir); err == nil {
			break
		}
		dir = path.Dir(dir)
	}
	free, err := m.Free(dir)
	if err != nil {
		return unknown("the free space below " + m.tilde(dir) + " cannot be read: " + err.Error())
	}
	evidence := fmt.Sprintf("%d MiB are free below %s", free/mib, m.tilde(dir))
	remedy := "make room; the logs of projects that are gone: locald forget --gone"
	switch {
	case free < roomToWork:
		return problem(evidence+": records and logs cannot be written", remedy)
	case free < roomForComing:
		return warning(evidence+", and the log of each service may take 32 MiB", remedy)
	}
	return ok(evidence)
}
