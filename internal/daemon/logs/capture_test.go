package logs

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	gocmp "github.com/google/go-cmp/cmp"
)

// ends is a captured descriptor and the end that a service would write to.
type ends struct{ read, write *os.File }

var channels = map[string]func(t testing.TB) ends{
	"pipe": func(t testing.TB) ends {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		return ends{r, w}
	},
	"pty": func(t testing.TB) ends {
		master, slave, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		return ends{master, slave}
	},
}

func write(t *testing.T, w io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
}

// onBoth runs a test on a pipe and on a terminal.
func onBoth(t *testing.T, test func(t *testing.T, p *Project, c *Capture, w *os.File)) {
	for name, open := range channels {
		t.Run(name, func(t *testing.T) {
			p := OpenProject(t.TempDir(), Limits{SegmentBytes: 8 << 20, Segments: 100})
			t.Cleanup(func() { p.Close() })
			e := open(t)
			t.Cleanup(func() { e.write.Close() })
			test(t, p, p.Service("web").Capture(1, Output, e.read), e.write)
		})
	}
}

func TestCapture(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Project, c *Capture, w *os.File) {
		f := follow(t, p, Query{Tail: -1})
		write(t, w, "one\n")
		f.expect("stdout:one")
		write(t, w, "\x1b[32mtwo\x1b[0m\r\nthr")
		f.expect("stdout:\x1b[32mtwo\x1b[0m")
		write(t, w, "ee\n")
		w.Close()
		if err := c.Finish(); err != nil {
			t.Error(err)
		}
		// The third line may have been shown unfinished on a slow machine.
		var got strings.Builder
		for e := f.next(); ; e = f.next() {
			got.WriteString(e.Text)
			if !e.Open {
				break
			}
		}
		if got.String() != "three" {
			t.Errorf("read %q", got.String())
		}
		if err := c.Finish(); err != nil {
			t.Errorf("second Finish: %v", err)
		}
		if _, err := c.file.Read(nil); err == nil {
			t.Error("file is still open")
		}
	})
}

func TestCaptureShowsUnfinishedLine(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Project, c *Capture, w *os.File) {
		f := follow(t, p, Query{Tail: -1})
		before := time.Now()
		write(t, w, "name? ")
		f.expect("stdout:name? …")
		if after := time.Since(before); after < showAfter {
			t.Errorf("shown after %v", after)
		}
		write(t, w, "joe")
		f.expect("stdout:+joe…")
		write(t, w, "\rdone")
		f.expect("stdout:done…")
		write(t, w, "!\n")
		f.expect("stdout:+!")
		write(t, w, "last")
		f.expect("stdout:last…")
		if err := c.Finish(); err != nil {
			t.Error(err)
		}
		f.expect("stdout:+")
	})
}

// TestCaptureShowsWhatNeverRests: a line that is added to all the time is shown as well.
func TestCaptureShowsWhatNeverRests(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Project, c *Capture, w *os.File) {
		f := follow(t, p, Query{Tail: -1})
		stop := make(chan struct{})
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			for {
				select {
				case <-stop:
					return
				default:
					io.WriteString(w, "10%\r")
				}
			}
		}()
		f.expect("stdout:10%…", "stdout:10%…")
		close(stop)
		<-stopped
		if err := c.Finish(); err != nil {
			t.Error(err)
		}
	})
}

func TestFinishDrains(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Project, c *Capture, w *os.File) {
		var want []string
		for i := range 10_000 {
			want = append(want, fmt.Sprintf("%d %s", i, strings.Repeat("x", 100)))
		}
		write(t, w, strings.Join(want, "\n")) // the last one without its newline
		w.Close()
		if err := c.Finish(); err != nil {
			t.Fatal(err)
		}
		if got := texts(t, p); !slices.Equal(want, got) {
			t.Errorf("%d lines of %d", len(got), len(want))
		}
	})
}

func TestFinishWithWriterLeft(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Project, c *Capture, w *os.File) {
		write(t, w, "one\ntwo")
		if err := c.Finish(); err != nil { // w is still open: reading would block, not end
			t.Fatal(err)
		}
		if diff := gocmp.Diff([]string{"one", "two"}, texts(t, p)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func TestFinishCutsOffWhoWritesOn(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Project, c *Capture, w *os.File) {
		f := follow(t, p, Query{Tail: 0})
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			for {
				if _, err := w.Write(bytes.Repeat([]byte("x\n"), 2000)); err != nil {
					return
				}
			}
		}()
		f.next()
		f.cancel()
		if err := c.Finish(); err != nil {
			t.Error(err)
		}
		w.Close()
		<-stopped
	})
}

func TestCaptureKeepsFileOpenAfterItsEnd(t *testing.T) {
	// Closing a terminal's master hangs up its session: a service that closed its own outputs would be killed.
	onBoth(t, func(t *testing.T, _ *Project, c *Capture, w *os.File) {
		w.Close()
		<-c.done
		if _, err := c.file.Stat(); err != nil {
			t.Errorf("closed: %v", err)
		}
		if err := c.Finish(); err != nil {
			t.Error(err)
		}
	})
}

func TestCaptureTwoStreams(t *testing.T) {
	p := OpenProject(t.TempDir(), DefaultLimits())
	defer p.Close()
	l := p.Service("web")
	out, errs := channels["pipe"](t), channels["pipe"](t)
	stdout, stderr := l.Capture(7, Output, out.read), l.Capture(7, Stderr, errs.read)
	f := follow(t, p, Query{Tail: -1})
	write(t, out.write, "out\n")
	f.expect("stdout:out")
	write(t, errs.write, "err\n")
	f.expect("stderr:err")
	out.write.Close()
	errs.write.Close()
	for _, c := range []*Capture{stdout, stderr} {
		if err := c.Finish(); err != nil {
			t.Error(err)
		}
	}
}

// TestCaptureIgnoresTheDisk: a service goes on printing when the disk is full.
func TestCaptureIgnoresTheDisk(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Project, c *Capture, w *os.File) {
		c.log.mu.Lock()
		c.log.store.open = (&smallDisk{}).open
		c.log.mu.Unlock()
		for range 1000 {
			write(t, w, strings.Repeat("x", 1023)+"\n")
		}
		w.Close()
		if err := c.Finish(); err != nil {
			t.Error(err)
		}
		if trouble(c.log) == nil {
			t.Error("no trouble")
		}
		if c.log.loss.lines != 1000 {
			t.Errorf("%d lines counted as lost", c.log.loss.lines)
		}
	})
}

// TestCaptureIsQuiet: with nothing unfinished no deadline is set, and no buffer is held.
func TestCaptureIsQuiet(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Project, c *Capture, w *os.File) {
		f := follow(t, p, Query{Tail: -1})
		write(t, w, strings.Repeat("x", 3000)+"\n")
		f.next()
		write(t, w, "line\n")
		f.expect("stdout:line")
		if err := c.Finish(); err != nil {
			t.Error(err)
		}
		if c.armed || c.block != nil || !c.unseen.IsZero() {
			t.Errorf("armed %v, block %v, unseen %v", c.armed, c.block != nil, c.unseen)
		}
	})
}

func TestCaptureOfOneLongLine(t *testing.T) {
	p := OpenProject(t.TempDir(), DefaultLimits())
	defer p.Close()
	e := channels["pipe"](t)
	c := p.Service("web").Capture(1, Output, e.read)
	chunk := strings.Repeat("x", 1<<20)
	for range 64 {
		write(t, e.write, chunk)
	}
	e.write.Close()
	if err := c.Finish(); err != nil {
		t.Fatal(err)
	}
	got, err := readAll(p, Query{Tail: -1})
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range got {
		if len(line.Text) != maxText {
			t.Errorf("a line of %d bytes", len(line.Text))
		}
	}
	if len(got) < 300 { // of 1024, what three or four segments of 8 MiB hold
		t.Errorf("%d lines are left", len(got))
	}
}

// TestDrainIsBounded: what never would block is given up. Reading /dev/zero never does.
func TestDrainIsBounded(t *testing.T) {
	p := OpenProject(t.TempDir(), DefaultLimits())
	defer p.Close()
	zero, err := os.Open("/dev/zero")
	if err != nil {
		t.Fatal(err)
	}
	defer zero.Close()
	c := &Capture{log: p.Service("web"), run: 1, src: Output, drain: true}
	if !c.readable(zero.Fd(), c.take) || c.drained < drainBytes || c.drained > drainBytes+readSize {
		t.Errorf("ended after %d bytes", c.drained)
	}
}

// TestArmLeavesFinishsDeadline: the goroutine must not replace the deadline that Finish ends it with.
func TestArmLeavesFinishsDeadline(t *testing.T) {
	e := channels["pipe"](t)
	defer e.read.Close()
	defer e.write.Close()
	c := &Capture{file: e.read, finishing: true, unseen: time.Now()}
	if c.arm(); c.armed {
		t.Error("a deadline was set")
	}
	c.finishing = false
	if c.arm(); !c.armed {
		t.Error("no deadline was set")
	}
}
