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
	mend    string   // if it is another command than for the lists of most files
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

// The parts of a list of NFSv4 (RFC 7530, 6.2.1).
const (
	nfsAllow       = 0
	nfsOnlyInherit = 0x8
	nfsInherit     = 0x1 | 0x2 // by files, by directories

	// Writing, appending, writing named attributes, deleting a child, changing attributes,
	// deleting, and changing the list itself and the owner.
	nfsWrite = 0x2 | 0x4 | 0x10 | 0x40 | 0x100 | 0x10000 | 0x40000 | 0x80000
)

// parseNFS reads the value of system.nfs4_acl: a number of entries, and of each the kind, flags,
// rights and a name with its length, all big-endian and padded to four bytes. The owner, the group
// and everybody are in the mode too; anybody else is a name of the server's.
func parseNFS(value []byte) (access, inherited acl, err error) {
	word := func() (n uint32) {
		if len(value) < 4 {
			err = errForm
			return 0
		}
		n, value = binary.BigEndian.Uint32(value), value[4:]
		return n
	}
	for count := word(); count > 0 && err == nil; count-- {
		kind, flags, rights, length := word(), word(), word(), uint64(word())
		padded := (length + 3) &^ 3
		if err != nil || padded > uint64(len(value)) {
			return acl{}, acl{}, errForm
		}
		name := string(value[:length])
		value = value[padded:]
		if kind != nfsAllow || rights&nfsWrite == 0 || name == "OWNER@" || name == "GROUP@" ||
			name == "EVERYONE@" {
			continue
		}
		who := fmt.Sprintf("%q of its server", name)
		if flags&nfsOnlyInherit == 0 {
			access.unknown = append(access.unknown, who)
		}
		if flags&nfsInherit != 0 {
			inherited.unknown = append(inherited.unknown, who)
		}
	}
	access.mend, inherited.mend = mendNFS, mendNFS
	return access, inherited, err
}

// mendNFS opens the list in an editor (nfs4_setfacl(1)).
const mendNFS = "nfs4_setfacl -e"

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
