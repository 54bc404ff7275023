package paths

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestDiscover(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		name                  string
		env                   map[string]string
		data, config, runtime string
	}{
		{
			"the usual",
			map[string]string{"HOME": dir, "XDG_RUNTIME_DIR": dir},
			dir + "/.local/share/locald", dir + "/.config/locald", dir,
		},
		{
			"told where",
			map[string]string{"HOME": dir, "XDG_DATA_HOME": "/d", "XDG_CONFIG_HOME": "/c"},
			"/d/locald", "/c/locald", "/tmp/locald-",
		},
		{ // a relative path would mean another place in each directory
			"told nonsense",
			map[string]string{"HOME": dir, "XDG_DATA_HOME": "d", "XDG_RUNTIME_DIR": "r"},
			dir + "/.local/share/locald", dir + "/.config/locald", "/tmp/locald-",
		},
		{
			"the runtime directory is gone",
			map[string]string{"HOME": dir, "XDG_RUNTIME_DIR": dir + "/no"},
			dir + "/.local/share/locald", dir + "/.config/locald", "/tmp/locald-",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, name := range []string{
				"HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR",
			} {
				t.Setenv(name, tt.env[name])
			}
			p, err := Discover()
			if err != nil || p.Data != tt.data || p.ConfigDir != tt.config {
				t.Errorf("paths %+v, %v", p, err)
			}
			if !strings.HasPrefix(p.RuntimeDir, tt.runtime) {
				t.Errorf("runtime directory %s, want %s", p.RuntimeDir, tt.runtime)
			}
		})
	}
}

// What is refused is said with a remedy; what is not set is not refused.
func TestRuntimeDirectoryRefused(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		set  string
		mode os.FileMode
		want string // "" where it is used; @ is the directory
	}{
		"ours":           {dir, 0o700, ""},
		"a link to ours": {dir + "/link", 0o700, ""},
		"not set":        {"", 0o700, ""},
		"others may write": {
			dir, 0o777, "cannot use @: others can write to it (mode 0777); run: chmod go-w '@'",
		},
		"its group may": {
			dir, 0o770, "cannot use @: others can write to it (mode 0770); run: chmod go-w '@'",
		},
		"and by a link": {
			dir + "/link", 0o777,
			"cannot use @: others can write to it (mode 0777); run: chmod go-w '@'",
		},
		"gone": {
			dir + "/no", 0o700,
			"cannot use @/no: no such file or directory; log in again to have it back",
		},
		"relative": {
			"run", 0o700, `cannot use "run": it is not an absolute path; ` +
				"set XDG_RUNTIME_DIR to a directory of yours",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("XDG_RUNTIME_DIR", c.set)
			if err := os.Symlink(dir, dir+"/link"); err != nil {
				t.Fatal(err)
			}
			defer os.Remove(dir + "/link")
			if err := os.Chmod(dir, c.mode); err != nil {
				t.Fatal(err)
			}
			p, err := Discover()
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if p.Refused != nil {
				got = p.Refused.Error()
			}
			if want := strings.ReplaceAll(c.want, "@", dir); got != want {
				t.Errorf("refused: %q, want %q", got, want)
			}
			if used := c.set != "" && c.want == ""; (p.RuntimeDir == c.set) != used {
				t.Errorf("%s is used", p.RuntimeDir)
			}
		})
	}
}

func TestMakeDataIsPrivate(t *testing.T) {
	p := Paths{Data: filepath.Join(t.TempDir(), "a", "locald")}
	if err := p.MakeData(); err != nil {
		t.Fatal(err)
	}
	for _, dir := range append(p.Written(), p.Logs()) {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v; want 0700", dir, info, err)
		}
	}
	if !slices.Contains(p.Written(), filepath.Dir(p.PIDFile())) {
		t.Error("the directory of the PID file is never cleaned")
	}
	if err := os.Chmod(p.Trust(), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := p.MakeData(); err == nil || !strings.Contains(err.Error(), "chmod go-w") {
		t.Errorf("a trust directory open to others: %v", err)
	}
}

func TestCheckPrivate(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{link, file, filepath.Join(dir, "absent")} {
		if err := CheckPrivate(path); err == nil {
			t.Errorf("%s passes", filepath.Base(path))
		}
	}
	if err := CheckPrivate(dir); err != nil {
		t.Errorf("a directory of our own: %v", err)
	}
}

func TestCheckSocket(t *testing.T) {
	fits := "/" + strings.Repeat("x", SocketLimit()-1)
	if err := CheckSocket(fits); err != nil {
		t.Errorf("as long as the system takes: %v", err)
	}
	err := CheckSocket(fits + "x")
	if err == nil || !strings.Contains(err.Error(), "XDG_RUNTIME_DIR") {
		t.Errorf("one byte more: %v", err)
	}
}
