package logs

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var compareMarks = gocmp.AllowUnexported(mark{}, place{}, position{}, thread{})

func drawMarks(t *rapid.T) map[serviceID]mark {
	marks := map[serviceID]mark{}
	for range rapid.IntRange(0, 20).Draw(t, "services") {
		var id serviceID
		copy(id[:], rapid.SliceOfN(rapid.Byte(), len(id), len(id)).Draw(t, "id"))
		at := position{
			rapid.OneOf(rapid.IntRange(1, 9), rapid.IntRange(1, math.MaxInt)).Draw(t, "segment"),
			rapid.OneOf(rapid.Int64Range(0, 9000), rapid.Int64Range(0, math.MaxInt64)).Draw(t, "offset"),
		}
		m := mark{place: place{at, rapid.OneOf(
			rapid.Just(int64(0)), rapid.Int64Range(epoch, epoch+1e6), rapid.Int64Range(1, math.MaxInt64),
		).Draw(t, "stamp")}}
		for i := range m.threads {
			m.threads[i] = drawThread(t, at)
		}
		marks[id] = m
	}
	return marks
}

func drawThread(t *rapid.T, at position) thread {
	if !rapid.Bool().Draw(t, "open") {
		return thread{}
	}
	th := thread{open: true, run: rapid.IntRange(0, 1e6).Draw(t, "run")}
	th.given = rapid.Bool().Draw(t, "given")
	segment := rapid.IntRange(1, at.segment).Draw(t, "begun in")
	from := position{segment, rapid.Int64Range(0, 9000).Draw(t, "begun at")}
	if from.before(at) && rapid.Bool().Draw(t, "pending") {
		th.from = from
	}
	return th
}

func TestCursorIsReadAsItWasMade(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		marks := drawMarks(t)
		c := makeCursor(marks)
		if !regexp.MustCompile(`^[A-Za-z0-9:_-]+$`).MatchString(string(c)) {
			t.Errorf("%q does not travel", c)
		}
		got, err := c.parse()
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(marks, got, compareMarks); diff != "" {
			t.Fatalf("%s: -want +got:\n%s", c, diff)
		}
	})
}

func FuzzCursor(f *testing.F) {
	f.Add("")
	f.Add("1:")
	f.Add("2:AAAA")
	f.Add(string(makeCursor(nil)))
	unfinished := thread{true, 7, true, position{2, 9}}
	f.Add(string(makeCursor(map[serviceID]mark{
		{1, 2, 3}: {place{position{3, 4096}, epoch}, [2]thread{unfinished, {}}},
		{9}:       {place: place{position{1, 0}, 0}},
	})))
	f.Fuzz(func(t *testing.T, text string) {
		marks, err := Cursor(text).parse()
		if err != nil {
			if !strings.HasPrefix(err.Error(), "cannot use the cursor ") {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		again, err := makeCursor(marks).parse()
		if diff := gocmp.Diff(marks, again, compareMarks); err != nil || diff != "" {
			t.Errorf("%q: %v, -want +got:\n%s", text, err, diff)
		}
	})
}

// FuzzCursorBytes goes past the sum, which no fuzzer guesses.
func FuzzCursorBytes(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x05abcdef\x01\x05\x01\x09\x07\x00\x04"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d := decoder{rest: b}
		marks := d.marks()
		if d.failed {
			return
		}
		again, err := makeCursor(marks).parse()
		if diff := gocmp.Diff(marks, again, compareMarks); err != nil || diff != "" {
			t.Errorf("%q: %v, -want +got:\n%s", b, err, diff)
		}
	})
}

func TestCursorsThatAreRefused(t *testing.T) {
	good := string(makeCursor(map[serviceID]mark{{1}: {place: place{position{3, 4096}, epoch}}}))
	damaged := errCursorDamaged.Error()
	for name, test := range map[string]struct{ cursor, want string }{
		"words":      {"yesterday", "that is not what a cursor looks like"},
		"newer":      {"2:AAAAAAAA", "another version of locald made it"},
		"empty":      {"1:", damaged},
		"cut":        {good[:len(good)-1], damaged},
		"more":       {good + "A", damaged},
		"one letter": {good[:6] + string(good[6]^1) + good[7:], damaged},
		"not base64": {"1:" + strings.Repeat("%", 40), damaged},
		"a newline":  {good[:10] + "\n" + good[10:], damaged},
		"very long":  {"1:" + strings.Repeat("A", maxCursor), "it is too long"},
		"twice":      {"1:" + good, damaged},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewReader(Query{After: Cursor(test.cursor)})
			if err == nil || !strings.HasSuffix(err.Error(), ": "+test.want) {
				t.Fatalf("got %v, want %s", err, test.want)
			}
			if len(err.Error()) > 150 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
}

// TestCursorOfManyServices: a client keeps it in a variable, a file or an argument.
func TestCursorOfManyServices(t *testing.T) {
	marks := map[serviceID]mark{}
	p := OpenProject("/somewhere/shop-1a2b3c4d", DefaultLimits())
	for i := range 1000 {
		at := position{100 + i, 8<<20 - int64(i)}
		unfinished := thread{true, 1000 + i, true, position{99 + i, 8<<20 - 100}}
		marks[p.Service(fmt.Sprintf("worker.%d", i)).id()] = mark{
			place{at, epoch - int64(i)*3_600_000}, [2]thread{unfinished, unfinished},
		}
	}
	if len(marks) != 1000 {
		t.Fatalf("%d services are told apart", len(marks))
	}
	if c := makeCursor(marks); len(c) > 64<<10 {
		t.Errorf("1,000 services with two unfinished lines each: %d bytes", len(c))
	}
	for id, m := range marks {
		m.threads = [2]thread{}
		marks[id] = m
	}
	if c := makeCursor(marks); len(c) > 32<<10 {
		t.Errorf("1,000 services: %d bytes", len(c))
	}
}

// TestCursorGivesUpOldServices: a cursor that is handed on for years does not grow for ever.
func TestCursorGivesUpOldServices(t *testing.T) {
	earlier := map[serviceID]mark{}
	for i := range 3 * maxCarried {
		earlier[serviceID{byte(i), byte(i >> 8)}] = mark{place: place{position{1, 1}, epoch + int64(i)}}
	}
	marks := map[serviceID]mark{{1, 1, 1}: {}}
	carry(marks, earlier)
	if len(marks) != 1+maxCarried {
		t.Errorf("%d services", len(marks))
	}
	for i := range 3 * maxCarried {
		if _, kept := marks[serviceID{byte(i), byte(i >> 8)}]; kept != (i >= 2*maxCarried) {
			t.Fatalf("the service of age %d: kept is %v", i, kept)
		}
	}
}
