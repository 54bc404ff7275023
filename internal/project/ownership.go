package project

import (
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/locald/locald/internal/plain"
)

// owner is the user for whom files are read.
type owner struct {
	uid        int
	privateGID int // the group that only this user is in; -1 when there is none
}

// ownerOf looks up uid's private group: many systems give each user one and a umask of 002, so a
// file that this group may write is nobody else's. A user without an entry has none, and is held to
// the strict rule.
func ownerOf(uid int) owner {
	o := owner{uid: uid, privateGID: -1}
	account, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return o
	}
	group, err := user.LookupGroupId(account.Gid)
	if err != nil || group.Name != account.Username {
		return o
	}
	if gid, err := strconv.Atoi(account.Gid); err == nil {
		o.privateGID = gid
	}
	return o
}

// checkTree refuses a directory that somebody else could have filled. It goes from the top down:
// once a directory is known to be writable by its owner only, nobody else can replace what is
// checked below it.
func (o owner) checkTree(canonical string) error {
	for _, dir := range lineage(canonical) {
		info, err := os.Lstat(dir)
		if err != nil {
			return problemAt("read", dir, err)
		}
		if !info.IsDir() {
			// Canonical has no link in it, so one that is here now has just been put there.
			return &unsafeError{
				dir, "is " + kind(info.Mode()) + ", not a directory",
				"ls -ld " + plain.Word(dir),
			}
		}
		if err := o.check(dir, info); err != nil {
			return err
		}
	}
	return nil
}

// CheckPrivate refuses a directory into which, or above which, anybody but user uid and root could
// put something. A sticky directory such as /tmp is shared by all, so that unlike above a project
// it does not do here.
func CheckPrivate(canonical string, uid int) error {
	if err := ownerOf(uid).checkTree(canonical); err != nil {
		return err
	}
	info, err := os.Lstat(canonical)
	if err == nil && info.Mode()&fs.ModeSticky != 0 && info.Mode().Perm()&0o022 != 0 {
		return &unsafeError{
			canonical, "can be written by others", "chmod go-w " + plain.Word(canonical),
		}
	}
	return err
}

// lineage returns "/", ..., dir.
func lineage(dir string) []string {
	if parent := filepath.Dir(dir); parent != dir {
		return append(lineage(parent), dir)
	}
	return []string{dir}
}

// check refuses what belongs to, or can be written by, anybody but the user and root.
func (o owner) check(path string, info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return &unsafeError{path, "has no owner that can be read", "ls -ld " + plain.Word(path)}
	}
	if uid := int(stat.Uid); uid != o.uid && uid != 0 {
		reason := fmt.Sprintf("belongs to user %d, neither to you (%d) nor to root", uid, o.uid)
		return &unsafeError{path, reason, fmt.Sprintf("sudo chown %d %s", o.uid, plain.Word(path))}
	}
	sticky := info.IsDir() && info.Mode()&fs.ModeSticky != 0
	others := info.Mode().Perm()&0o002 != 0
	group := info.Mode().Perm()&0o020 != 0 && int(stat.Gid) != o.privateGID
	if sticky || !others && !group {
		return nil
	}
	who, bits := "others", "go"
	if !others {
		who, bits = fmt.Sprintf("its group (%d)", stat.Gid), "g"
	}
	reason := fmt.Sprintf("can be written by %s (mode %04o)", who, info.Mode().Perm())
	return &unsafeError{path, reason, "chmod " + bits + "-w " + plain.Word(path)}
}

func kind(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return "a file"
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	default:
		return "a device"
	}
}
