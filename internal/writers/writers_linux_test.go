package writers

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// set gives a path a list, where the file system has lists.
func set(t testing.TB, path, attribute, text string) {
	t.Helper()
	err := unix.Setxattr(path, attribute, recorded(t, text), 0)
	if errors.Is(err, unix.ENOTSUP) {
		t.Skip("this file system has no access control lists: set TMPDIR to one that has")
	}
	if err != nil {
		t.Fatal(err)
	}
}

const (
	bobWrites = "02000000 01000700ffffffff 02000700e9030000 04000500ffffffff 10000700ffffffff" +
		"20000500ffffffff"
	bobReads = "02000000 01000700ffffffff 02000500e9030000 04000500ffffffff 10000500ffffffff" +
		"20000500ffffffff"
	teamWrites = "02000000 01000700ffffffff 04000500ffffffff 08000700d0070000 10000700ffffffff" +
		"20000500ffffffff"
	othersWrite = "02000000 01000700ffffffff 04000500ffffffff 20000700ffffffff"
)

// Real lists of a real file system, read by path and by descriptor.
func TestLists(t *testing.T) {
	const access, inherited = "system.posix_acl_access", "system.posix_acl_default"
	const by, later = "can be written by ", "lets what is made in it be written by "
	for name, c := range map[string]struct {
		attribute, text string
		writers, heirs  string
	}{
		"none":     {"", "", "", ""},
		"a user":   {access, bobWrites, by + "user 1001 (access control list)", ""},
		"a reader": {access, bobReads, "", ""},
		"a group":  {access, teamWrites, by + "group 2000 (access control list)", ""},
		"a default": {
			inherited, bobWrites, "", later + "user 1001 (default access control list)",
		},
		"for reading": {inherited, bobReads, "", ""},
		"for all":     {inherited, othersWrite, "", later + "others (default access control list)"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if c.attribute != "" {
				set(t, dir, c.attribute, c.text)
			}
			info, err := os.Lstat(dir)
			if err != nil {
				t.Fatal(err)
			}
			file, err := os.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			me := Of(os.Getuid())
			for how, place := range map[string]Place{"path": At(dir), "file": In(file)} {
				if got := reason(me.Writers(place, info)); got != c.writers {
					t.Errorf("writers by %s: %q, want %q", how, got, c.writers)
				}
				if got := reason(me.Heirs(place)); got != c.heirs {
					t.Errorf("heirs by %s: %q, want %q", how, got, c.heirs)
				}
			}
		})
	}
}

func reason(d *Doubt) string {
	if d == nil {
		return ""
	}
	return d.Reason
}

// What cannot be known is somebody else; what a file system does not have is nobody.
func TestListsThatCannotBeRead(t *testing.T) {
	info, err := os.Lstat(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	long := recorded(t, "02000000")
	for range 1000 {
		long = append(long, recorded(t, "02000700e9030000")...)
	}
	nfs := errors.New("no error: only that kind of list is there")
	for name, c := range map[string]struct {
		value []byte
		err   error
		want  string
	}{
		"the file system has none": {nil, unix.ENOTSUP, ""},
		"the file has none":        {nil, unix.ENODATA, ""},
		"the list of an NFS": {
			nfsList(nfsEntry{0, 0, 0x2, "bob@x.org"}), nfs,
			`can be written by "bob@x.org" of its server (access control list)`,
		},
		"the disk fails": {
			nil, unix.EIO,
			"may be open to others: its access control list cannot be read (input/output error)",
		},
		"a form of tomorrow": {
			[]byte{9, 0, 0, 0},
			nil,
			"may be open to others: its access control list cannot be read " +
				"(it has an unknown form)",
		},
		"a long one": {long, nil, "can be written by user 1001 (access control list)"},
	} {
		t.Run(name, func(t *testing.T) {
			place := Place{func(attribute string, room []byte) (int, error) {
				if c.err == nfs {
					if attribute != "system.nfs4_acl" {
						return 0, unix.ENOTSUP
					}
					return copy(room, c.value), nil
				}
				if len(c.value) > len(room) {
					return 0, unix.ERANGE
				}
				return copy(room, c.value), c.err
			}}
			if got := reason(Of(os.Getuid()).Writers(place, info)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
