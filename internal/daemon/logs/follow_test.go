package logs

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// follower is a Read with Follow whose lines are waited for.
type follower struct {
	t      *testing.T
	lines  chan entry
	cancel context.CancelFunc
	ended  chan error
}

func follow(t *testing.T, p *Project, q Query) *follower {
	ctx, cancel := context.WithCancel(t.Context())
	f := &follower{t: t, lines: make(chan entry), cancel: cancel, ended: make(chan error, 1)}
	q.Follow = true
	go func() {
		f.ended <- read(ctx, p, q, func(lines []Line) error {
			for _, l := range lines {
				select {
				case f.lines <- toEntry(l):
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-f.ended; err != nil {
			t.Errorf("follower ended with %v", err)
		}
	})
	return f
}

func (f *follower) next() entry {
	f.t.Helper()
	select {
	case e := <-f.lines:
		return e
	case err := <-f.ended:
		f.ended <- err
		f.t.Fatalf("follower ended: %v", err)
		return entry{}
	}
}

func (f *follower) expect(want ...string) {
	f.t.Helper()
	for _, w := range want {
		if got := brief([]entry{f.next()})[0]; got != w {
			f.t.Fatalf("got %q, want %q", got, w)
		}
	}
}

func TestFollowContinuesFromTail(t *testing.T) {
	p := OpenProject(t.TempDir(), DefaultLimits())
	defer p.Close()
	l := p.Service("web")
	script(t, l, "1 o= a", "1 o= b", "1 o= c")
	f := follow(t, p, Query{Tail: 2})
	f.expect("stdout:b", "stdout:c")
	script(t, l, "1 o= d")
	f.expect("stdout:d")
	script(t, l, "1 o= e", "1 e= f")
	f.expect("stdout:e", "stderr:f")
}

func TestFollowShowsUnfinishedLines(t *testing.T) {
	p := OpenProject(t.TempDir(), DefaultLimits())
	defer p.Close()
	l := p.Service("web")
	script(t, l, "1 o= a", "1 o( name", "1 o- ? ")
	f := follow(t, p, Query{Tail: -1})
	f.expect("stdout:a", "stdout:name? …")
	script(t, l, "1 o- jo")
	f.expect("stdout:+jo…")
	script(t, l, "1 o) e")
	f.expect("stdout:+e")
	script(t, l, "1 o( 10%")
	f.expect("stdout:10%…")
	script(t, l, "1 o( 20%")
	f.expect("stdout:20%…")
	script(t, l, "1 d= ready")
	f.expect("locald:ready")
	script(t, l, "1 o= done")
	f.expect("stdout:done")
	script(t, l, "1 e( half")
	f.expect("stderr:half…")
	script(t, l, "2 o= new")
	f.expect("stderr:+", "stdout:new")
}

func TestFollowTakesInNewServices(t *testing.T) {
	p := OpenProject(t.TempDir(), DefaultLimits())
	defer p.Close()
	script(t, p.Service("db"), "1 o= a")
	all := follow(t, p, Query{Tail: 1})
	all.expect("stdout:a")
	named := follow(t, p, Query{From: []Part{{Services: []string{"web"}}}, Tail: 10})
	script(t, p.Service("web"), "1 o= b", "1 o= c")
	named.expect("stdout:b", "stdout:c")
	all.expect("stdout:b", "stdout:c")
	script(t, p.Service("mail"), "1 o= d")
	all.expect("stdout:d")
	script(t, p.Service("web"), "1 o= e")
	named.expect("stdout:e")
	all.expect("stdout:e")
}

func TestFollowLastRunAndLater(t *testing.T) {
	p := OpenProject(t.TempDir(), DefaultLimits())
	defer p.Close()
	l := p.Service("web")
	script(t, l, "1 o= a", "2 o= b")
	f := follow(t, p, Query{Tail: -1, Run: -1})
	f.expect("stdout:b")
	script(t, l, "3 o= c", "2 o= late", "3 o= d")
	f.expect("stdout:c", "stdout:d")
}

func TestFollowEndsAtUntil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := OpenProject(t.TempDir(), DefaultLimits())
		defer p.Close()
		l := p.Service("web")
		if err := l.Note(1, "a"); err != nil {
			t.Fatal(err)
		}
		until := time.Now().Add(time.Hour)
		f := follow(t, p, Query{Tail: -1, Until: until})
		f.expect("locald:a")
		if err := l.Note(1, "b"); err != nil {
			t.Fatal(err)
		}
		f.expect("locald:b")
		if err := <-f.ended; err != nil || time.Now().Before(until) {
			t.Errorf("ended at %v with %v", time.Now(), err)
		}
		f.ended <- nil
	})
}

// TestReadersWhileRotating: whoever reads while segments are closed and removed sees every line once, in order.
func TestReadersWhileRotating(t *testing.T) {
	const lines = 20_000
	p := OpenProject(t.TempDir(), Limits{SegmentBytes: 10_000, Segments: 1 << 20})
	defer p.Close()
	services := []string{"api", "web"}
	var writers sync.WaitGroup
	followers := []*follower{follow(t, p, Query{Tail: -1}), follow(t, p, Query{Tail: -1, From: []Part{{Services: services}}})}
	for _, name := range services {
		writers.Go(func() {
			l := p.Service(name)
			for i := 0; i < lines; {
				n := min(1+rand.IntN(50), lines-i)
				err := l.append(time.Now(), 1, Output, func(to recorder) {
					for j := range n {
						to.record(whole, fmt.Appendf(nil, "%d", i+j))
					}
				})
				if err != nil {
					t.Error(err)
					return
				}
				i += n
			}
		})
	}
	written := make(chan struct{})
	go func() { defer close(written); writers.Wait() }()
	readWhile(t, p, written)
	for _, f := range followers {
		seen := map[string]int{}
		for range lines * len(services) {
			e := f.next()
			if want := fmt.Sprint(seen[e.Service]); e.Text != want {
				t.Fatalf("%s: got %s, want %s", e.Service, e.Text, want)
			}
			seen[e.Service]++
		}
	}
	if got := texts(t, p); len(got) != lines*len(services) {
		t.Errorf("%d lines at the end", len(got))
	}
}

// readWhile reads the last lines again and again and checks that they have no gap.
func readWhile(t *testing.T, p *Project, done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		default:
		}
		got, err := readAll(p, Query{Tail: 1000})
		if err != nil {
			t.Fatal(err)
		}
		last := map[string]int{}
		for _, e := range got {
			var n int
			fmt.Sscan(e.Text, &n)
			if before, ok := last[e.Service]; ok && n != before+1 {
				t.Fatalf("%s: %d follows %d", e.Service, n, before)
			}
			last[e.Service] = n
		}
	}
}

// TestSlowReader: one that stands still delays nobody, and is told when it has missed something.
func TestSlowReader(t *testing.T) {
	p := OpenProject(t.TempDir(), Limits{SegmentBytes: 1000, Segments: 4})
	defer p.Close()
	l := p.Service("web")
	script(t, l, "1 o= first")
	slow := follow(t, p, Query{Tail: -1}) // its emit blocks until its lines are asked for
	slow.expect("stdout:first")
	for i := range 10_000 {
		if err := l.Note(1, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	gaps := 0
	for last, told := -1, false; last != 9_999; {
		e := slow.next()
		if e.Text == removedText {
			told = true
			gaps++
			continue
		}
		var n int
		fmt.Sscan(e.Text, &n)
		if n <= last || told == (n == last+1) {
			t.Fatalf("%d follows %d, a gap was told: %v", n, last, told)
		}
		last, told = n, false
	}
	if gaps == 0 {
		t.Error("nothing was removed before it was read: the test proves nothing")
	}
}

func TestFollowerGivesItsBuffersBack(t *testing.T) {
	p := OpenProject(t.TempDir(), DefaultLimits())
	defer p.Close()
	script(t, p.Service("web"), "1 o= a")
	r := newReader(Query{Tail: -1}, func([]Line) error { return nil })
	defer r.close()
	r.ctx = t.Context()
	r.add(&part{}, p.Service("web"))
	if err := r.start(); err != nil {
		t.Fatal(err)
	}
	if err := r.round(); err != nil {
		t.Fatal(err)
	}
	r.rest()
	if r.sources[0].forward.block != nil {
		t.Error("a quiet follower holds a block")
	}
}

func TestManyFollowers(t *testing.T) {
	p := OpenProject(t.TempDir(), DefaultLimits())
	defer p.Close()
	l := p.Service("web")
	var followers []*follower
	for range 100 {
		followers = append(followers, follow(t, p, Query{From: []Part{{Services: []string{"web"}}}, Tail: -1}))
	}
	script(t, l, "1 o= a", "1 o= b")
	for _, f := range followers {
		f.expect("stdout:a", "stdout:b")
		f.cancel()
		if err := <-f.ended; err != nil {
			t.Error(err)
		}
		f.ended <- nil
	}
	if set := l.watchers.set.Load(); len(*set) != 0 {
		t.Errorf("%d watchers are left", len(*set))
	}
}

func TestMergeIsByTime(t *testing.T) {
	p := OpenProject(t.TempDir(), DefaultLimits())
	defer p.Close()
	var want []string
	for i := range 3000 {
		name := []string{"a", "b", "c"}[rand.IntN(3)]
		want = append(want, fmt.Sprint(i))
		if err := put(p.Service(name), epoch+int64(i), 1, Output, whole, want[i]); err != nil {
			t.Fatal(err)
		}
	}
	if got := texts(t, p); !slices.Equal(want, got) {
		t.Error(gocmp.Diff(want, got))
	}
}

// TestFollowAcrossReplacedFile: a new file is a new segment, even if it is shorter than where the reader was.
func TestFollowAcrossReplacedFile(t *testing.T) {
	dir := t.TempDir()
	p := OpenProject(dir, DefaultLimits())
	defer p.Close()
	l := p.Service("web")
	script(t, l, "1 o= a long first line", "1 o= b")
	f := follow(t, p, Query{Tail: 1})
	f.expect("stdout:b")
	l.store.file.Close() // makes the next write fail, and the one after it look at the disk
	if err := os.Remove(filepath.Join(dir, "web.log")); err != nil {
		t.Fatal(err)
	}
	if err := l.Note(1, "lost"); err == nil {
		t.Fatal("written to a closed file")
	}
	l.loss.retry = time.Time{}
	script(t, l, "1 o= c")
	if e := f.next(); !strings.HasPrefix(e.Text, "1 line lost") {
		t.Errorf("got %q", e.Text)
	}
	f.expect("stdout:c")
}
