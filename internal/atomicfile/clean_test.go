package atomicfile

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// unfinished leaves behind in dir what a crash in the middle of Write does, and returns its name.
func unfinished(t *testing.T, dir, name string) string {
	t.Helper()
	f, err := os.CreateTemp(dir, temporary(name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("half a rec"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	return filepath.Base(f.Name())
}

func names(t *testing.T, dir string) (out []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestCleanRemovesWhatACrashLeft(t *testing.T) {
	dir := t.TempDir()
	if err := Write(filepath.Join(dir, "shop.json"), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"shop.json", "shop.json", "daemon.pid", "a~b", ".hidden"} {
		unfinished(t, dir, name)
	}
	theirs := []string{".bashrc~", ".notes.txt~", ".x.12", "x.12~", ".12~", ".x.~"}
	for _, name := range theirs {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, ".dir.1~"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("shop.json", filepath.Join(dir, ".link.1~")); err != nil {
		t.Fatal(err)
	}
	if err := Clean(dir); err != nil {
		t.Fatal(err)
	}
	want := []string{
		".12~", ".bashrc~", ".dir.1~", ".link.1~", ".notes.txt~", ".x.12", ".x.~",
		"shop.json", "x.12~",
	}
	if diff := cmp.Diff(want, names(t, dir)); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
}

func TestCleanOfNothing(t *testing.T) {
	dir := t.TempDir()
	if err := Clean(filepath.Join(dir, "absent")); err != nil {
		t.Errorf("a directory that does not exist: %v", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Clean(file); err == nil {
		t.Error("a file instead of a directory must be an error")
	}
}

// Every name that Write gives must be one that Clean knows, whatever the file is called.
func FuzzUnfinished(f *testing.F) {
	f.Add("shop-1234.json")
	f.Add("daemon.pid")
	f.Add("~")
	f.Fuzz(func(t *testing.T, name string) {
		if name == "" || name == "." || name == ".." || filepath.Base(name) != name {
			t.Skip()
		}
		f, err := os.CreateTemp(t.TempDir(), temporary(name))
		if err != nil {
			t.Skip(err) // a name that the system does not take
		}
		f.Close()
		if !Unfinished(filepath.Base(f.Name())) {
			t.Errorf("%q is not recognised", f.Name())
		}
	})
}
