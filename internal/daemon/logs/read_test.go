package logs

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// entry is a Line that outlives emit.
type entry struct {
	Stamp   int64
	Service string
	Run     int
	Stream  string
	Text    string
	Open    bool
	Joins   bool
}

func toEntry(l Line) entry {
	return entry{l.Time.UnixMilli(), l.Service, l.Run, l.Stream, string(l.Text), l.Open, l.Joins}
}

// read is Read of one project.
func read(ctx context.Context, p *Project, q Query, emit func([]Line) error) error {
	from := Part{Name: "shop", Project: p}
	if len(q.From) > 0 {
		from.Services = q.From[0].Services
	}
	q.From = []Part{from}
	return Read(ctx, q, emit)
}

func readAll(p *Project, q Query) ([]entry, error) {
	var got []entry
	err := read(context.Background(), p, q, func(lines []Line) error {
		for _, l := range lines {
			got = append(got, toEntry(l))
		}
		return nil
	})
	return got, err
}

// put writes one record as it stands.
func put(l *Log, stamp int64, run int, src Source, k kind, text string) error {
	return l.append(time.UnixMilli(stamp), run, src, func(to recorder) { to.record(k, []byte(text)) })
}

const epoch = 1_800_000_000_000 // stamps of tests count from here

// history is what a test wrote, the way it wrote it.
type history map[string][]record

// model reads a history in the plainest way: all of it in memory, looking ahead as far as it likes.
func (h history) model(q Query) []entry {
	type placed struct {
		entry
		key int64
	}
	var merged []placed
	var names []string
	if len(q.From) > 0 {
		names = slices.Clone(q.From[0].Services)
	}
	if len(names) == 0 {
		for name := range h {
			names = append(names, name)
		}
		slices.Sort(names)
	}
	for _, name := range names {
		keys, lines := h.lines(name, q)
		for i := range lines {
			merged = append(merged, placed{lines[i], keys[i]})
		}
	}
	slices.SortStableFunc(merged, func(a, b placed) int { return cmp.Compare(a.key, b.key) })
	if q.Match != nil {
		merged = slices.DeleteFunc(merged, func(m placed) bool { return !q.Match.MatchString(m.Text) })
	}
	if q.Tail >= 0 {
		merged = merged[max(len(merged)-q.Tail, 0):]
	}
	var got []entry
	for _, m := range merged {
		got = append(got, m.entry)
	}
	return got
}

// lines puts one service's lines together, each with the stamp of the record that completed it.
func (h history) lines(name string, q Query) (keys []int64, lines []entry) {
	var records []record
	last := 0
	if all := h[name]; len(all) > 0 {
		last = all[len(all)-1].run
	}
	for _, r := range h[name] {
		early := !q.Since.IsZero() && r.stamp < q.Since.UnixMilli()
		late := !q.Until.IsZero() && r.stamp > q.Until.UnixMilli()
		if run := map[bool]int{true: last, false: q.Run}[q.Run == -1]; !early && !late && (run == 0 || r.run == run) {
			records = append(records, r)
		}
	}
	used := make([]bool, len(records))
	type line struct {
		at    int // which record completes it
		first bool
		entry entry
	}
	var all []line
	for i, r := range records {
		if used[i] {
			continue
		}
		e := entry{r.stamp, name, r.run, r.source.stream(), string(r.text), false, false}
		if r.kind != begin && r.kind != proceed {
			all = append(all, line{i, false, e})
			continue
		}
		at, superseded := len(records), false
		for j := i + 1; j < len(records); j++ {
			next := records[j]
			if next.run != r.run {
				at = j
				break
			}
			if next.source != r.source {
				continue
			}
			if next.kind != proceed && next.kind != finish {
				superseded = true
				break
			}
			used[j] = true
			e.Text += string(next.text)
			e.Stamp = next.stamp
			if next.kind == finish {
				at = -j
				break
			}
		}
		switch {
		case superseded:
		case at < 0:
			all = append(all, line{-at, false, e})
		default:
			e.Open = at == len(records)
			all = append(all, line{at, true, e})
		}
	}
	slices.SortStableFunc(all, func(a, b line) int {
		switch {
		case a.at != b.at:
			return cmp.Compare(a.at, b.at)
		case a.first != b.first:
			return map[bool]int{true: -1, false: 1}[a.first]
		}
		return -cmp.Compare(a.entry.Stream, b.entry.Stream) // stdout before stderr
	})
	for _, l := range all {
		keys = append(keys, records[min(l.at, len(records)-1)].stamp)
		lines = append(lines, l.entry)
	}
	return keys, lines
}

// drawHistory writes a history into p and returns it. Lines of the two outputs interleave only where that is asked
// for: an unfinished line that other lines of its run overtook is not where the model expects it from a tail.
func drawHistory(t *rapid.T, p *Project, interleave bool) history {
	h := history{}
	now := int64(epoch)
	runs := map[string]int{}
	write := func(name string, src Source, k kind, text string) {
		r := record{stamp: now, run: runs[name], source: src, kind: k, text: []byte(text)}
		if err := put(p.Service(name), now, r.run, src, k, text); err != nil {
			t.Fatal(err)
		}
		h[name] = append(h[name], r)
	}
	open := map[string]map[Source]bool{}
	serial := 0
	for range rapid.IntRange(0, 120).Draw(t, "records") {
		name := rapid.SampledFrom([]string{"api", "db", "web"}).Draw(t, "service")
		if runs[name] == 0 || rapid.IntRange(0, 20).Draw(t, "new run") == 0 {
			runs[name]++
			open[name] = map[Source]bool{}
		}
		now += int64(rapid.SampledFrom([]int{0, 0, 1, 7}).Draw(t, "pause"))
		serial++
		text := fmt.Sprintf("%s-%d%s", name, serial, strings.Repeat(".", rapid.IntRange(0, 60).Draw(t, "length")))
		src := rapid.SampledFrom([]Source{Output, Output, Stderr, notice}).Draw(t, "source")
		if !interleave && len(open[name]) > 0 {
			for src = range open[name] {
				break
			}
		}
		kinds := []kind{whole, whole, piece, begin}
		switch {
		case src == notice:
			kinds = []kind{whole}
		case open[name][src]:
			kinds = []kind{proceed, finish, finish, whole, begin, piece}
		}
		k := rapid.SampledFrom(kinds).Draw(t, "kind")
		delete(open[name], src)
		if k == begin || k == proceed {
			open[name][src] = true
		}
		write(name, src, k, text)
	}
	return h
}

func drawQuery(t *rapid.T, tail bool) Query {
	at := func(what string) time.Time {
		if !rapid.Bool().Draw(t, what+" given") {
			return time.Time{}
		}
		return time.UnixMilli(epoch + int64(rapid.IntRange(-5, 300).Draw(t, what)))
	}
	q := Query{Tail: -1, Run: rapid.IntRange(-1, 3).Draw(t, "run"), Since: at("since"), Until: at("until")}
	if tail {
		q.Tail = rapid.IntRange(0, 40).Draw(t, "tail")
	}
	if rapid.Bool().Draw(t, "match given") {
		q.Match = regexp.MustCompile(rapid.SampledFrom([]string{"7", "^web-1", "[24680]$|db", "nothing"}).Draw(t, "match"))
	}
	if rapid.Bool().Draw(t, "some services") {
		q.From = []Part{{Services: []string{"web", "api"}}}
	}
	return q
}

func TestReadAgreesWithModel(t *testing.T) {
	dir := t.TempDir()
	serial := 0
	rapid.Check(t, func(t *rapid.T) {
		serial++
		p := OpenProject(fmt.Sprintf("%s/%d", dir, serial), Limits{
			SegmentBytes: int64(rapid.SampledFrom([]int{1, 200, 1000, 1 << 20}).Draw(t, "segment")),
			Segments:     1000,
		})
		defer p.Close()
		tail := rapid.Bool().Draw(t, "tail")
		h := drawHistory(t, p, !tail)
		for range 5 {
			q := drawQuery(t, tail)
			got, err := readAll(p, q)
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(h.model(q), got); diff != "" {
				t.Fatalf("%+v: -want +got:\n%s", q, diff)
			}
		}
	})
}

// script writes records given as "RUN MARK TEXT" to a service, a millisecond apart.
func script(t *testing.T, l *Log, records ...string) {
	t.Helper()
	for i, r := range records {
		run, mark, text := int(r[0]-'0'), r[2:4], r[5:]
		if err := put(l, epoch+int64(i), run, Source(mark[0]), kind(mark[1]), text); err != nil {
			t.Fatal(err)
		}
	}
}

// brief shows an entry as STREAM:TEXT, with + before what joins and … behind what is open.
func brief(entries []entry) []string {
	var got []string
	for _, e := range entries {
		s := e.Stream + ":"
		if e.Joins {
			s += "+"
		}
		s += e.Text
		if e.Open {
			s += "…"
		}
		got = append(got, s)
	}
	return got
}

func TestReadJoinsUnfinishedLines(t *testing.T) {
	tests := map[string]struct {
		records []string
		tail    int
		want    []string
	}{
		"joined":              {[]string{"1 o( a", "1 o- b", "1 o) c"}, -1, []string{"stdout:abc"}},
		"superseded":          {[]string{"1 o( a", "1 o( b", "1 o= c"}, -1, []string{"stdout:c"}},
		"superseded by piece": {[]string{"1 o( a", "1 o\\ b", "1 o= c"}, -1, []string{"stdout:b", "stdout:c"}},
		"still open":          {[]string{"1 o= a", "1 o( b", "1 o- c"}, -1, []string{"stdout:a", "stdout:bc…"}},
		"two streams":         {[]string{"1 o( a", "1 e( x", "1 o) b", "1 e) y"}, -1, []string{"stdout:ab", "stderr:xy"}},
		"end of another run":  {[]string{"1 o( a", "2 o) b"}, -1, []string{"stdout:a", "stdout:b"}},
		"a run that died":     {[]string{"1 o( a", "2 d= started", "2 o= b"}, -1, []string{"stdout:a", "locald:started", "stdout:b"}},
		"beginning lost":      {[]string{"1 o- b", "1 o) c", "1 o) d"}, -1, []string{"stdout:bc", "stdout:d"}},
		"notice in between":   {[]string{"1 o( a", "1 d= ready", "1 o) b"}, -1, []string{"locald:ready", "stdout:ab"}},
		"tail begins inside":  {[]string{"1 o= z", "1 o( a", "1 e= x", "1 o) b"}, 2, []string{"stderr:x", "stdout:ab"}},
		"tail of one":         {[]string{"1 o= z", "1 o( a", "1 e= x", "1 o- b", "1 o) c"}, 1, []string{"stdout:abc"}},
		"tail open":           {[]string{"1 o= z", "1 o( a", "1 o- b"}, 1, []string{"stdout:ab…"}},
		"tail far from open":  {[]string{"1 o( a", "1 d= x", "1 d= y"}, 1, []string{"locald:y"}},
		"tail of none":        {[]string{"1 o= a"}, 0, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := OpenProject(t.TempDir(), DefaultLimits())
			defer p.Close()
			script(t, p.Service("web"), test.records...)
			got, err := readAll(p, Query{Tail: test.tail})
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(test.want, brief(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestReadBoundsJoinedLines(t *testing.T) {
	p := OpenProject(t.TempDir(), DefaultLimits())
	defer p.Close()
	half := strings.Repeat("x", maxText/2)
	script(t, p.Service("web"), "1 o( "+half, "1 o- "+half, "1 o- y", "1 o) z")
	got, err := readAll(p, Query{Tail: -1})
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff([]string{"stdout:" + half + half, "stdout:yz"}, brief(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestReadOfNothing(t *testing.T) {
	p := OpenProject(t.TempDir()+"/absent", DefaultLimits())
	for _, q := range []Query{{Tail: -1}, {Tail: 5}, {Tail: 5, Run: -1, From: []Part{{Services: []string{"web"}}}}, {Since: time.Now()}} {
		if got, err := readAll(p, q); err != nil || got != nil {
			t.Errorf("%+v: %v, %v", q, got, err)
		}
	}
	if names, err := p.Services(); err != nil || len(names) != 0 {
		t.Errorf("services %q, %v", names, err)
	}
}

func TestReadEndsWithEmitsError(t *testing.T) {
	p := OpenProject(t.TempDir(), DefaultLimits())
	defer p.Close()
	script(t, p.Service("web"), "1 o= a")
	stop := errors.New("stop")
	for _, follow := range []bool{false, true} {
		err := read(context.Background(), p, Query{Tail: -1, Follow: follow}, func([]Line) error { return stop })
		if err != stop {
			t.Errorf("follow %v: %v", follow, err)
		}
	}
}

func TestReadIsCancelled(t *testing.T) {
	p := OpenProject(t.TempDir(), DefaultLimits())
	defer p.Close()
	script(t, p.Service("web"), "1 o= a")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := read(ctx, p, Query{Tail: -1}, func([]Line) error { return nil }); err != context.Canceled {
		t.Errorf("without follow: %v", err)
	}
	if err := read(ctx, p, Query{Tail: -1, Follow: true}, func([]Line) error { return nil }); err != nil {
		t.Errorf("follow: %v", err)
	}
}

// A search that takes too long ends, and says so. Whoever goes on after its cursor gets further
// each time, and has in the end what one search would have found.
func TestEffort(t *testing.T) {
	p := OpenProject(t.TempDir(), DefaultLimits())
	defer p.Close()
	for i := range 20_000 {
		for _, service := range []string{"web", "worker"} {
			text := fmt.Sprintf("%s %d %s", service, i, strings.Repeat("x", 100))
			if err := put(p.Service(service), int64(i+1), 1, Output, whole, text); err != nil {
				t.Fatal(err)
			}
		}
	}
	q := Query{
		From: []Part{{Name: "shop", Project: p}}, Tail: -1, Match: regexp.MustCompile(" [0-9]*777 "),
	}
	want, err := readAll(p, q)
	if err != nil || len(want) != 40 {
		t.Fatalf("%d lines match, %v", len(want), err)
	}
	q.Effort = 1
	var got []entry
	searches := 0
	for more := true; more; searches++ {
		r, err := NewReader(q)
		if err != nil {
			t.Fatal(err)
		}
		err = r.Read(t.Context(), func(lines []Line) error {
			for _, l := range lines {
				got = append(got, toEntry(l))
			}
			return nil
		})
		if err != nil || q.After == r.Cursor() {
			t.Fatalf("search %d: %v; it has got no further", searches, err)
		}
		q.After, more = r.Cursor(), r.Spent()
	}
	if diff := gocmp.Diff(want, got); diff != "" || searches < 3 {
		t.Errorf("%d searches: -want +got:\n%s", searches, diff)
	}
	q.After, q.Tail = "", 3
	if err := Read(t.Context(), q, func([]Line) error { return nil }); err != ErrTooFar {
		t.Errorf("the last lines: %v", err)
	}
}

func TestTail(t *testing.T) {
	p := OpenProject(t.TempDir(), DefaultLimits())
	defer p.Close()
	l := p.Service("web")
	script(t, l, "1 o= a", "1 o= b", "2 o= c", "2 e= d", "1 d= e")
	for _, test := range []struct {
		run, n int
		want   []string
	}{
		{1, 10, []string{"stdout:a", "stdout:b", "locald:e"}},
		{1, 2, []string{"stdout:b", "locald:e"}},
		{2, 1, []string{"stderr:d"}},
		{0, 2, []string{"stderr:d", "locald:e"}},
		{3, 2, nil},
		{0, 0, nil},
	} {
		lines, err := l.Tail(test.run, test.n)
		if err != nil {
			t.Fatal(err)
		}
		var got []entry
		for _, line := range lines {
			got = append(got, toEntry(line))
		}
		if diff := gocmp.Diff(test.want, brief(got)); diff != "" {
			t.Errorf("run %d, %d lines: -want +got:\n%s", test.run, test.n, diff)
		}
	}
}

func TestReadSkipsDamage(t *testing.T) {
	p := OpenProject(t.TempDir(), DefaultLimits())
	defer p.Close()
	l := p.Service("web")
	script(t, l, "1 o= a")
	garbage := slices.Concat([]byte("not a record\n\n"), bytes.Repeat([]byte{0}, 3*blockSize), []byte("\n"))
	if _, err := l.store.file.Write(garbage); err != nil {
		t.Fatal(err)
	}
	l.store.grow(len(garbage))
	if err := put(l, epoch+5, 1, Output, whole, "b"); err != nil {
		t.Fatal(err)
	}
	for _, q := range []Query{{Tail: -1}, {Tail: 2}, {Tail: -1, Since: time.UnixMilli(epoch)}} {
		got, err := readAll(p, q)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff([]string{"stdout:a", "stdout:b"}, brief(got)); diff != "" {
			t.Errorf("%+v: -want +got:\n%s", q, diff)
		}
	}
}
