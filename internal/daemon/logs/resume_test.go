package logs

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// client reads with a new Reader each time, and puts lines together by what Line says of Open and
// Joins.
type client struct {
	query    Query
	cursor   Cursor
	most     int // lines in a batch; 0: as many as usual
	batches  int // stop after so many; below 1: at the end
	lines    int // stop when so many have come in all; 0: at the end
	finished map[string][]entry
	open     map[string]entry // by service and stream
	dropped  []Dropped
	got      []entry // as it came
}

var errEnough = errors.New("enough")

func newClient(q Query) *client {
	return &client{query: q, finished: map[string][]entry{}, open: map[string]entry{}}
}

// read goes on behind the cursor. What it returns is what it got this time.
func (c *client) read(ctx context.Context, p *Project) ([]entry, error) {
	q := c.query
	q.After = c.cursor
	if c.cursor != "" {
		q.Tail = 0 // does not count
	}
	for i := range q.From {
		q.From[i].Project = p
	}
	if len(q.From) == 0 {
		q.From = []Part{{Name: "shop", Project: p}}
	}
	r, err := NewReader(q)
	if err != nil {
		return nil, err
	}
	if c.most > 0 {
		r.most = c.most
	}
	before, batches := len(c.got), 0
	err = r.Read(ctx, func(lines []Line) error {
		c.dropped = append(c.dropped, r.Dropped()...)
		for _, l := range lines {
			if err := c.take(toEntry(l)); err != nil {
				return err
			}
		}
		c.cursor = r.Cursor()
		if batches++; batches == c.batches || c.lines > 0 && len(c.got) >= c.lines {
			return errEnough
		}
		return nil
	})
	if err == nil || err == errEnough {
		c.cursor, err = r.Cursor(), nil
	}
	return c.got[before:], err
}

func (c *client) take(e entry) error {
	c.got = append(c.got, e)
	key := e.Service + " " + e.Stream
	if e.Joins {
		begun, ok := c.open[key]
		if !ok || begun.Run != e.Run {
			return fmt.Errorf("%+v joins nothing: %+v", e, begun)
		}
		if e.Text == "" {
			e.Stamp = begun.Stamp // of the last that was written of it
		}
		e.Text = begun.Text + e.Text
	}
	e.Joins = false
	delete(c.open, key)
	if e.Open {
		c.open[key] = e
	} else {
		c.finished[e.Service] = append(c.finished[e.Service], e)
	}
	return nil
}

// logStory is a log, and a client that comes in between.
type logStory struct {
	*client
	t    *testing.T
	path string
	p    *Project
	now  int64
}

func newStory(t *testing.T, limits Limits, q Query) *logStory {
	path := filepath.Join(t.TempDir(), "shop")
	s := &logStory{newClient(q), t, path, OpenProject(path, limits), epoch}
	t.Cleanup(func() { s.p.Close() })
	return s
}

func (s *logStory) write(service string, records ...string) {
	s.t.Helper()
	for _, r := range records {
		s.now++
		run, src, k := int(r[0]-'0'), Source(r[2]), kind(r[3])
		if err := put(s.p.Service(service), s.now, run, src, k, r[5:]); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *logStory) reads(want ...string) {
	s.t.Helper()
	got, err := s.client.read(s.t.Context(), s.p)
	if err != nil {
		s.t.Fatal(err)
	}
	if diff := gocmp.Diff(want, brief(got)); diff != "" {
		s.t.Fatalf("-want +got:\n%s", diff)
	}
}

func (s *logStory) restart() {
	s.p.Close()
	s.p = OpenProject(s.path, s.p.limits)
}

func TestResumeContinuesUnfinishedLines(t *testing.T) {
	type step struct {
		records []string
		want    []string
	}
	tests := map[string]struct {
		match string
		steps []step
	}{
		"joined": {"", []step{
			{[]string{"1 o( name"}, []string{"stdout:name…"}},
			{[]string{"1 o- ? "}, []string{"stdout:+? …"}},
			{nil, nil},
			{[]string{"1 o) joe"}, []string{"stdout:+joe"}},
		}},
		"replaced": {"", []step{
			{[]string{"1 o( 10%"}, []string{"stdout:10%…"}},
			{[]string{"1 o( 20%"}, []string{"stdout:20%…"}},
			{[]string{"1 o= done"}, []string{"stdout:done"}},
		}},
		"its run is over": {"", []step{
			{[]string{"1 o( half", "1 e( err"}, []string{"stdout:half…", "stderr:err…"}},
			{[]string{"2 d= started"}, []string{"stdout:+", "stderr:+", "locald:started"}},
		}},
		"another stream": {"", []step{
			{[]string{"1 o( a", "1 e( x"}, []string{"stdout:a…", "stderr:x…"}},
			{[]string{"1 e) y", "1 d= note"}, []string{"stderr:+y", "locald:note"}},
			{[]string{"1 o) b"}, []string{"stdout:+b"}},
		}},
		"not looked for until its end": {"end", []step{
			{[]string{"1 o( begin"}, nil},
			{[]string{"1 o- middle", "1 e= other end"}, []string{"stderr:other end"}},
			{[]string{"1 o) end"}, []string{"stdout:beginmiddleend"}},
		}},
	}
	for name, test := range tests {
		for rotation, limits := range map[string]Limits{
			"one segment": {}, "a segment each": {SegmentBytes: 1, Segments: 100},
		} {
			t.Run(name+", "+rotation, func(t *testing.T) {
				q := Query{Tail: -1}
				if test.match != "" {
					q.Match = regexp.MustCompile(test.match)
				}
				s := newStory(t, limits, q)
				for _, step := range test.steps {
					s.write("web", step.records...)
					s.reads(step.want...)
					s.restart()
				}
			})
		}
	}
}

// TestCursorOfNow: a client can ask where the end is, and later for what came since.
func TestCursorOfNow(t *testing.T) {
	s := newStory(t, Limits{}, Query{Tail: 0})
	s.write("web", "1 o= a")
	s.reads()
	s.write("web", "1 o= b")
	s.write("new", "1 o= c", "1 o= d")
	s.reads("stdout:b", "stdout:c", "stdout:d")
	s.reads()
}

// TestCursorAcrossANewNumbering: when only the segment that is written to is left, the next daemon
// calls it the first.
func TestCursorAcrossANewNumbering(t *testing.T) {
	s := newStory(t, Limits{SegmentBytes: 100, Segments: 1}, Query{Tail: -1})
	for i := range 5 {
		s.write("web", fmt.Sprintf("1 o= line %04d", 1+i))
	}
	s.reads("stdout:line 0005")
	s.restart()
	s.write("web", "1 o= line 0006")
	s.reads("stdout:line 0006")
	if len(s.dropped) > 0 {
		t.Errorf("dropped %+v", s.dropped)
	}
}

func TestResumeTellsWhatWasRemoved(t *testing.T) {
	s := newStory(t, Limits{SegmentBytes: 100, Segments: 2}, Query{Tail: -1})
	s.write("web", "1 o= line 0001")
	s.reads("stdout:line 0001")
	for i := range 8 {
		s.write("web", fmt.Sprintf("1 o= line %04d", 2+i))
	}
	earlier := s.cursor
	for range 2 { // whoever has not taken what he was told is told again
		s.cursor, s.dropped = earlier, nil
		want := []string{
			"locald:" + removedText,
			"stdout:line 0007", "stdout:line 0008", "stdout:line 0009",
		}
		s.reads(want...)
		if diff := gocmp.Diff([]Dropped{{"shop", "web", 3}}, s.dropped); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	s.reads()
}

// TestCursorOfAProjectThatWasRemoved: a new log has the old name and the old numbers.
func TestCursorOfAProjectThatWasRemoved(t *testing.T) {
	s := newStory(t, Limits{}, Query{Tail: -1})
	s.write("web", "1 o= a", "1 o= b")
	s.reads("stdout:a", "stdout:b")
	if err := s.p.Remove(); err != nil {
		t.Fatal(err)
	}
	s.reads()
	s.p = OpenProject(s.path, Limits{})
	s.write("web", "1 o= new c", "1 o= new d", "1 o= new e")
	s.reads("locald:"+removedText, "stdout:new c", "stdout:new d", "stdout:new e")
	if diff := gocmp.Diff([]Dropped{{"shop", "web", 0}}, s.dropped); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	s.reads()
}

// TestCursorKeepsWhatIsNotReadNow: one service now, all of them later.
func TestCursorKeepsWhatIsNotReadNow(t *testing.T) {
	s := newStory(t, Limits{}, Query{Tail: -1})
	s.write("web", "1 o= a")
	s.write("db", "1 o= b")
	s.reads("stdout:a", "stdout:b")
	s.write("db", "1 o= c")
	s.write("web", "1 o= d")
	s.query.From = []Part{{Name: "shop", Services: []string{"web"}}}
	s.reads("stdout:d")
	s.query.From = nil
	s.reads("stdout:c")
}

// TestMaxBytesLeavesTheRest: an answer that is bounded goes on where it was cut.
func TestMaxBytesLeavesTheRest(t *testing.T) {
	s := newStory(t, Limits{}, Query{Tail: -1, MaxBytes: 6})
	s.write("web", "1 o= aa", "1 o= bb", "1 o= longer than that", "1 o= c", "1 o= dd", "1 o= ")
	s.reads("stdout:aa", "stdout:bb")
	s.reads("stdout:longer than that")
	s.reads("stdout:c", "stdout:dd", "stdout:")
	s.reads()
}

// TestCursorOfAFollower stands behind what was handed over when it was told to stop, and before
// what came too late.
func TestCursorOfAFollower(t *testing.T) {
	p := OpenProject(t.TempDir(), DefaultLimits())
	defer p.Close()
	script(t, p.Service("web"), "1 o= a", "1 o= b", "1 o= c", "1 o= d")
	ctx, cancel := context.WithCancel(t.Context())
	from := []Part{{Project: p}}
	r, err := NewReader(Query{From: from, Tail: -1, Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	r.most = 2
	err = r.Read(ctx, func([]Line) error { cancel(); return nil })
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(Query{Tail: -1})
	c.cursor = r.Cursor()
	got, err := c.read(t.Context(), p)
	if diff := gocmp.Diff([]string{"stdout:c", "stdout:d"}, brief(got)); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
}

func TestCursorStandsBeforeWhatIsTooLate(t *testing.T) {
	for _, follow := range []bool{false, true} {
		s := newStory(t, Limits{}, Query{Tail: -1})
		future := time.Now().Add(time.Hour).UnixMilli()
		s.now = future
		s.write("web", "1 o= a", "1 o= b", "1 o= c")
		over := make(chan struct{})
		close(over)
		s.query.Until, s.query.Follow, s.query.Over = time.UnixMilli(future+2), follow, over
		s.reads("stdout:a", "stdout:b")
		s.query = Query{Tail: -1}
		s.reads("stdout:c")
	}
}

// TestCursorInsideAnotherRecord: the segment has the number and the stamp, but it is another one.
func TestCursorInsideAnotherRecord(t *testing.T) {
	s := newStory(t, Limits{SegmentBytes: 100, Segments: 1}, Query{Tail: -1})
	s.write("web", "1 o= a longer a")
	s.reads("stdout:a longer a")
	s.now--                                         // one stamp for both
	s.write("web", "1 o= "+strings.Repeat("b", 30)) // into a new segment, and there is room behind it
	s.restart()
	s.write("web", "1 o= c")
	s.reads("locald:"+removedText, "stdout:c")
	if len(s.dropped) != 1 {
		t.Errorf("dropped %+v", s.dropped)
	}
}
