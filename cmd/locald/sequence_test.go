package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/locald/locald/internal/testworld"
)

// tally checks that the lines of each run of each service come all, in order and once.
type tally struct {
	last    map[string]int    // "service run" → the number of its last line
	half    map[string]string // the same → a line that its program never ended
	open    map[string]string // the same → what is there of a line that has not ended yet
	problem string
}

func newTally() *tally {
	return &tally{last: map[string]int{}, half: map[string]string{}, open: map[string]string{}}
}

type tallied struct {
	Service, Stream, Line string
	Run                   int
	Open, Joins           bool
}

func (c *tally) add(l tallied) {
	if l.Stream == "locald" || c.problem != "" {
		return
	}
	key := fmt.Sprintf("%s %d", l.Service, l.Run)
	if l.Joins {
		l.Line = c.open[key] + l.Line
	}
	c.open[key] = ""
	if l.Open {
		c.open[key] = l.Line
		return
	}
	first, rest, _ := strings.Cut(l.Line, " ")
	n, err := strconv.Atoi(first)
	switch {
	case err == nil && n == c.last[key]+1 && strings.HasSuffix(rest, "lazy dog"):
		c.last[key] = n
	case err == nil && n == c.last[key]+1 && c.half[key] == "":
		c.half[key] = l.Line
	default:
		c.problem = fmt.Sprintf("%s: %q after line %d", key, l.Line, c.last[key])
	}
}

// reader is a client that reads logs over the wire.
type reader struct {
	conn   net.Conn
	frames *bufio.Reader
}

func reads(w *testworld.World, dir, body string) *reader {
	w.Helper()
	conn := dial(w, 2*time.Minute)
	request := fmt.Sprintf(`{"op":"logs","body":{"dir":%q,%s}}`, dir, body)
	if _, err := fmt.Fprintf(conn, "%s%s\n", hello, request); err != nil {
		w.Fatalf("%v", err)
	}
	return &reader{conn, bufio.NewReader(conn)}
}

// until tallies lines up to one that end accepts, or to the end of the stream.
func (r *reader) until(end func(*tally) bool) (*tally, error) {
	c := newTally()
	for {
		line, err := r.frames.ReadBytes('\n')
		if err != nil {
			return c, err
		}
		var frame struct {
			Ev  struct{ Lines []tallied }
			Err *struct{ Msg string }
			End json.RawMessage
		}
		switch err := json.Unmarshal(line, &frame); {
		case err != nil:
			return c, err
		case frame.Err != nil:
			return c, fmt.Errorf("%s", frame.Err.Msg)
		}
		for _, l := range frame.Ev.Lines {
			c.add(l)
		}
		if c.problem != "" {
			return c, fmt.Errorf("%s", c.problem)
		}
		if frame.End != nil || end != nil && end(c) {
			return c, nil
		}
	}
}

// TestEveryLine counts the lines of five services that print as fast as they can while others read
// badly.
func TestEveryLine(t *testing.T) {
	t.Parallel()
	const lines = 40_000 // 3 MiB of records: each log is rotated on the way, and none is cut
	w := newWorld(t)
	w.Write(filepath.Join(w.Home, ".config", "locald", "config.toml"), "log_limit = \"8MB\"\n")
	var procfile, settings strings.Builder
	for i := range 5 {
		end := "exit"
		if i == 0 {
			end = "killed"
		}
		fmt.Fprintf(&procfile, "s%d: exec service count %d %s\n", i, lines, end)
		fmt.Fprintf(&settings, "services.s%d.restart = \"no\"\n", i)
	}
	shop := w.Project("shop", "Procfile", procfile.String(), "locald.toml", settings.String())
	w.Output(shop, "locald", "status")
	reads(w, shop, `"tail":-1,"follow":true`) // never reads
	reads(w, shop, `"tail":-1,"follow":true`).conn.Close()
	w.Output(shop, "locald", "up", "--no-wait")
	followed, err := reads(w, shop, `"tail":-1,"follow":true,"while_up":true`).until(nil)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := reads(w, shop, `"tail":-1`).until(nil)
	if err != nil {
		t.Fatal(err)
	}
	rotated, _ := filepath.Glob(filepath.Join(w.Data(), "logs", "*", "s1.*.log"))
	if len(rotated) == 0 {
		t.Error("no log was rotated: this counts nothing across a rotation")
	}
	for who, c := range map[string]*tally{"the follower": followed, "the log": stored} {
		for i := range 5 {
			if n := c.last[fmt.Sprintf("s%d 1", i)]; n != lines {
				t.Errorf("%s has %d lines of s%d, want %d", who, n, i, lines)
			}
		}
		if got, want := c.half["s0 1"], fmt.Sprintf("%d the quick", lines+1); got != want {
			t.Errorf("the last words before SIGKILL are %q for %s, want %q", got, who, want)
		}
	}
}

// TestHundredFollowers have all the same lines, whoever else is there.
func TestHundredFollowers(t *testing.T) {
	t.Parallel()
	const lines = 2000
	w := newWorld(t)
	shop := w.Project("shop", "Procfile", fmt.Sprintf("s: service count %d exit\n", lines))
	w.Output(shop, "locald", "status")
	results := make(chan string, 100)
	var wg sync.WaitGroup
	for range cap(results) {
		r := reads(w, shop, `"tail":-1,"follow":true`)
		wg.Go(func() {
			c, err := r.until(func(c *tally) bool { return c.last["s 1"] == lines })
			if err != nil {
				results <- fmt.Sprintf("%v, after %d lines", err, c.last["s 1"])
			}
		})
	}
	w.Output(shop, "locald", "up")
	wg.Wait()
	close(results)
	for problem := range results {
		t.Error(problem)
	}
}

// TestNoLineThatWasSeenIsLost kills the daemon under a service that prints as fast as it can.
func TestNoLineThatWasSeenIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.Project("shop", "Procfile", "s: exec service count 40000 blocked\n")
	w.Output(shop, "locald", "up", "--no-wait")
	for run := 1; run <= 3; run++ {
		key := fmt.Sprintf("s %d", run)
		following := reads(w, shop, fmt.Sprintf(`"tail":-1,"follow":true,"run":%d`, run))
		c, err := following.until(func(c *tally) bool { return c.last[key] > 5000*run })
		if err != nil {
			t.Fatal(err)
		}
		seen := c.last[key]
		w.KillDaemon()
		w.Output(shop, "locald", "up", "--no-wait")
		stored, err := reads(w, shop, fmt.Sprintf(`"tail":-1,"run":%d`, run)).until(nil)
		if err != nil {
			t.Fatal(err)
		}
		if stored.last[key] < seen {
			t.Errorf("run %d: %d lines were shown, %d are left", run, seen, stored.last[key])
		}
	}
	w.Output(shop, "locald", "down", "--now")
}
