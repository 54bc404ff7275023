package writers

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

const (
	passwd = "root:x:0:0:root:/root:/bin/sh\n# a remark\n\n" +
		"ann:x:1000:1000:Ann:/home/ann:/bin/sh\n" +
		"bob:x:1001:1001:Bob:/home/bob:/bin/sh\n" +
		"too:x:1000:1000:the same user:/home/ann:/bin/sh\n"
	groups = "root:x:0:\nann:x:1000:\nbob:x:1001:\nwork:x:2000:ann\n"
)

// What is known of a group that may write, for ann.
func TestPrivateGroup(t *testing.T) {
	for name, c := range map[string]struct {
		passwd, group, nsswitch string // "" for the plain ones, and for none
		more, text              string // a file that there is too, and what is in it
		gid                     int
		want                    string
	}{
		"hers alone":               {gid: 1000, want: "true"},
		"another's":                {gid: 1001, want: "false"},
		"of nobody yet":            {gid: 4711, want: "false"},
		"hers, but not her own":    {gid: 2000, want: "false"},
		"called otherwise":         {group: "team:x:1000:\n", gid: 1000, want: "false"},
		"with herself as a member": {group: "ann:x:1000:ann,too\n", gid: 1000, want: "true"},
		"with a password": {
			group: "ann:$6$x$y:1000:\n", gid: 1000,
			want: "false, which whoever knows its password is in too",
		},
		"with a password that opens nothing": {group: "ann:!:1000:\n", gid: 1000, want: "true"},
		"with a second member": {
			group: "ann:x:1000:ann,bob\n", gid: 1000, want: "false, which bob is in too",
		},
		"with a member who has no account": {
			group: "ann:x:1000:eve\n", gid: 1000, want: "false, which eve is in too",
		},
		"with a second line": {
			group: "ann:x:1000:\nother:x:1000:bob\n", gid: 1000,
			want: "false, which bob is in too",
		},
		"the primary one of somebody else": {
			passwd: passwd + "eve:x:1002:1000::/:/bin/sh\n", gid: 1000,
			want: "false, which eve is in too",
		},
		"all in files": {
			nsswitch: "passwd: files\ngroup: files # ldap\n", gid: 1000, want: "true",
		},
		"as Debian has it": {
			nsswitch: "passwd:\tfiles systemd\ngroup:\tfiles systemd\n", gid: 1000, want: "true",
		},
		"as Debian had it": {nsswitch: "passwd: compat\ngroup: compat\n", gid: 1000, want: "true"},
		"in a second place": {
			nsswitch: "group: files altfiles\n", gid: 1000, more: "usr/lib/group",
			text: "wheel:x:10:\nann:x:1000:bob\n", want: "false, which bob is in too",
		},
		"hosts are no user": {nsswitch: "hosts: files dns\n", gid: 1000, want: "true"},
		"on a network": {
			nsswitch: "passwd: files\ngroup: files [SUCCESS=merge] sss\n", gid: 1000,
			want: "false, whose members cannot be known: " +
				`/etc/nsswitch.conf takes them from "sss" too`,
		},
		"users on a network": {
			nsswitch: "passwd: ldap [NOTFOUND=return] files\n", gid: 1000,
			want: "false, whose members cannot be known: " +
				`/etc/nsswitch.conf takes them from "ldap" too`,
		},
		"NIS": {
			passwd: passwd + "+::::::\n", gid: 1000,
			want: "false, whose members cannot be known: " +
				"/etc/passwd names others that are kept elsewhere",
		},
		"systemd's records": {
			nsswitch: "group: files systemd\n", gid: 1000, more: "etc/userdb/bob:ann.membership",
			want: "false, whose members cannot be known: /etc/userdb may name more",
		},
		"a line that nobody can read": {
			group: "ann:x:1000:\nann\n", gid: 1000,
			want: "false, whose members cannot be known: /etc/group: a line of it cannot be read",
		},
		"a number that is none": {
			passwd: "ann:x:many:1000:::\n", gid: 1000,
			want: "false, whose members cannot be known: /etc/passwd: a line of it cannot be read",
		},
	} {
		t.Run(name, func(t *testing.T) {
			system := fstest.MapFS{}
			put := func(name, text, otherwise string) {
				if text == "" {
					text = otherwise
				}
				if text != "" {
					system[name] = &fstest.MapFile{Data: []byte(text)}
				}
			}
			put("etc/passwd", c.passwd, passwd)
			put("etc/group", c.group, groups)
			put("etc/nsswitch.conf", c.nsswitch, "")
			if c.more != "" {
				put(c.more, c.text, "{}")
			}
			ann := User{UID: 1000, accounts: func() (accounts, error) {
				return readAccounts(system)
			}}
			alone, why := ann.aloneIn(c.gid)
			if got := fmt.Sprintf("%v%s", alone, why); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestWithoutAGroupFileNobodyIsAlone(t *testing.T) {
	system := fstest.MapFS{"etc/passwd": &fstest.MapFile{Data: []byte(passwd)}}
	ann := User{UID: 1000, accounts: func() (accounts, error) { return readAccounts(system) }}
	if alone, why := ann.aloneIn(1000); alone || !strings.Contains(why, "cannot be known") {
		t.Errorf("alone %v%s", alone, why)
	}
}

// What nobody but its owner may write to costs no look at the accounts.
func TestAccountsAreReadOnlyForAGroupThatWrites(t *testing.T) {
	path := t.TempDir() + "/file"
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	asked := 0
	u := User{UID: os.Getuid(), accounts: func() (accounts, error) {
		asked++
		return accounts{}, nil
	}}
	for _, c := range []struct {
		mode os.FileMode
		want int
	}{{0o600, 0}, {0o755, 0}, {0o660, 1}} {
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		u.Writers(At(path), info)
		if asked != c.want {
			t.Errorf("mode %04o: the accounts were read %d times, want %d", c.mode, asked, c.want)
		}
	}
}
