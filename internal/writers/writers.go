// Package writers finds out who besides the user and root could have written a file, or put one
// into a directory: by its owner, its mode, its access control list, and the members of its group.
// What cannot be known counts as somebody else.
//
// Goroutines and locks: none of its own.
package writers

import (
	"cmp"
	"fmt"
	"io/fs"
	"sync"
	"syscall"
)

// Doubt is why somebody else could have written something.
type Doubt struct {
	Reason string // goes on after "it"
	Mend   string // the command that ends it, without the path that it takes
}

// User is for whom is asked. The accounts of the system are read once, and only if a group may
// write: nearly nothing that is looked at is so.
type User struct {
	UID      int
	accounts func() (accounts, error)
}

// Of is the user with that id.
func Of(uid int) User { return User{UID: uid, accounts: sync.OnceValues(systemAccounts)} }

// Owner is the doubt that comes of whose it is.
func (u User) Owner(info fs.FileInfo) *Doubt {
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok:
		return &Doubt{"has no owner that can be read", "ls -ld"}
	case int(stat.Uid) != u.UID && stat.Uid != 0:
		return &Doubt{
			fmt.Sprintf("belongs to user %d, neither to you (%d) nor to root", stat.Uid, u.UID),
			fmt.Sprintf("sudo chown %d", u.UID),
		}
	}
	return nil
}

// Writers is the doubt that comes of who else may write to it.
func (u User) Writers(p Place, info fs.FileInfo) *Doubt {
	list, err := p.access()
	if err != nil {
		return unreadable(err)
	}
	perm := info.Mode().Perm()
	if perm&0o002 != 0 {
		return &Doubt{fmt.Sprintf("can be written by others (mode %04o)", perm), "chmod go-w"}
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	// With a list, the group's bits of the mode are the most that anybody in the list may do.
	if group := perm&0o020 != 0 && !list.masks || list.group; group {
		if !ok {
			return &Doubt{"has no group that can be read", "ls -ld"}
		}
		if alone, why := u.aloneIn(int(stat.Gid)); !alone {
			return &Doubt{
				fmt.Sprintf("can be written by its group (%d)%s (mode %04o)", stat.Gid, why, perm),
				"chmod g-w",
			}
		}
	}
	if who := u.named(list); who != "" {
		return &Doubt{
			"can be written by " + who + " (access control list)", cmp.Or(list.mend, mendACL),
		}
	}
	return nil
}

// Heirs is the doubt that comes of what a directory hands on to all that is made in it.
func (u User) Heirs(p Place) *Doubt {
	list, err := p.inherited()
	if err != nil {
		return unreadable(err)
	}
	who := u.named(list)
	if list.others {
		who = "others"
	}
	if who == "" {
		return nil
	}
	return &Doubt{
		"lets what is made in it be written by " + who + " (default access control list)",
		cmp.Or(list.mend, mendInherited),
	}
}

func unreadable(err error) *Doubt {
	return &Doubt{
		fmt.Sprintf("may be open to others: its access control list cannot be read (%v)", err),
		showACL,
	}
}

// named is the first in a list who is neither the user nor root, and may write.
func (u User) named(list acl) string {
	for _, uid := range list.users {
		if uid != u.UID && uid != 0 {
			return fmt.Sprintf("user %d", uid)
		}
	}
	for _, gid := range list.groups {
		if alone, why := u.aloneIn(gid); !alone {
			return fmt.Sprintf("group %d%s", gid, why)
		}
	}
	if len(list.unknown) > 0 {
		return list.unknown[0]
	}
	return ""
}

// aloneIn reports whether a group is the user's private one: many systems give each user one, and a
// umask of 002, so that a file which this group may write is nobody else's. It is that only if
// nobody else is in it. why goes on after the group, where there is more to say.
func (u User) aloneIn(gid int) (alone bool, why string) {
	all, err := u.accounts()
	if err != nil {
		return false, fmt.Sprintf(", whose members cannot be known: %v", err)
	}
	if !all.private(u.UID, gid) {
		return false, ""
	}
	if other, ok := all.otherIn(u.UID, gid); ok {
		return false, fmt.Sprintf(", which %s is in too", other)
	}
	return true, ""
}
