package paths

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// bobWrites is a list by which user 1001 may write (linux/posix_acl_xattr.h).
func bobWrites() (value []byte) {
	value = binary.LittleEndian.AppendUint32(value, 2)
	for _, e := range []struct {
		tag, permitted uint16
		id             uint32
	}{
		{1, 7, ^uint32(0)},
		{2, 7, 1001},
		{4, 5, ^uint32(0)},
		{16, 7, ^uint32(0)},
		{32, 5, ^uint32(0)},
	} {
		value = binary.LittleEndian.AppendUint16(value, e.tag)
		value = binary.LittleEndian.AppendUint16(value, e.permitted)
		value = binary.LittleEndian.AppendUint32(value, e.id)
	}
	return value
}

// A mode can look private where an access control list hands on more to what is made there.
func TestCheckPrivateLooksAtLists(t *testing.T) {
	for attribute, want := range map[string]string{
		"system.posix_acl_access":  "others can write to it (mode 0775)", // the mode shows the mask
		"system.posix_acl_default": "by user 1001 (default access control list); run: setfacl -k '",
	} {
		dir := t.TempDir()
		err := unix.Setxattr(dir, attribute, bobWrites(), 0)
		if errors.Is(err, unix.ENOTSUP) {
			t.Skip("this file system has no access control lists: set TMPDIR to one that has")
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckPrivate(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", attribute, err, want)
		}
	}
}
