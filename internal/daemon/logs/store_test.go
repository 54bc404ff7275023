package logs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func texts(t *testing.T, p *Project) []string {
	t.Helper()
	entries, err := readAll(p, Query{Tail: -1})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Text)
	}
	return got
}

func TestRecordsOnDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	p := OpenProject(dir, DefaultLimits())
	defer p.Close()
	script(t, p.Service("web"), "1 o= hello", "2 e( name? ", "3 d= ")
	want := "2027-01-15T08:00:00.000Z 1 o= hello\n" +
		"2027-01-15T08:00:00.001Z 2 e( name? \n" +
		"2027-01-15T08:00:00.002Z 3 d= \n"
	got, err := os.ReadFile(filepath.Join(dir, "web.log"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want, string(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for path, want := range map[string]fs.FileMode{dir: 0o700 | fs.ModeDir, filepath.Join(dir, "web.log"): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode(), want)
		}
	}
}

func TestRotation(t *testing.T) {
	dir := t.TempDir()
	p := OpenProject(dir, Limits{SegmentBytes: 100, Segments: 3})
	defer p.Close()
	for i := range 20 { // two records of 40 bytes fit into a segment
		if err := put(p.Service("web"), epoch, 1, Output, whole, fmt.Sprintf("line %04d", i)); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"web.000008.log", "web.000009.log", "web.log"}
	if diff := gocmp.Diff(want, files(t, dir)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	want = []string{"line 0014", "line 0015", "line 0016", "line 0017", "line 0018", "line 0019"}
	if diff := gocmp.Diff(want, texts(t, p)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestOneAppendFillsManySegments(t *testing.T) {
	dir := t.TempDir()
	p := OpenProject(dir, Limits{SegmentBytes: 1000, Segments: 1000})
	defer p.Close()
	l := p.Service("web")
	var want []string
	err := l.append(time.Now(), 1, Output, func(to recorder) {
		for i := range 5000 {
			want = append(want, fmt.Sprint(i))
			to.record(whole, []byte(want[i]))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files(t, dir) {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() > 1000 {
			t.Errorf("%s: %v bytes, %v", name, info.Size(), err)
		}
	}
	if !slices.Equal(want, texts(t, p)) {
		t.Error("lines differ")
	}
}

func TestOnlyNewestSegmentKept(t *testing.T) {
	dir := t.TempDir()
	p := OpenProject(dir, Limits{SegmentBytes: 1, Segments: 1})
	defer p.Close()
	script(t, p.Service("web"), "1 o= a", "1 o= b", "1 o= c")
	if diff := gocmp.Diff([]string{"web.log"}, files(t, dir)); diff != "" {
		t.Errorf("files: -want +got:\n%s", diff)
	}
	if diff := gocmp.Diff([]string{"c"}, texts(t, p)); diff != "" {
		t.Errorf("lines: -want +got:\n%s", diff)
	}
}

func TestReopen(t *testing.T) {
	const a, b, c = "2027-01-15T08:00:00.000Z 1 o= a\n", "2027-01-15T08:00:01.000Z 1 o= b\n", "2027-01-15T08:00:02.000Z 2 o= c\n"
	tests := map[string]struct {
		before map[string]string
		want   []string // what is read before and, without the last, after a new line is written
		files  map[string]string
	}{
		"whole": {
			map[string]string{"web.log": a + b},
			[]string{"a", "b", "new"},
			map[string]string{"web.log": a + b + "2027-01-15T08:00:01.000Z 3 o= new\n"},
		},
		"torn": {
			map[string]string{"web.log": a + b[:len(b)-1]},
			[]string{"a", "new"},
			map[string]string{"web.log": a + "2027-01-15T08:00:00.000Z 3 o= new\n"},
		},
		"nothing but torn": {
			map[string]string{"web.log": a[:10], "web.000004.log": a},
			[]string{"a", "new"},
			map[string]string{"web.000004.log": a, "web.log": "2027-01-15T08:00:00.000Z 3 o= new\n"},
		},
		"died while rotating": {
			map[string]string{"web.000004.log": a, "web.000007.log": b + c},
			[]string{"a", "b", "c", "new"},
			map[string]string{"web.000004.log": a, "web.000007.log": b + c, "web.log": "2027-01-15T08:00:02.000Z 3 o= new\n"},
		},
		"long torn": {
			map[string]string{"web.log": a + strings.Repeat("x", 2*blockSize)},
			[]string{"a", "new"},
			map[string]string{"web.log": a + "2027-01-15T08:00:00.000Z 3 o= new\n"},
		},
		"files of others": {
			map[string]string{"web.log": a, "web.1.log": b, "web.txt": b, "web.log.gz": b, ".log": b, "web.000000.log": b},
			[]string{"a", "new"},
			map[string]string{
				"web.log": a + "2027-01-15T08:00:00.000Z 3 o= new\n", "web.1.log": b, "web.txt": b, "web.log.gz": b, ".log": b,
				"web.000000.log": b,
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for name, content := range test.before {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			p := OpenProject(dir, DefaultLimits())
			defer p.Close()
			if diff := gocmp.Diff(test.want[:len(test.want)-1], texts(t, p)); diff != "" {
				t.Errorf("before: -want +got:\n%s", diff)
			}
			// The clock was set back: the stamps go on from the last one.
			if err := put(p.Service("web"), epoch-1000, 3, Output, whole, "new"); err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(test.want, texts(t, p)); diff != "" {
				t.Errorf("after: -want +got:\n%s", diff)
			}
			got := map[string]string{}
			for _, name := range files(t, dir) {
				content, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil {
					t.Fatal(err)
				}
				got[name] = string(content)
			}
			if diff := gocmp.Diff(test.files, got); diff != "" {
				t.Errorf("files: -want +got:\n%s", diff)
			}
		})
	}
}

func TestServiceNames(t *testing.T) {
	dir := t.TempDir()
	p := OpenProject(dir, Limits{SegmentBytes: 1, Segments: 3})
	defer p.Close()
	names := []string{"", "..", ".hidden", "../up", "a/b", "a.b", "a.000001", "p%41", "web", "zwölf"}
	for _, name := range names {
		script(t, p.Service(name), "1 o= first "+name, "1 o= second "+name)
	}
	got, err := p.Services()
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	// "" is what a segment's name without a service is called, so it cannot be listed.
	if diff := gocmp.Diff(names[1:], got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if up := files(t, filepath.Dir(dir)); len(up) != 1 {
		t.Errorf("written outside: %q", up)
	}
	for _, name := range names[1:] {
		got, err := readAll(OpenProject(dir, DefaultLimits()), Query{From: []Part{{Services: []string{name}}}, Tail: -1})
		if err != nil || len(got) != 2 || got[1].Text != "second "+name {
			t.Errorf("%q: %v, %v", name, got, err)
		}
	}
}

// trouble is why lines cannot be written at the moment.
func trouble(l *Log) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.loss.err
}

func TestLinksAndPipesAreRefused(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"link":      func(path string) error { return os.Symlink("/dev/null", path) },
		"pipe":      func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"directory": func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := make(filepath.Join(dir, "web.log")); err != nil {
				t.Fatal(err)
			}
			l := OpenProject(dir, DefaultLimits()).Service("web")
			if err := l.Note(1, "x"); err == nil || !strings.HasPrefix(err.Error(), "cannot ") {
				t.Errorf("error %v", err)
			}
			if trouble(l) == nil {
				t.Error("no trouble")
			}
		})
	}
}

func TestNote(t *testing.T) {
	p := OpenProject(t.TempDir(), DefaultLimits())
	l := p.Service("web")
	if err := l.Note(3, "exited with 1\nsecond \x1b[2Jline"); err != nil {
		t.Fatal(err)
	}
	got, err := readAll(p, Query{Tail: -1})
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff([]string{"locald:exited with 1", "locald:second line"}, brief(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Note(3, "late"); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

// smallDisk is where segments are written that may hold only so many bytes between them.
type smallDisk struct {
	mu   sync.Mutex
	free int
}

type smallFile struct {
	segmentFile
	disk *smallDisk
}

func (d *smallDisk) open(path string) (segmentFile, error) {
	f, err := openForAppend(path)
	if err != nil {
		return nil, err
	}
	return &smallFile{f, d}, nil
}

func (d *smallDisk) give(bytes int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.free = bytes
}

func (f *smallFile) Write(p []byte) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	n := min(len(p), f.disk.free)
	f.disk.free -= n
	written, err := f.segmentFile.Write(p[:n])
	if err == nil && n < len(p) {
		err = &fs.PathError{Op: "write", Path: "somewhere", Err: syscall.ENOSPC}
	}
	return written, err
}

func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	p := OpenProject(dir, DefaultLimits())
	defer p.Close()
	l := p.Service("web")
	record := len("2027-01-15T08:00:00.000Z 1 o= a\n")
	disk := &smallDisk{free: 2*record + record/2}
	l.store.open = disk.open

	err := l.append(time.UnixMilli(epoch), 1, Output, func(to recorder) {
		for _, text := range []string{"a", "b", "c", "d"} {
			to.record(whole, []byte(text))
		}
	})
	if !errors.Is(err, syscall.ENOSPC) || !errors.Is(trouble(l), syscall.ENOSPC) {
		t.Errorf("error %v, trouble %v", err, trouble(l))
	}
	if want := "cannot write to " + filepath.Join(dir, "web.log") + ": no space left on device"; err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	if diff := gocmp.Diff([]string{"a", "b"}, texts(t, p)); diff != "" {
		t.Errorf("when full: -want +got:\n%s", diff)
	}
	content, err := os.ReadFile(filepath.Join(dir, "web.log"))
	if err != nil || len(content) != 2*record {
		t.Errorf("%d bytes on disk, want %d: half a record must not stay (%v)", len(content), 2*record, err)
	}

	// There is room again, but the disk is left alone for a while.
	disk.give(1 << 20)
	if err := put(l, epoch+1000, 1, Output, whole, "e"); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("at once: %v", err)
	}
	l.loss.retry = time.Time{}
	if err := put(l, epoch+2000, 1, Output, whole, "f"); err != nil || trouble(l) != nil {
		t.Errorf("after a while: %v, trouble %v", err, trouble(l))
	}
	want := []string{
		"a", "b", "3 lines lost between 2027-01-15T08:00:00.000Z and 2027-01-15T08:00:01.000Z: " +
			"cannot write to " + filepath.Join(dir, "web.log") + ": no space left on device", "f",
	}
	if diff := gocmp.Diff(want, texts(t, p)); diff != "" {
		t.Errorf("after recovery: -want +got:\n%s", diff)
	}
}

func TestDirectoryRemoved(t *testing.T) {
	tests := map[string]func(dir string, l *Log) error{
		"directory, found by a reader": func(dir string, _ *Log) error { return os.RemoveAll(dir) },
		"file, found by a reader":      func(dir string, _ *Log) error { return os.Remove(filepath.Join(dir, "web.log")) },
		"file emptied":                 func(dir string, _ *Log) error { return os.Truncate(filepath.Join(dir, "web.log"), 0) },
		"found by a failed write": func(dir string, l *Log) error {
			l.store.file.Close() // makes the next write fail
			return os.RemoveAll(dir)
		},
		"found by a rotation": func(dir string, l *Log) error {
			l.store.limits.SegmentBytes = 1
			return os.RemoveAll(dir)
		},
	}
	for name, remove := range tests {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "logs")
			p := OpenProject(dir, DefaultLimits())
			defer p.Close()
			l := p.Service("web")
			script(t, l, "1 o= a", "1 o= b")
			if err := remove(dir, l); err != nil {
				t.Fatal(err)
			}
			texts(t, p)
			l.Note(1, "c")
			l.loss.retry = time.Time{}
			if err := l.Note(1, "d"); err != nil {
				t.Fatal(err)
			}
			got := texts(t, p)
			if len(got) == 0 || got[len(got)-1] != "d" || slices.Contains(got, "a") {
				t.Errorf("read %q", got)
			}
			if name != "found by a failed write" && !slices.Contains(got, "c") {
				t.Errorf("lost a line that could be written: %q", got)
			}
			content, err := os.ReadFile(filepath.Join(dir, "web.log"))
			if err != nil || !bytes.HasSuffix(content, []byte(" 1 d= d\n")) {
				t.Errorf("on disk %q, %v", content, err)
			}
		})
	}
}

func TestStampsNeverGoBack(t *testing.T) {
	p := OpenProject(t.TempDir(), DefaultLimits())
	defer p.Close()
	l := p.Service("web")
	for _, stamp := range []int64{epoch + 5, epoch, epoch + 6} {
		if err := put(l, stamp, 1, Output, whole, ""); err != nil {
			t.Fatal(err)
		}
	}
	got, err := readAll(p, Query{Tail: -1})
	if err != nil {
		t.Fatal(err)
	}
	var stamps []int64
	for _, e := range got {
		stamps = append(stamps, e.Stamp-epoch)
	}
	if diff := gocmp.Diff([]int64{5, 5, 6}, stamps); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("2027-01-15T08:00:00.000Z 1 o= hello"))
	f.Add([]byte("2024-02-29T23:59:59.999Z 123456789012345678 e) "))
	f.Add([]byte("2024-02-30T23:59:59.999Z 1 d= x"))
	f.Fuzz(func(t *testing.T, line []byte) {
		var p parser
		r, ok := p.parse(line)
		if !ok {
			return
		}
		// What was understood is what the writer would have written.
		at, err := time.Parse(stampLayout, string(line[:stampLen]))
		if err != nil || at.UnixMilli() != r.stamp {
			t.Errorf("%q: stamp %v, want %v (%v)", line, r.stamp, at, err)
		}
		if end := fmt.Sprintf("%c%c %s", r.source, r.kind, r.text); !bytes.HasSuffix(line, []byte(end)) {
			t.Errorf("%q: read as %+v", line, r)
		}
	})
}

// TestDistrustBeforeFirstWrite: a file that is missing is created once, not once and then rotated.
func TestDistrustBeforeFirstWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "web.log")
	if err := os.WriteFile(path, []byte("2027-01-15T08:00:00.000Z 1 o= a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := OpenProject(dir, DefaultLimits())
	defer p.Close()
	texts(t, p)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	texts(t, p)
	script(t, p.Service("web"), "1 o= b", "1 o= c")
	if diff := gocmp.Diff([]string{"web.log"}, files(t, dir)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
