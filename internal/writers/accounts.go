package writers

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// accounts are the users and groups of the system, all of them.
type accounts struct {
	users  []account
	groups []group
}

type account struct {
	name     string
	uid, gid int
}

type group struct {
	name    string
	gid     int
	open    bool     // to whoever knows its password (newgrp(1))
	members []string // but for those whose primary group it is
}

// private reports whether a group is the primary one of a user and is called as the user is.
func (a accounts) private(uid, gid int) bool {
	return slices.ContainsFunc(a.users, func(u account) bool {
		return u.uid == uid && u.gid == gid && slices.ContainsFunc(a.groups, func(g group) bool {
			return g.gid == gid && g.name == u.name
		})
	})
}

// otherIn names somebody in a group who is not that user. A member without an account counts too:
// it may be given one tomorrow.
func (a accounts) otherIn(uid, gid int) (name string, ok bool) {
	for _, u := range a.users {
		if u.gid == gid && u.uid != uid {
			return u.name, true
		}
	}
	for _, g := range a.groups {
		if g.gid != gid {
			continue
		}
		if g.open {
			return "whoever knows its password", true
		}
		for _, member := range g.members {
			if !slices.ContainsFunc(a.users, func(u account) bool {
				return u.name == member && u.uid == uid
			}) {
				return member, true
			}
		}
	}
	return "", false
}

// readAccounts reads the files of a system, whose root is given. It fails where there may be users
// or groups that are not in them.
func readAccounts(system fs.FS) (a accounts, err error) {
	if err := elsewhere(system); err != nil {
		return a, err
	}
	for _, file := range []struct {
		name     string
		take     func(fields []string) error
		optional bool
	}{
		{"etc/passwd", a.takeUser, false},
		{"etc/group", a.takeGroup, false},
		{"usr/lib/passwd", a.takeUser, true}, // of altfiles
		{"usr/lib/group", a.takeGroup, true},
	} {
		err := takeLines(system, file.name, file.take)
		if err != nil && !(file.optional && errors.Is(err, fs.ErrNotExist)) {
			return accounts{}, err
		}
	}
	return a, nil
}

func takeLines(system fs.FS, name string, take func(fields []string) error) error {
	text, err := fs.ReadFile(system, name)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '+' || line[0] == '-' { // nsswitch.conf(5), compat mode
			return fmt.Errorf("/%s names others that are kept elsewhere", name)
		}
		if err := take(strings.Split(line, ":")); err != nil {
			return fmt.Errorf("/%s: %w", name, err)
		}
	}
	return nil
}

// errLine says that nobody knows what a line means: it may be of one who is in the group.
var errLine = errors.New("a line of it cannot be read")

func (a *accounts) takeUser(fields []string) error { // passwd(5)
	if len(fields) < 4 {
		return errLine
	}
	uid, err := strconv.Atoi(fields[2])
	gid, err2 := strconv.Atoi(fields[3])
	if err != nil || err2 != nil {
		return errLine
	}
	a.users = append(a.users, account{fields[0], uid, gid})
	return nil
}

func (a *accounts) takeGroup(fields []string) error { // group(5)
	if len(fields) < 4 {
		return errLine
	}
	gid, err := strconv.Atoi(fields[2])
	if err != nil {
		return errLine
	}
	listed := func(r rune) bool { return r == ',' || r == ' ' }
	a.groups = append(a.groups, group{
		fields[0], gid, !locked(fields[1]), strings.FieldsFunc(fields[3], listed),
	})
	return nil
}

// locked reports whether no password opens a group. One in gshadow(5), which "x" stands for, can be
// read by root only.
func locked(password string) bool {
	return password == "" || password == "x" || password[0] == '*' || password[0] == '!'
}

// inFiles are the sources of nsswitch.conf(5) whose users and groups are all in the files. What
// systemd adds has groups of its own, unless somebody has put records where userdbRecords are; so
// has what mymachines adds, which are the users of containers.
var inFiles = []string{"files", "compat", "altfiles", "systemd", "mymachines"}

// userdbRecords are where systemd finds further users, and further members of groups
// (systemd-userdbd.service(8), systemd-homed.service(8)).
var userdbRecords = []string{
	"etc/userdb", "run/userdb", "run/host/userdb", "usr/lib/userdb", "var/lib/systemd/home",
}

// elsewhere says where else there may be users and groups. A system without the file looks into
// nothing but the two (musl), and so does one whose file does not name a database.
func elsewhere(system fs.FS) error {
	text, err := fs.ReadFile(system, "etc/nsswitch.conf")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		database, sources, _ := strings.Cut(line, ":")
		database = strings.TrimSpace(database)
		if !slices.Contains([]string{"passwd", "group", "initgroups"}, database) {
			continue
		}
		for _, source := range strings.Fields(withoutActions(sources)) {
			if !slices.Contains(inFiles, source) {
				return fmt.Errorf("/etc/nsswitch.conf takes them from %q too", source)
			}
			if err := userdb(system, source); err != nil {
				return err
			}
		}
	}
	return nil
}

func userdb(system fs.FS, source string) error {
	if source != "systemd" {
		return nil
	}
	for _, dir := range userdbRecords {
		entries, err := fs.ReadDir(system, dir)
		if len(entries) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("/%s may name more", dir)
		}
	}
	return nil
}

// withoutActions drops what is to be done on a result, as in "files [NOTFOUND=return] ldap".
func withoutActions(sources string) string {
	for {
		before, rest, found := strings.Cut(sources, "[")
		if !found {
			return sources
		}
		_, after, _ := strings.Cut(rest, "]")
		sources = before + " " + after
	}
}
