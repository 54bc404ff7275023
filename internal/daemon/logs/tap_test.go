package logs

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
)

// tapped is a capture of a pipe, and what writes into it.
func tapped(t *testing.T) (*Capture, *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := OpenProject(t.TempDir(), DefaultLimits())
	c := p.Service("web").Capture(1, Output, r)
	t.Cleanup(func() {
		w.Close()
		if err := c.Finish(); err != nil {
			t.Error(err)
		}
		p.Close()
	})
	return c, w
}

// until reads a tap until what came ends in end.
func until(t *testing.T, tap *Tap, end string) (all string, lost int) {
	t.Helper()
	for !strings.HasSuffix(all, end) {
		p, n, err := tap.Next(t.Context())
		if err != nil {
			t.Fatalf("after %q: %v", all, err)
		}
		all, lost = all+string(p), lost+n
	}
	return all, lost
}

func TestTapGivesBytesAsTheyAre(t *testing.T) {
	c, w := tapped(t)
	tap := c.Tap()
	defer tap.Close()
	const raw = "\x1b[2J\x1b]0;title\a\rone\r\n\xff(Pdb) "
	if _, err := w.WriteString(raw); err != nil {
		t.Fatal(err)
	}
	if got, _ := until(t, tap, "(Pdb) "); got != raw {
		t.Errorf("%q, want %q", got, raw)
	}
}

func TestTapBeginsWithWhatCameLast(t *testing.T) {
	for name, tt := range map[string]struct{ before, want string }{
		"little": {"first\n(Pdb) ", "first\n(Pdb) "},
		"much":   {strings.Repeat("x", 3*recentBytes) + "\nlast\n(Pdb) ", "last\n(Pdb) "},
	} {
		c, w := tapped(t)
		first := c.Tap()
		if _, err := w.WriteString(tt.before); err != nil {
			t.Fatal(err)
		}
		until(t, first, "(Pdb) ")
		first.Close()
		second := c.Tap()
		if got, _ := until(t, second, "(Pdb) "); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestTapEndsWithItsOutput(t *testing.T) {
	c, w := tapped(t)
	tap := c.Tap()
	if _, err := w.WriteString("bye"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if got, _ := until(t, tap, "bye"); got != "bye" {
		t.Errorf("%q", got)
	}
	if _, _, err := tap.Next(t.Context()); err != io.EOF {
		t.Errorf("%v, want the end", err)
	}
	if _, _, err := c.Tap().Next(t.Context()); err != nil {
		t.Errorf("who comes after the end sees %v, want what came last", err)
	}
}

func TestTapThatIsNotReadLosesAndCounts(t *testing.T) {
	c, w := tapped(t)
	slow, quick := c.Tap(), c.Tap()
	chunk := strings.Repeat("y", 1023) + "\n"
	total := 0
	for range 3 * tapBytes / len(chunk) {
		n, err := w.WriteString(chunk)
		if err != nil {
			t.Fatal(err)
		}
		total += n
	}
	if _, err := w.WriteString("end"); err != nil {
		t.Fatal(err)
	}
	total += len("end")
	for _, tap := range []*Tap{quick, slow} {
		got, lost := until(t, tap, "end")
		if len(got)+lost != total {
			t.Errorf("%d bytes and %d lost are not %d", len(got), lost, total)
		}
	}
}

func TestTapCanBeLeft(t *testing.T) {
	c, _ := tapped(t)
	tap := c.Tap()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := tap.Next(ctx); err != context.Canceled {
		t.Errorf("%v", err)
	}
	tap.Close()
	if len(c.taps.readers) != 0 {
		t.Errorf("%d readers are left", len(c.taps.readers))
	}
}
