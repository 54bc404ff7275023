package logs

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func drawLimits(t *rapid.T) Limits {
	return Limits{
		SegmentBytes: int64(rapid.SampledFrom([]int{150, 1000, 1 << 20}).Draw(t, "segment")),
		Segments:     1000,
	}
}

// TestReadInPiecesIsOneRead: whoever stops after any batch and goes on behind its cursor gets what
// one that never stopped gets, line by line in the same order.
func TestReadInPiecesIsOneRead(t *testing.T) {
	dir := t.TempDir()
	serial := 0
	rapid.Check(t, func(t *rapid.T) {
		serial++
		path, limits := fmt.Sprintf("%s/%d", dir, serial), drawLimits(t)
		p := OpenProject(path, limits)
		h := drawHistory(t, p, true)
		q := drawQuery(t, false)
		c := newClient(q)
		c.most = rapid.IntRange(1, 9).Draw(t, "lines in a batch")
		for {
			c.batches = rapid.IntRange(1, 5).Draw(t, "batches")
			if rapid.IntRange(0, 5).Draw(t, "restart") == 0 {
				p.Close()
				p = OpenProject(path, limits)
			}
			if got, err := c.read(t.Context(), p); err != nil {
				t.Fatal(err)
			} else if len(got) == 0 {
				break
			}
		}
		if diff := gocmp.Diff(h.model(q), c.got); diff != "" {
			t.Fatalf("%+v: -want +got:\n%s", q, diff)
		}
		if len(c.dropped) > 0 {
			t.Errorf("dropped %+v", c.dropped)
		}
		p.Close()
	})
}

// writer writes a history in pieces.
type writer struct {
	h      history
	now    int64
	runs   map[string]int
	open   map[string]map[Source]bool
	serial int
	tidy   bool // an unfinished line is ended before its stream says anything else
}

func newWriter(tidy bool) *writer {
	open := map[string]map[Source]bool{}
	return &writer{h: history{}, now: epoch, runs: map[string]int{}, open: open, tidy: tidy}
}

func (w *writer) write(t *rapid.T, p *Project) {
	name := rapid.SampledFrom([]string{"api", "db", "web"}).Draw(t, "service")
	if w.runs[name] == 0 || rapid.IntRange(0, 20).Draw(t, "new run") == 0 {
		w.runs[name]++
		w.open[name] = map[Source]bool{}
	}
	w.now += int64(rapid.SampledFrom([]int{0, 0, 1, 7}).Draw(t, "pause"))
	w.serial++
	dots := strings.Repeat(".", rapid.IntRange(0, 60).Draw(t, "length"))
	text := fmt.Sprintf("<%d%s>", w.serial, dots)
	src := rapid.SampledFrom([]Source{Output, Output, Stderr, notice}).Draw(t, "source")
	kinds := []kind{whole, whole, piece, begin, begin}
	switch {
	case src == notice:
		kinds = []kind{whole}
	case w.open[name][src] && w.tidy:
		kinds = []kind{proceed, finish}
	case w.open[name][src]:
		kinds = []kind{proceed, proceed, finish, finish, whole, begin, piece}
	}
	k := rapid.SampledFrom(kinds).Draw(t, "kind")
	w.open[name][src] = k == begin || k == proceed
	if err := put(p.Service(name), w.now, w.runs[name], src, k, text); err != nil {
		t.Fatal(err)
	}
	r := record{stamp: w.now, run: w.runs[name], source: src, kind: k, text: []byte(text)}
	w.h[name] = append(w.h[name], r)
}

// drawLasting draws what selects the same lines however much of them is there.
func drawLasting(t *rapid.T) Query {
	q := drawQuery(t, false)
	q.Run, q.Match = max(q.Run, 0), nil
	if rapid.Bool().Draw(t, "match given") {
		q.Match = regexp.MustCompile(rapid.SampledFrom([]string{"7", "^<1", "nothing"}).Draw(t, "match"))
	}
	return q
}

// TestReadOfAGrowingLogInPieces: a client that comes again and again, between writes, rotations and
// restarts of the daemon, has in the end the text that one has that comes at the end.
func TestReadOfAGrowingLogInPieces(t *testing.T) {
	dir := t.TempDir()
	serial := 0
	rapid.Check(t, func(t *rapid.T) {
		serial++
		path, limits := fmt.Sprintf("%s/%d", dir, serial), drawLimits(t)
		p := OpenProject(path, limits)
		defer func() { p.Close() }()
		w, q := newWriter(false), drawLasting(t)
		c := newClient(q)
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) { w.write(t, p) },
			"more":  func(t *rapid.T) { w.write(t, p); w.write(t, p); w.write(t, p) },
			"read": func(t *rapid.T) {
				c.most = rapid.IntRange(1, 5).Draw(t, "lines in a batch")
				c.batches = rapid.IntRange(0, 4).Draw(t, "batches")
				if _, err := c.read(t.Context(), p); err != nil {
					t.Fatal(err)
				}
			},
			"restart": func(t *rapid.T) {
				p.Close()
				p = OpenProject(path, limits)
			},
		})
		c.batches = 0
		if _, err := c.read(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		want := newClient(q)
		for _, e := range w.h.model(q) {
			if err := want.take(e); err != nil {
				t.Fatal(err)
			}
		}
		if diff := gocmp.Diff(want.finished, c.finished); diff != "" {
			t.Fatalf("%+v: -want +got:\n%s", q, diff)
		}
		// What was shown and then superseded by what is not looked for is never taken back.
		if diff := gocmp.Diff(want.open, c.open); diff != "" && q.Match == nil {
			t.Fatalf("%+v: unfinished: -want +got:\n%s", q, diff)
		}
		if len(c.dropped) > 0 {
			t.Errorf("dropped %+v", c.dropped)
		}
	})
}

// ledger checks that a client is given every text once, or told that some are missing.
type ledger struct {
	expected map[string][]string // by service and stream: what was not given yet
	told     map[string]bool     // lines of it were said to be missing since its last text
}

func (l *ledger) check(dropped []Dropped, got []entry) error {
	for _, d := range dropped {
		for _, stream := range []string{" stdout", " stderr", " locald"} {
			l.told[d.Service+stream] = true
		}
	}
	for _, e := range got {
		key := e.Service + " " + e.Stream
		for _, text := range regexp.MustCompile(`<[^>]*>`).FindAllString(e.Text, -1) {
			if err := l.given(key, text); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *ledger) given(key, text string) error {
	for len(l.expected[key]) > 0 && l.expected[key][0] != text {
		if !l.told[key] {
			return fmt.Errorf("%s: %s came before %s", key, text, l.expected[key][0])
		}
		l.expected[key] = l.expected[key][1:]
	}
	if len(l.expected[key]) == 0 {
		return fmt.Errorf("%s: %s came twice, or late", key, text)
	}
	l.expected[key] = l.expected[key][1:]
	l.told[key] = false
	return nil
}

// TestReadOfACappedLogInPieces: where the limits remove what a client has not read, it is told, and
// nothing comes twice.
func TestReadOfACappedLogInPieces(t *testing.T) {
	dir := t.TempDir()
	serial, drops := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		serial++
		path := fmt.Sprintf("%s/%d/shop", dir, serial)
		limits := Limits{
			SegmentBytes: int64(rapid.SampledFrom([]int{100, 300}).Draw(t, "segment")),
			Segments:     rapid.IntRange(1, 3).Draw(t, "segments"),
			TotalBytes:   int64(rapid.SampledFrom([]int{500, 1 << 20}).Draw(t, "total")),
		}
		p := OpenProject(path, limits)
		defer func() { p.Close() }()
		w, c := newWriter(true), newClient(Query{Tail: -1})
		l := ledger{map[string][]string{}, map[string]bool{}}
		met := map[string]bool{}
		read := func(t *rapid.T) {
			for name, records := range w.h {
				for _, r := range records {
					key := name + " " + r.source.stream()
					l.expected[key] = append(l.expected[key], string(r.text))
				}
				delete(w.h, name)
				if !met[name] { // it is read from what there is
					met[name] = true
					l.check([]Dropped{{Service: name}}, nil)
				}
			}
			got, err := c.read(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			if err := l.check(c.dropped, got); err != nil {
				t.Fatal(err)
			}
			drops += len(c.dropped)
			c.dropped = nil
		}
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				w.now++ // no segment is filled and removed within a millisecond
				w.write(t, p)
			},
			"read": func(t *rapid.T) {
				c.most = rapid.IntRange(1, 5).Draw(t, "lines in a batch")
				c.batches = rapid.IntRange(0, 4).Draw(t, "batches")
				read(t)
			},
			"restart": func(t *rapid.T) {
				p.Close()
				p = OpenProject(path, limits)
			},
		})
		c.batches = 0
		read(t)
		for key, texts := range l.expected {
			if len(texts) > 0 && !l.told[key] {
				t.Fatalf("%s: %q did not come", key, texts)
			}
		}
	})
	if drops == 0 {
		t.Error("nothing was dropped: the test proves nothing")
	}
}

// TestFollowersResumeWhileRotating: a follower that is cut off again and again misses nothing while
// segments are closed.
func TestFollowersResumeWhileRotating(t *testing.T) {
	const lines = 5_000
	p := OpenProject(t.TempDir(), Limits{SegmentBytes: 5_000, Segments: 1 << 20})
	defer p.Close()
	services := []string{"api", "web"}
	for _, name := range services {
		go func() {
			for i := range lines {
				now := time.Now().UnixMilli()
				if err := put(p.Service(name), now, 1, Output, whole, fmt.Sprint(i)); err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	c := newClient(Query{Tail: -1, Follow: true})
	c.lines = lines * len(services)
	seen := map[string]int{}
	for round := 0; len(c.got) < c.lines; round++ {
		c.batches = 1 + round%7
		got, err := c.read(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range got {
			if want := fmt.Sprint(seen[e.Service]); e.Text != want {
				t.Fatalf("%s: got %s, want %s", e.Service, e.Text, want)
			}
			seen[e.Service]++
		}
	}
	if len(c.dropped) > 0 {
		t.Errorf("dropped %+v", c.dropped)
	}
}
