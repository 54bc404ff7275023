package project

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestReadWhatIsThere(t *testing.T) {
	tests := []struct {
		name     string
		files    map[string]string
		procfile string
		text     string
	}{
		{"Procfile", map[string]string{"Procfile": "web: a\n"}, "Procfile", "web: a\n"},
		{"Procfile.dev", map[string]string{"Procfile.dev": "web: b\n"}, "Procfile.dev", "web: b\n"},
		{"Procfile.dev wins", map[string]string{"Procfile": "web: a\n", "Procfile.dev": "web: b\n"}, "Procfile.dev", "web: b\n"},
		{"with the rest", map[string]string{"Procfile": "web: a\n", ".env": "A=1\n", ".env.local": "B=2\n", "locald.toml": ""}, "Procfile", "web: a\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root := write(t, test.files)
			files := read(t, root)
			if got := string(files.procfile().text); got != test.text {
				t.Errorf("the Procfile is %q, want %q", got, test.text)
			}
			spec, err := files.Parse()
			if err != nil {
				t.Fatal(err)
			}
			if spec.Procfile != test.procfile || spec.Root != root {
				t.Errorf("spec of %s in %s, want %s in %s", spec.Procfile, spec.Root, test.procfile, root)
			}
		})
	}
}

func TestReadThroughALinkIsTheSameProject(t *testing.T) {
	root := write(t, map[string]string{"Procfile": "web: a\n"})
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(root, link); err != nil {
		t.Fatal(err)
	}
	if read(t, root).Digest() != read(t, link).Digest() {
		t.Error("two spellings of one directory have two digests")
	}
}

func TestReadWithoutProcfile(t *testing.T) {
	root := write(t, map[string]string{".env": "A=1\n"})
	_, err := Read(root, os.Getuid())
	if !errors.Is(err, ErrNoProcfile) || errors.Is(err, ErrUnsafe) {
		t.Fatalf("Read = %v, want ErrNoProcfile", err)
	}
	if want := "cannot find a project in " + root + ": no Procfile: create one"; !strings.HasPrefix(err.Error(), want) {
		t.Errorf("Read = %v, want %s...", err, want)
	}
}

// chown skips where the test does not run as root.
func chown(t *testing.T, path string, uid, gid int) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root to give files away: run the tests in a container as root")
	}
	if err := os.Lchown(path, uid, gid); err != nil {
		t.Fatal(err)
	}
}

const (
	stranger = 54321 // no such user
	somebody = 54322
)

func TestReadRefusesWhatOthersCouldHaveWritten(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(t *testing.T, base, path string) // path is base/root/FILE
		want  string                                // with BASE and FILE for the paths
	}{
		{
			"file writable by others",
			func(t *testing.T, _, path string) { chmod(t, path, 0o646) },
			"cannot trust FILE: it can be written by others (mode 0646) | chmod go-w FILE",
		},
		{
			"root writable by others",
			func(t *testing.T, base, _ string) { chmod(t, base+"/root", 0o757) },
			"cannot trust BASE/root: it can be written by others (mode 0757) | chmod go-w BASE/root",
		},
		{
			"ancestor writable by others",
			func(t *testing.T, base, _ string) { chmod(t, base, 0o777) },
			"cannot trust BASE: it can be written by others (mode 0777) | chmod go-w BASE",
		},
		{
			"file of a stranger",
			func(t *testing.T, _, path string) { chown(t, path, stranger, -1) },
			"cannot trust FILE: it belongs to user 54321, neither to you (0) nor to root | sudo chown 0 FILE",
		},
		{
			"root of a stranger",
			func(t *testing.T, base, _ string) { chown(t, base+"/root", stranger, -1) },
			"cannot trust BASE/root: it belongs to user 54321, neither to you (0) nor to root | sudo chown 0 BASE/root",
		},
		{
			"ancestor of a stranger, sticky or not",
			func(t *testing.T, base, _ string) {
				chown(t, base, stranger, -1)
				chmod(t, base, 0o777|os.ModeSticky)
			},
			"cannot trust BASE: it belongs to user 54321, neither to you (0) nor to root | sudo chown 0 BASE",
		},
		{
			"file writable by a group",
			func(t *testing.T, _, path string) { chown(t, path, -1, stranger); chmod(t, path, 0o664) },
			"cannot trust FILE: it can be written by its group (54321) (mode 0664) | chmod g-w FILE",
		},
		{
			"link",
			func(t *testing.T, base, path string) {
				writeFile(t, base+"/elsewhere", "web: a\n")
				remove(t, path)
				if err := os.Symlink(base+"/elsewhere", path); err != nil {
					t.Fatal(err)
				}
			},
			"cannot trust FILE: it is a symbolic link, not a file | cp FILE FILE.new && mv FILE.new FILE",
		},
		{
			"link to nothing",
			func(t *testing.T, _, path string) {
				remove(t, path)
				if err := os.Symlink("gone", path); err != nil {
					t.Fatal(err)
				}
			},
			"cannot trust FILE: it is a symbolic link, not a file | rm FILE",
		},
		{
			"directory",
			func(t *testing.T, _, path string) { remove(t, path); mkdir(t, path) },
			"cannot trust FILE: it is a directory, not a file | mv FILE FILE.old",
		},
		{
			"named pipe",
			func(t *testing.T, _, path string) {
				remove(t, path)
				if err := syscall.Mkfifo(path, 0o644); err != nil {
					t.Fatal(err)
				}
			},
			"cannot trust FILE: it is a named pipe, not a file | mv FILE FILE.old",
		},
		{
			"socket",
			func(t *testing.T, _, path string) { remove(t, path); listen(t, path) },
			"cannot trust FILE: it is a socket, not a file | mv FILE FILE.old",
		},
	}
	for _, test := range tests {
		for _, name := range []string{"Procfile.dev", "Procfile", ".env", ".env.local", "locald.toml"} {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				base := write(t, nil)
				mkdir(t, base+"/root")
				path := filepath.Join(base, "root", name)
				writeFile(t, base+"/root/Procfile", "web: a\n")
				writeFile(t, path, "web: a\n")
				test.spoil(t, base, path)
				_, err := Read(base+"/root", os.Getuid())
				if !errors.Is(err, ErrUnsafe) {
					t.Fatalf("Read = %v, want ErrUnsafe", err)
				}
				if want := strings.NewReplacer("BASE", base, "FILE", path).Replace(test.want); err.Error()+" | "+Remedy(err) != want {
					t.Errorf("Read =\n%v | %s, want\n%s", err, Remedy(err), want)
				}
			})
		}
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// listen makes a socket from within its directory: a full path may be longer than a socket's may.
func listen(t *testing.T, path string) {
	t.Helper()
	t.Chdir(filepath.Dir(path))
	l, err := net.Listen("unix", filepath.Base(path))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
}

func TestReadAcceptsWhatOnlyTheUserAndRootCanWrite(t *testing.T) {
	tests := []struct {
		name  string
		allow func(t *testing.T, base, path string)
		uid   int
	}{
		{"private", func(t *testing.T, _, path string) { chmod(t, path, 0o600) }, os.Getuid()},
		{"readable by all", func(t *testing.T, _, path string) { chmod(t, path, 0o444) }, os.Getuid()},
		{"sticky ancestor", func(t *testing.T, base, _ string) { chmod(t, base, 0o777|os.ModeSticky) }, os.Getuid()},
		{"own private group", func(t *testing.T, base, path string) {
			gid := privateGroup(t)
			for _, p := range []string{base, base + "/root", path} {
				if err := os.Chown(p, -1, gid); err != nil {
					t.Fatal(err)
				}
			}
			chmod(t, path, 0o664)
			chmod(t, base+"/root", 0o775)
			chmod(t, base, 0o775)
		}, os.Getuid()},
		{"root's files for a user", func(t *testing.T, _, path string) { chown(t, path, 0, 0) }, stranger},
		{"a user's files for that user", func(t *testing.T, base, path string) {
			for _, p := range []string{base, base + "/root", path} {
				chown(t, p, stranger, somebody)
			}
		}, stranger},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			base := write(t, nil)
			mkdir(t, base+"/root")
			path := base + "/root/Procfile"
			writeFile(t, path, "web: a\n")
			test.allow(t, base, path)
			if _, err := Read(base+"/root", test.uid); err != nil {
				t.Errorf("Read = %v", err)
			}
		})
	}
}

func privateGroup(t *testing.T) int {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	group, err := user.LookupGroupId(me.Gid)
	if err != nil || group.Name != me.Username {
		t.Skip("this user has no private group: run the tests as one that has")
	}
	gid, err := strconv.Atoi(me.Gid)
	if err != nil {
		t.Fatal(err)
	}
	return gid
}

// What is over the limit of its file is an error that names the file, the limit and what to do.
func TestReadSize(t *testing.T) {
	for name, c := range map[string]struct {
		most int
		said string
	}{
		"Procfile":     {100 << 10, "100 KiB"},
		"Procfile.dev": {100 << 10, "100 KiB"},
		"locald.toml":  {100 << 10, "100 KiB"},
		".env":         {100 << 10, "100 KiB"},
	} {
		t.Run(name, func(t *testing.T) {
			line := "web: a\n"
			fits := line + strings.Repeat("#", c.most-len(line))
			root := write(t, map[string]string{"Procfile": line, name: fits})
			read(t, root)
			writeFile(t, root+"/"+name, fits+"#")
			_, err := Read(root, os.Getuid())
			want := "cannot read " + root + "/" + name + ": it is larger than " + c.said +
				": keep commands and settings in it and move the rest elsewhere, such as into scripts"
			if err == nil || err.Error() != want || errors.Is(err, ErrUnsafe) {
				t.Errorf("Read = %v, want %s", err, want)
			}
		})
	}
}

// edited is a file that somebody writes to while it is read.
type edited struct {
	*os.File
	edit func()
}

func (e edited) Read(p []byte) (int, error) {
	n, err := e.File.Read(p)
	e.edit()
	return n, err
}

func TestReadStableRefusesAnEditHalfWay(t *testing.T) {
	tests := map[string]func(t *testing.T, path string){
		"longer":  func(t *testing.T, path string) { writeFile(t, path, "web: aa\n") },
		"shorter": func(t *testing.T, path string) { writeFile(t, path, "web\n") },
		"touched": func(t *testing.T, path string) {
			if err := os.Chtimes(path, time.Time{}, time.Unix(1, 0)); err != nil {
				t.Fatal(err)
			}
		},
		"untouched": func(*testing.T, string) {},
	}
	for name, edit := range tests {
		t.Run(name, func(t *testing.T) {
			path := write(t, map[string]string{"Procfile": "web: a\n"}) + "/Procfile"
			file, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			before, err := file.Stat()
			if err != nil {
				t.Fatal(err)
			}
			text, err := readStable(edited{file, func() { edit(t, path) }}, before, maxFileSize)
			if name == "untouched" {
				if string(text) != "web: a\n" || err != nil {
					t.Errorf("readStable = %q, %v", text, err)
				}
				return
			}
			if err == nil || err.Error() != "it was being written: try again" {
				t.Errorf("readStable = %q, %v; want an error", text, err)
			}
		})
	}
}

func TestProblemOfAFileThatCannotBeOpened(t *testing.T) {
	err := problemAt("read", "/src/my shop/Procfile", &fs.PathError{Op: "open", Path: "/src/my shop/Procfile", Err: syscall.EACCES})
	want := "cannot read /src/my shop/Procfile: permission denied: look at ls -ld '/src/my shop/Procfile'"
	if err.Error() != want || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("problemAt = %v, want %s", err, want)
	}
}

func TestMessagesOfOddPathsAreSafeToPrint(t *testing.T) {
	base := write(t, nil)
	root := base + "/a\x1b[31m\n$(touch X)'"
	mkdir(t, root)
	writeFile(t, root+"/Procfile", "web: a\n")
	chmod(t, root+"/Procfile", 0o666)
	_, err := Read(root, os.Getuid())
	if !errors.Is(err, ErrUnsafe) {
		t.Fatalf("Read = %v, want ErrUnsafe", err)
	}
	if strings.ContainsAny(err.Error(), "\x1b\n") {
		t.Errorf("%q holds control bytes", err)
	}
	if want := `chmod go-w $'` + base + `/a\x1b[31m\x0a$(touch X)\x27/Procfile'`; Remedy(err) != want {
		t.Errorf("the remedy is %q, want %q", Remedy(err), want)
	}
}
