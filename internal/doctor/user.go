package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/locald/locald/internal/userconfig"
)

// homeIsOurs notices sudo that keeps the caller's HOME: what locald writes there
// would belong to root, and the hook does nothing.
func homeIsOurs(m *machine) Finding {
	home := m.Getenv("HOME")
	if home == "" {
		return warning("HOME is not set", "set it: export HOME=~")
	}
	info, err := m.stat(home)
	if err != nil || !info.IsDir() {
		return problem(fmt.Sprintf("HOME is %s, which is not a directory", home),
			"set it to a directory of yours")
	}
	if owner, known := ownerOf(info); known && owner != m.User() {
		return problem(fmt.Sprintf("HOME is %s, which belongs to user %d, "+
			"and you are user %d: the hook does nothing here", home, owner, m.User()),
			"use a shell with a home of its own: sudo -i")
	}
	return ok(home + " is yours")
}

func ownerOf(info fs.FileInfo) (uid int, known bool) {
	stat, is := info.Sys().(*syscall.Stat_t)
	if !is {
		return 0, false
	}
	return int(stat.Uid), true
}

func shellThere(m *machine) Finding {
	const sh = "/bin/sh"
	if !m.executable(sh) {
		return problem(sh+" is missing or cannot be executed: every service is started by it",
			"install a POSIX shell there, such as dash")
	}
	return ok(sh)
}

func (m *machine) executable(path string) bool {
	info, err := m.stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

// oneOnPath notices a second locald, which another shell or another PATH runs.
func oneOnPath(m *machine) Finding {
	var found []string
	var first fs.FileInfo
	for _, dir := range filepath.SplitList(m.Getenv("PATH")) {
		file := filepath.Join(dir, "locald")
		if !filepath.IsAbs(file) || !m.executable(file) {
			continue
		}
		info, err := m.stat(file)
		if err != nil {
			continue
		}
		if first == nil {
			first = info
		}
		if len(found) == 0 || !os.SameFile(first, info) && !slices.Contains(found, file) {
			found = append(found, file)
		}
	}
	switch len(found) {
	case 0:
		return warning("locald is not on the PATH",
			"put its directory into PATH, or the hook line will not find it")
	case 1:
		return ok(m.tilde(found[0]))
	}
	for i := range found {
		found[i] = m.tilde(found[i])
	}
	return warning("there are several, and the first is used: "+strings.Join(found, ", "),
		"remove the others, or change the order of PATH")
}

func configurationHolds(m *machine) Finding {
	path := m.paths.Config()
	text, err := fs.ReadFile(m.Files(), inside(path))
	if errors.Is(err, fs.ErrNotExist) {
		return ok("there is no " + m.tilde(path) + ": the defaults hold")
	}
	var config userconfig.Config
	if err == nil {
		config, err = userconfig.Parse(text)
	}
	if err != nil {
		return problem(fmt.Sprintf("%s: %v", m.tilde(path), err),
			"correct it, and then: locald daemon restart; until then the defaults hold")
	}
	for _, prefix := range config.Prefixes {
		dir := userconfig.PrefixDir(prefix, m.Getenv("HOME"))
		if info, err := m.stat(dir); err == nil && info.Mode().Perm()&0o002 != 0 {
			return warning(
				fmt.Sprintf("trust.prefixes: %s is ignored: others can write to it", prefix),
				"run: chmod o-w "+m.typed(dir))
		}
	}
	return ok(m.tilde(path))
}
