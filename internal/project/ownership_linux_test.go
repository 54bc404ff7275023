package project

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
)

// somebodyWrites is a list by which somebody may write (linux/posix_acl_xattr.h).
const somebodyWrites = "\x02\x00\x00\x00" +
	"\x01\x00\x07\x00\xff\xff\xff\xff" + // its owner
	"\x02\x00\x07\x00\x32\xd4\x00\x00" +
	"\x04\x00\x05\x00\xff\xff\xff\xff" + // its group
	"\x10\x00\x07\x00\xff\xff\xff\xff" + // the mask
	"\x20\x00\x05\x00\xff\xff\xff\xff" // others

func letSomebody(t *testing.T, path, attribute string) {
	t.Helper()
	err := syscall.Setxattr(path, attribute, []byte(somebodyWrites), 0)
	if errors.Is(err, syscall.ENOTSUP) {
		t.Skip("this file system has no access control lists: set TMPDIR to one that has")
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestAccessControlLists(t *testing.T) {
	const access, inherited = "system.posix_acl_access", "system.posix_acl_default"
	const by = "written by user 54322 ("
	for name, c := range map[string]struct {
		at, attribute string
		read, trusted string // what Read, and CheckPrivate of the root, say; "" for nothing
	}{
		"none":               {"", "", "", ""},
		"a file":             {"/root/Procfile", access, "BASE/root/Procfile: it can be " + by, ""},
		"a file of settings": {"/root/.env", access, "BASE/root/.env: it can be " + by, ""},
		"the root": {
			"/root", access, "BASE/root: it can be " + by, "BASE/root: it can be " + by,
		},
		"above it": {"", access, "BASE: it can be " + by, "BASE: it can be " + by},
		// What is made later is looked at when it is there; where all is trusted, before that.
		"what the root hands on": {
			"/root", inherited, "", "BASE/root: it lets what is made in it be " + by,
		},
	} {
		t.Run(name, func(t *testing.T) {
			base := write(t, nil)
			mkdir(t, base+"/root")
			writeFile(t, base+"/root/Procfile", "web: a\n")
			writeFile(t, base+"/root/.env", "A=1\n")
			if c.attribute != "" {
				letSomebody(t, base+c.at, c.attribute)
			}
			_, err := Read(base+"/root", os.Getuid())
			wantUnsafe(t, err, strings.ReplaceAll(c.read, "BASE", base))
			err = CheckPrivate(base+"/root", os.Getuid())
			wantUnsafe(t, err, strings.ReplaceAll(c.trusted, "BASE", base))
		})
	}
}

func wantUnsafe(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" && err == nil {
		return
	}
	if !errors.Is(err, ErrUnsafe) || !strings.Contains(err.Error(), "cannot trust "+want) ||
		want == "" || !strings.HasPrefix(Remedy(err), "setfacl -") {
		t.Errorf("%v | %s, want %q", err, Remedy(err), want)
	}
}

// A file that says which directories are trusted is looked at with all that leads to it.
func TestCheckFile(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, base string)
		want  string
	}{
		"ours":           {func(*testing.T, string) {}, ""},
		"a link to ours": {putBehindLink, ""},
		"others write": {func(t *testing.T, base string) {
			chmod(t, base+"/file", 0o666)
		}, "/file: it can be"},
		"its directory too": {func(t *testing.T, base string) {
			chmod(t, base, 0o777)
		}, ": it can be"},
		"a link into a directory of others": {func(t *testing.T, base string) {
			putBehindLink(t, base)
			chmod(t, base+"/elsewhere", 0o777)
		}, "/elsewhere: it can be"},
		"a link on the way that others can turn": {func(t *testing.T, base string) {
			mkdir(t, base+"/real")
			mkdir(t, base+"/shared")
			if err := errors.Join(
				os.Rename(base+"/file", base+"/real/file"),
				os.Symlink(base+"/real", base+"/shared/link"),
				os.Symlink("shared/../shared/link/file", base+"/file"),
			); err != nil {
				t.Fatal(err)
			}
			chmod(t, base+"/shared", 0o777)
		}, "/shared: it can be"},
		"a list": {func(t *testing.T, base string) {
			letSomebody(t, base+"/file", "system.posix_acl_access")
		}, "/file: it can be written by user 54322 (access control list)"},
	} {
		t.Run(name, func(t *testing.T) {
			base := write(t, map[string]string{"file": "x"})
			c.spoil(t, base)
			err := CheckFile(base+"/file", os.Getuid())
			if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, ErrUnsafe) ||
				!strings.Contains(err.Error(), base+c.want)) {
				t.Errorf("CheckFile = %v, want %q", err, c.want)
			}
		})
	}
}

// putBehindLink makes the file a link to itself in another directory.
func putBehindLink(t *testing.T, base string) {
	t.Helper()
	mkdir(t, base+"/elsewhere")
	if err := errors.Join(
		os.Rename(base+"/file", base+"/elsewhere/file"),
		os.Symlink("elsewhere/file", base+"/file"),
	); err != nil {
		t.Fatal(err)
	}
}

func TestFollow(t *testing.T) {
	o := ownerOf(os.Getuid())
	base := write(t, map[string]string{"file": "x"})
	mkdir(t, base+"/mine")
	mkdir(t, base+"/shared")
	for link, target := range map[string]string{
		"/shared/mine": base + "/mine", "/mine/up": "../mine", "/loop": "loop", "/safe": "mine/up",
	} {
		if err := os.Symlink(target, base+link); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		"/mine": "", "/safe": "", "/shared/mine": "", "/mine/../safe/": "",
		"/loop": "too many levels", "/nowhere/x": "no such file",
	} {
		_, err := o.follow(base + path)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
	chmod(t, base+"/shared", 0o777)
	if err := CheckPrivate(base+"/shared/mine", os.Getuid()); !errors.Is(err, ErrUnsafe) {
		t.Errorf("a link that others can turn: %v", err)
	}
}
