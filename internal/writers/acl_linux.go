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

func (p Place) access() (acl, error) {
	value, err := p.value("system.posix_acl_access")
	if errors.Is(err, unix.ENOTSUP) {
		list, _, err := p.nfs()
		return list, err
	}
	return posix(value, err)
}

func (p Place) inherited() (acl, error) {
	value, err := p.value("system.posix_acl_default")
	if errors.Is(err, unix.ENOTSUP) {
		_, list, err := p.nfs()
		return list, err
	}
	return posix(value, err)
}

func posix(value []byte, err error) (acl, error) {
	if err != nil || value == nil {
		return acl{}, err
	}
	return parsePOSIX(value)
}

// nfs reads the one list of a file on NFSv4. Where the file system has that kind neither, it has
// none.
func (p Place) nfs() (access, inherited acl, err error) {
	value, err := p.value("system.nfs4_acl")
	if errors.Is(err, unix.ENOTSUP) || err == nil && value == nil {
		return acl{}, acl{}, nil
	}
	if err != nil {
		return acl{}, acl{}, err
	}
	return parseNFS(value)
}

// maxValue is the size of the longest attribute that Linux has (XATTR_SIZE_MAX, linux/limits.h).
const maxValue = 64 << 10

// value is that of an attribute, nil if the file does not have it.
func (p Place) value(attribute string) ([]byte, error) {
	value := make([]byte, 256) // for some 30 entries
	n, err := p.get(attribute, value)
	if errors.Is(err, unix.ERANGE) {
		value = make([]byte, maxValue)
		n, err = p.get(attribute, value)
	}
	if errors.Is(err, unix.ENODATA) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return value[:n], nil
}
