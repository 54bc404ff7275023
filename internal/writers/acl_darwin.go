package writers

import (
	"encoding/binary"
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What ends a doubt that a list gives rise to, or shows the list (chmod(1), ls(1)).
const (
	mendACL       = "chmod -N"
	mendInherited = "chmod -N"
	showACL       = "ls -lde"
)

// The attribute of getattrlist(2) that is the list, and that a link is not followed (sys/attr.h).
const (
	attrBitMapCount         = 5
	attrCmnExtendedSecurity = 0x00400000
	fsoptNofollow           = 1
)

// Place is a file or a directory whose lists are read.
type Place struct {
	get func(list *unix.Attrlist, value []byte) error
}

// At is what has that path, which is not followed if it is a link.
func At(path string) Place {
	return Place{func(list *unix.Attrlist, value []byte) error {
		name, err := unix.BytePtrFromString(path)
		if err != nil {
			return err
		}
		//lint:ignore SA1019 a wrapper of libSystem would need cgo
		_, _, errno := unix.Syscall6(unix.SYS_GETATTRLIST, uintptr(unsafe.Pointer(name)),
			uintptr(unsafe.Pointer(list)), uintptr(unsafe.Pointer(&value[0])),
			uintptr(len(value)), fsoptNofollow, 0)
		return orNil(errno)
	}}
}

// In is an open file.
func In(f *os.File) Place {
	return Place{func(list *unix.Attrlist, value []byte) error {
		conn, err := f.SyscallConn()
		if err != nil {
			return err
		}
		failed := conn.Control(func(fd uintptr) {
			//lint:ignore SA1019 a wrapper of libSystem would need cgo
			_, _, errno := unix.Syscall6(unix.SYS_FGETATTRLIST, fd,
				uintptr(unsafe.Pointer(list)), uintptr(unsafe.Pointer(&value[0])),
				uintptr(len(value)), 0, 0)
			err = orNil(errno)
		})
		return errors.Join(failed, err)
	}}
}

func orNil(errno unix.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}

func (p Place) access() (acl, error) {
	list, _, err := p.lists()
	return list, err
}

func (p Place) inherited() (acl, error) {
	_, list, err := p.lists()
	return list, err
}

// lists reads both, which are one on macOS. The longest list has 128 entries
// (KAUTH_ACL_MAX_ENTRIES).
func (p Place) lists() (access, inherited acl, err error) {
	// The length of the whole, then where the list is, counted from this place, and its length.
	const head, reference = 4, 8
	value := make([]byte, head+reference+kauthHead+128*kauthEntry)
	err = p.get(&unix.Attrlist{
		Bitmapcount: attrBitMapCount, Commonattr: attrCmnExtendedSecurity,
	}, value)
	// The file system has none: it cannot answer at all, or not about this attribute.
	if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.EINVAL) {
		return acl{}, acl{}, nil
	}
	if err != nil {
		return acl{}, acl{}, err
	}
	start := head + int64(int32(binary.NativeEndian.Uint32(value[head:])))
	end := start + int64(binary.NativeEndian.Uint32(value[head+4:]))
	if start < head || end > int64(len(value)) {
		return acl{}, acl{}, errForm
	}
	return parseKauth(value[start:end])
}
