package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/locald/locald/internal/testworld"
)

// bob is a user who is neither the test's nor the world's.
const bob = 54321

// twoUsers is a world of root, who is the user of locald here, and of bob, who can get to it.
func twoUsers(t *testing.T) *testworld.World {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root to be two users: run the tests in a container as root")
	}
	w := newWorld(t)
	if err := os.Chmod(w.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return w
}

// bobWrites is a list by which bob may write (linux/posix_acl_xattr.h). In the mode it shows as bits
// that look like the group's.
const bobWrites = "\x02\x00\x00\x00" +
	"\x01\x00\x07\x00\xff\xff\xff\xff" + // its owner
	"\x02\x00\x07\x00\x31\xd4\x00\x00" +
	"\x04\x00\x05\x00\xff\xff\xff\xff" + // its group
	"\x10\x00\x07\x00\xff\xff\xff\xff" + // the mask
	"\x20\x00\x05\x00\xff\xff\xff\xff" // others

func letBob(t *testing.T, path, attribute string) {
	t.Helper()
	err := syscall.Setxattr(path, attribute, []byte(bobWrites), 0)
	if errors.Is(err, syscall.ENOTSUP) {
		t.Skip("this file system has no access control lists: set TMPDIR to one that has")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// asBob runs a line of a shell as bob, who must be able to.
func asBob(t *testing.T, dir, line string) {
	t.Helper()
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: bob, Gid: bob}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("bob cannot: %v\n%s", err, out)
	}
}

// refused wants nothing of a project to start, and the reason to be said.
func refused(w *testworld.World, dir, why string) {
	w.Helper()
	wants(w, 6, dir, why, "up")
	wants(w, 6, dir, why, "allow", "--yes")
	if _, err := os.Stat(filepath.Join(dir, "stolen")); err == nil {
		w.Errorf("what another user wrote has run")
	}
}

// Another user who may write by an access control list is seen, wherever the list is: also below a
// directory all of whose projects are trusted.
func TestAnotherUserMayWriteByAList(t *testing.T) {
	t.Parallel()
	const access = "system.posix_acl_access"
	for name, c := range map[string]struct {
		at, line string // where bob may write, and what he does, in the project's directory
	}{
		"the file":           {"Procfile", "echo 'web: touch stolen' >Procfile"},
		"its directory":      {".", "echo 'web: touch stolen' >new; mv -f new Procfile"},
		"a directory above":  {"..", "cp -R . ../new; mv ../shop ../old; mv ../new ../shop"},
		"a file that is new": {".", "echo A=1 >.env"},
	} {
		t.Run(name, func(t *testing.T) {
			w := twoUsers(t)
			shop := w.Project("mine/shop", "Procfile", "job: exec service block\n")
			w.Write(filepath.Join(w.Home, ".config/locald/config.toml"),
				"[trust]\nprefixes = [\"~/mine\"]\n")
			w.Output(shop, "locald", "up")
			w.Output(shop, "locald", "down")
			letBob(t, filepath.Join(shop, c.at), access)
			asBob(t, shop, c.line)
			refused(w, shop, "can be written by user 54321 (access control list)")
			wants(w, 0, shop, "(access control list); run: setfacl -b ", "up", "--all")
		})
	}
}

// What a trusted directory hands on to all that is made in it, or who could write the list of the
// trusted directories, is looked at too.
func TestTrustedDirectoriesOfOthers(t *testing.T) {
	t.Parallel()
	const trusted = "[trust]\nprefixes = [\"~/mine\"]\n"
	for name, c := range map[string]struct {
		at, attribute, why string
	}{
		"a default list": {
			"mine", "system.posix_acl_default",
			"trust.prefixes: ~/mine is ignored: cannot trust HOME/mine: it lets what is made in " +
				"it be written by user 54321 (default access control list)",
		},
		"the configuration": {
			".config/locald/config.toml", "system.posix_acl_access",
			"trust.prefixes of ~/.config/locald/config.toml is ignored: cannot trust " +
				"HOME/.config/locald/config.toml: it can be written by user 54321",
		},
		"its directory": {
			".config/locald", "system.posix_acl_access",
			"trust.prefixes of ~/.config/locald/config.toml is ignored: cannot trust " +
				"HOME/.config/locald: it can be written by user 54321",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := twoUsers(t)
			shop := w.Project("mine/shop", "Procfile", "job: exec service block\n")
			other := w.Project("other", "Procfile", "job: exec service block\n")
			w.Write(filepath.Join(w.Home, ".config/locald/config.toml"), trusted)
			letBob(t, filepath.Join(w.Home, c.at), c.attribute)
			why := strings.ReplaceAll(c.why, "HOME", w.Home)
			wants(w, 0, other, why, "up")
			wants(w, 0, shop, "not allowed yet", "status")
			wants(w, 0, shop, why, "doctor")
		})
	}
}

// The user's private group is private only while nobody else is in it.
func TestASecondMemberOfThePrivateGroup(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, line, why string
	}{
		"alone": {"/etc/group", "root:x:0:\n", ""},
		"another member": {
			"/etc/group", "root:x:0:bob\n", "can be written by its group (0), which bob is in too",
		},
		"the primary group of another": {
			"/etc/passwd", "root:x:0:0::/root:/bin/sh\neve:x:7:0::/:/bin/sh\n",
			"can be written by its group (0), which eve is in too",
		},
		"on a network": {
			"/etc/nsswitch.conf", "group: files ldap\n",
			"can be written by its group (0), whose members cannot be known: " +
				`/etc/nsswitch.conf takes them from "ldap" too`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := twoUsers(t)
			shop := w.Project("shop", "Procfile", "job: exec service block\n")
			procfile := filepath.Join(shop, "Procfile")
			if err := errors.Join(
				os.Chmod(procfile, 0o664), os.Chown(procfile, 0, 0),
			); err != nil {
				t.Fatal(err)
			}
			// The daemon sees the file of the test in place of the system's.
			database := filepath.Join(w.Dir, "database")
			w.Write(database, c.line)
			mounted := `mount --bind "$1" "$2" && shift 2 && exec "$@"`
			if r := w.Run(shop, nil, "unshare", "-m", "sh", "-c", mounted, "sh", database, c.file,
				"true"); r.Code != 0 {
				t.Skip("needs a mount namespace of its own: " + r.Err)
			}
			w.Output(shop, "unshare", "-m", "sh", "-c", mounted, "sh", database, c.file,
				w.Program("locald"), "daemon", "start")
			if c.why == "" {
				wants(w, 0, shop, "job  ready", "up")
				return
			}
			refused(w, shop, c.why)
		})
	}
}

// A runtime directory in which somebody else can put a socket beside ours is not used: that is said
// in the daemon's log and by doctor, and every command finds the daemon all the same.
func TestARuntimeDirectoryOfOthers(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T, w *testworld.World){
		"open to all": func(t *testing.T, w *testworld.World) {
			if err := os.Chmod(w.Runtime, 0o777); err != nil {
				t.Fatal(err)
			}
		},
		"open to all, sticky": func(t *testing.T, w *testworld.World) {
			if err := os.Chmod(w.Runtime, 0o777|os.ModeSticky); err != nil {
				t.Fatal(err)
			}
		},
		"open to one by a list": func(t *testing.T, w *testworld.World) {
			letBob(t, w.Runtime, "system.posix_acl_access")
		},
		"of another user": func(t *testing.T, w *testworld.World) {
			if err := os.Chown(w.Runtime, bob, bob); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			if os.Geteuid() != 0 {
				t.Skip("needs root to be two users: run the tests in a container as root")
			}
			w := ordinaryWorld(t)
			open(t, w)
			shop := w.Project("shop", "Procfile", "job: exec service block\n")
			asBob(t, w.Runtime, "true") // who could make a socket there
			squat := filepath.Join(w.Runtime, "locald.sock")
			asBob(t, w.Runtime, "echo squatting >locald.sock")
			w.Output(shop, "locald", "up")
			wants(w, 0, shop, "socket       "+testworld.Fallback(w)+"/locald", "daemon", "status")
			wants(w, 0, shop, "warning  runtime-directory", "doctor")
			wants(w, 0, shop, "XDG_RUNTIME_DIR is not used: cannot use "+w.Runtime, "doctor")
			wants(w, 0, shop, "job  ready", "status")
			log, err := os.ReadFile(filepath.Join(w.Data(), "daemon.log"))
			if err != nil || !strings.Contains(string(log), "XDG_RUNTIME_DIR is not used") {
				t.Errorf("daemon.log: %v\n%s", err, log)
			}
			if text, err := os.ReadFile(squat); err != nil || string(text) != "squatting\n" {
				t.Errorf("somebody else's file is now %q, %v", text, err)
			}
			if err := os.Remove(squat); err != nil {
				t.Fatal(err)
			}
		})
	}
}
