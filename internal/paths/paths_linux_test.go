package paths

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// bobWrites is a list by which user 1001 may write (linux/posix_acl_xattr.h).
const bobWrites = "\x02\x00\x00\x00" +
	"\x01\x00\x07\x00\xff\xff\xff\xff" + // its owner
	"\x02\x00\x07\x00\xe9\x03\x00\x00" +
	"\x04\x00\x05\x00\xff\xff\xff\xff" + // its group
	"\x10\x00\x07\x00\xff\xff\xff\xff" + // the mask
	"\x20\x00\x05\x00\xff\xff\xff\xff" // others

// A mode can look private where an access control list hands on more to what is made there.
func TestCheckPrivateLooksAtLists(t *testing.T) {
	for attribute, want := range map[string]string{
		"system.posix_acl_access":  "others can write to it (mode 0775)", // the mode shows the mask
		"system.posix_acl_default": "by user 1001 (default access control list); run: setfacl -k '",
	} {
		dir := t.TempDir()
		err := unix.Setxattr(dir, attribute, []byte(bobWrites), 0)
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
