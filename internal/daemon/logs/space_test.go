package logs

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// tree lists the files below dir.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			name, _ := filepath.Rel(dir, path)
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestTrimRemovesTheOldest(t *testing.T) {
	type file struct {
		name   string
		size   int
		minute int // when it was written
	}
	tests := map[string]struct {
		files []file
		limit int64
		want  []string
	}{
		"within the limit": {
			[]file{{"shop/web.000001.log", 10, 1}, {"shop/web.log", 10, 2}},
			20,
			[]string{"shop/web.000001.log", "shop/web.log"},
		},
		"oldest of all projects": {
			[]file{{"blog/web.000004.log", 10, 2}, {"blog/web.log", 10, 9}, {"shop/web.000001.log", 10, 1}, {"shop/web.000002.log", 10, 3}, {"shop/web.log", 10, 4}},
			30,
			[]string{"blog/web.log", "shop/web.000002.log", "shop/web.log"},
		},
		"newest kept": {
			[]file{{"blog/web.log", 10, 1}, {"shop/db.log", 10, 2}, {"shop/web.000001.log", 10, 3}, {"shop/web.log", 10, 4}},
			1,
			[]string{"blog/web.log", "shop/db.log", "shop/web.log"},
		},
		"an empty one is not the newest": {
			[]file{{"shop/web.000001.log", 10, 1}, {"shop/web.000002.log", 10, 2}, {"shop/web.log", 0, 3}},
			1,
			[]string{"shop/web.000002.log", "shop/web.log"},
		},
		"the clock went back": {
			[]file{{"blog/web.000001.log", 10, 5}, {"blog/web.log", 10, 6}, {"shop/web.000001.log", 10, 9}, {"shop/web.000002.log", 10, 1}, {"shop/web.log", 10, 2}},
			31,
			[]string{"blog/web.000001.log", "blog/web.log", "shop/web.log"},
		},
		"strangers are left alone": {
			[]file{{"shop/notes.txt", 100, 1}, {"shop/web.000001.log", 10, 2}, {"shop/web.log", 10, 3}},
			20,
			[]string{"shop/notes.txt", "shop/web.000001.log", "shop/web.log"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, f := range test.files {
				path := filepath.Join(dir, f.name)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(strings.Repeat("x", f.size)), 0o600); err != nil {
					t.Fatal(err)
				}
				written := time.UnixMilli(epoch).Add(time.Duration(f.minute) * time.Minute)
				if err := os.Chtimes(path, written, written); err != nil {
					t.Fatal(err)
				}
			}
			space{dir: dir, limit: test.limit}.trim()
			if diff := gocmp.Diff(test.want, tree(t, dir)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestProjectsTogetherAreHeldToTheLimit(t *testing.T) {
	dir := t.TempDir()
	limits := Limits{SegmentBytes: 100, Segments: 100, TotalBytes: 1000}
	for _, name := range []string{"blog", "shop"} {
		p := OpenProject(filepath.Join(dir, name), limits)
		defer p.Close()
		for i := range 50 {
			if err := put(p.Service("web"), epoch, 1, Output, whole, fmt.Sprintf("line %04d", i)); err != nil {
				t.Fatal(err)
			}
		}
		got := texts(t, p)
		if got[len(got)-1] != "line 0049" {
			t.Errorf("%s: the newest line is %q", name, got[len(got)-1])
		}
	}
	var total int64
	for _, name := range tree(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	// What is being written was begun after the last look.
	if total < 800 || total > limits.TotalBytes+limits.SegmentBytes {
		t.Errorf("the logs take %d bytes", total)
	}
}

func TestRemove(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	p := OpenProject(dir, DefaultLimits())
	l := p.Service("web")
	script(t, l, "1 o= a")
	named := follow(t, p, Query{From: []Part{{Services: []string{"web"}}}, Tail: -1})
	named.expect("stdout:a")
	all := follow(t, p, Query{Tail: -1})
	all.expect("stdout:a")
	if err := p.Remove(); err != nil {
		t.Fatal(err)
	}
	for _, f := range []*follower{named, all} {
		err := <-f.ended
		f.ended <- err
	}
	if err := put(l, epoch, 1, Output, whole, "late"); err == nil {
		t.Error("a line was written after the end")
	}
	if err := put(p.Service("new"), epoch, 1, Output, whole, "late"); err == nil {
		t.Error("a line of a new service was written after the end")
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the directory is there again: %v", err)
	}
}

func TestMatchLeavesColoursOut(t *testing.T) {
	p := OpenProject(t.TempDir(), DefaultLimits())
	defer p.Close()
	script(t, p.Service("web"), "1 o= \x1b[32mlist\x1b[0mening on 80", "1 o= \x1b[32", "1 o( list\x1b[1men")
	got, err := readAll(p, Query{Tail: -1, Match: regexp.MustCompile("^listen|2$")})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"stdout:\x1b[32mlist\x1b[0mening on 80", "stdout:\x1b[32", "stdout:list\x1b[1men…"}
	if diff := gocmp.Diff(want, brief(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
