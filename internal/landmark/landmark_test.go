package landmark

import (
	"path"
	"slices"
	"testing"
)

func TestIsShared(t *testing.T) {
	for dir, want := range map[string]bool{
		"/": true, "/tmp": true, "/tmp/": true, "/private/tmp": true, "/mnt": true, "/var/home": true,
		"/var": false, "/tmp/shop": false, "/mnt/data": false, "/mnt/data/shop": false, "tmp": false, "": false,
	} {
		if IsShared(dir) != want {
			t.Errorf("IsShared(%q) = %v", dir, !want)
		}
	}
}

// The hooks compare strings, so one that is spelled otherwise would never be met.
func TestSharedDirsAreClean(t *testing.T) {
	dirs := SharedDirs()
	for _, dir := range dirs {
		if !path.IsAbs(dir) || path.Clean(dir) != dir {
			t.Errorf("%q is not an absolute path in its shortest form", dir)
		}
	}
	slices.Sort(dirs)
	if n := len(slices.Compact(dirs)); n != len(shared) {
		t.Errorf("%d of %d are there twice", len(shared)-n, len(shared))
	}
}

// What a caller does to its list must not reach the next caller.
func TestListsAreCopies(t *testing.T) {
	Procfiles()[0], SharedDirs()[0] = "x", "x"
	if Procfiles()[0] != "Procfile.dev" || !IsShared("/") {
		t.Error("a caller could change the list")
	}
}
