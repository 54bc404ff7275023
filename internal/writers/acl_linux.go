package writers

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// What ends a doubt that a list gives rise to, or shows the list (setfacl(1), getfacl(1)).
const (
	mendACL       = "setfacl -b"
	mendInherited = "setfacl -k"
	showACL       = "getfacl"
)

// Place is a file or a directory whose lists are read.
type Place struct {
	get func(attribute string, value []byte) (int, error)
}

// At is what has that path, which is not followed if it is a link.
func At(path string) Place {
	return Place{func(attribute string, value []byte) (int, error) {
		return unix.Lgetxattr(path, attribute, value)
	}}
}

// In is an open file.
func In(f *os.File) Place {
	return Place{func(attribute string, value []byte) (n int, err error) {
		conn, err := f.SyscallConn()
		if err != nil {
			return 0, err
		}
		failed := conn.Control(func(fd uintptr) {
			n, err = unix.Fgetxattr(int(fd), attribute, value)
		})
		return n, errors.Join(failed, err)
	}}
}

func (p Place) access() (acl, error)    { return p.list("system.posix_acl_access") }
func (p Place) inherited() (acl, error) { return p.list("system.posix_acl_default") }

// maxValue is the size of the longest attribute that Linux has (XATTR_SIZE_MAX, linux/limits.h).
const maxValue = 64 << 10

// list reads one list. Where the file system has none, nor has this file.
func (p Place) list(attribute string) (acl, error) {
	var room [256]byte // for some 30 entries
	value := room[:]
	n, err := p.get(attribute, value)
	if errors.Is(err, unix.ERANGE) {
		value = make([]byte, maxValue)
		n, err = p.get(attribute, value)
	}
	switch {
	case errors.Is(err, unix.ENODATA), errors.Is(err, unix.ENOTSUP):
		return acl{}, nil
	case err != nil:
		return acl{}, err
	}
	return parsePOSIX(value[:n])
}
