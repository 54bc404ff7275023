package writers

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// acl is who may write by an access control list, in what both systems' lists have in common. The
// zero value is that of a file without one.
type acl struct {
	masks   bool // the mode's bits of the group are not the group's own
	group   bool // the file's group may write
	others  bool // everybody may
	users   []int
	groups  []int
	unknown []string // in words, of whom no number is known
}

// errForm says that a list is none that we know how to read. Who is in it cannot be known then.
var errForm = errors.New("it has an unknown form")

// The parts of a list of Linux (linux/posix_acl_xattr.h, linux/posix_acl.h).
const (
	posixVersion = 2

	posixOwner  = 0x01
	posixUser   = 0x02
	posixGroup  = 0x04 // the file's
	posixMember = 0x08 // of a group that is named
	posixMask   = 0x10
	posixOther  = 0x20

	posixWrite = 2
)

// parsePOSIX reads the value of system.posix_acl_access or system.posix_acl_default: a version, and
// for each entry what it is about, what it allows and whose number it is, all little-endian.
func parsePOSIX(value []byte) (list acl, err error) {
	const head, size = 4, 8
	if len(value) < head || binary.LittleEndian.Uint32(value) != posixVersion ||
		(len(value)-head)%size != 0 {
		return acl{}, errForm
	}
	list.masks = true
	unmasked := true // what a mask, the mask's absence included, lets be written
	for at := head; at < len(value); at += size {
		id := int(binary.LittleEndian.Uint32(value[at+4:]))
		writes := binary.LittleEndian.Uint16(value[at+2:])&posixWrite != 0
		switch tag := binary.LittleEndian.Uint16(value[at:]); {
		case tag == posixMask:
			unmasked = writes
		case tag != posixOwner && tag != posixUser && tag != posixGroup && tag != posixMember &&
			tag != posixOther:
			return acl{}, errForm
		case !writes:
		case tag == posixUser:
			list.users = append(list.users, id)
		case tag == posixMember:
			list.groups = append(list.groups, id)
		case tag == posixGroup:
			list.group = true
		case tag == posixOther:
			list.others = true
		}
	}
	if !unmasked { // it bounds all but the owner and everybody
		list.users, list.groups, list.group = nil, nil, false
	}
	return list, nil
}

// The parts of a list of macOS (sys/kauth.h), as getattrlist(2) gives it.
const (
	kauthMagic = 0x012cc16d
	kauthNone  = 0xffffffff // instead of a number of entries

	kauthHead  = 44 // magic, the owner's and the group's identity, number of entries, flags
	kauthEntry = 24 // identity, flags, rights

	kauthKind        = 0xf
	kauthPermit      = 1
	kauthOnlyInherit = 1 << 8
	kauthInherit     = 1<<5 | 1<<6 // by files, by directories

	// Writing, adding a file or a directory, deleting, deleting a child, changing attributes, the
	// list itself and the owner, and what stands for all of it or for all of writing.
	kauthWrite = 1<<2 | 1<<4 | 1<<5 | 1<<6 | 1<<8 | 1<<10 | 1<<12 | 1<<13 | 1<<21 | 1<<23
)

// The identities of macOS that have the number of a user or a group in them, at their end.
var (
	kauthUser = [12]byte{
		0xff, 0xff, 0xee, 0xee, 0xdd, 0xdd, 0xcc, 0xcc, 0xbb, 0xbb, 0xaa, 0xaa,
	}
	kauthGroup = [12]byte{
		0xab, 0xcd, 0xef, 0xab, 0xcd, 0xef, 0xab, 0xcd, 0xef, 0xab, 0xcd, 0xef,
	}
)

// parseKauth reads the value of ATTR_CMN_EXTENDED_SECURITY, which is empty where there is no list.
// access are those who may write to the file itself, inherited those who may write to what is made
// in a directory. That something is denied to somebody is passed over: it takes nothing from
// anybody else.
func parseKauth(value []byte) (access, inherited acl, err error) {
	if len(value) == 0 {
		return acl{}, acl{}, nil
	}
	if len(value) < kauthHead || binary.NativeEndian.Uint32(value) != kauthMagic {
		return acl{}, acl{}, errForm
	}
	count := binary.NativeEndian.Uint32(value[kauthHead-8:])
	if count == kauthNone {
		return acl{}, acl{}, nil
	}
	entries := value[kauthHead:]
	if uint64(len(entries)) < uint64(count)*kauthEntry {
		return acl{}, acl{}, errForm
	}
	for ; count > 0; count-- {
		flags := binary.NativeEndian.Uint32(entries[16:])
		rights := binary.NativeEndian.Uint32(entries[20:])
		if flags&kauthKind == kauthPermit && rights&kauthWrite != 0 {
			if flags&kauthOnlyInherit == 0 {
				access.permit([16]byte(entries))
			}
			if flags&kauthInherit != 0 {
				inherited.permit([16]byte(entries))
			}
		}
		entries = entries[kauthEntry:]
	}
	return access, inherited, nil
}

func (list *acl) permit(identity [16]byte) {
	id := int(binary.BigEndian.Uint32(identity[12:]))
	switch [12]byte(identity[:12]) {
	case kauthUser:
		list.users = append(list.users, id)
	case kauthGroup:
		list.groups = append(list.groups, id)
	default:
		list.unknown = append(list.unknown, fmt.Sprintf("somebody whose identity is %x", identity))
	}
}
