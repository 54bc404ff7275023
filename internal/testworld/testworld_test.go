package testworld

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
)

func TestWorldsShareNoPort(t *testing.T) {
	first, second := claim(t), claim(t)
	if distance := first - second; max(distance, -distance) < perBlock {
		t.Fatalf("one world has the ports from %d, another those from %d", first, second)
	}
	// Another process has no other way than this one.
	if l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", first)); err == nil {
		l.Close()
		t.Error("a block that is claimed can be claimed again")
	}
	w := &World{TB: t, first: first}
	leased := fmt.Sprintf("LOCALD_DEBUG_PORTS=%d-%d", first+unleased, first+perBlock-1)
	if leasedRange(w) != leased || !w.Owns(w.Port(1)) || w.Owns(first+perBlock) || w.Owns(first) {
		t.Errorf("the ports of a world are not those of its block: %s, want %s", leasedRange(w), leased)
	}
}

func TestPlay(t *testing.T) {
	var order []string
	note := func(word string) func() { return func() { order = append(order, word) } }
	for _, c := range []struct {
		name     string
		part     func(TB)
		failures int
		skipped  string
		order    string
	}{
		{"all is well", func(TB) { note("played")() }, 0, "", "played"},
		{"goes on after an error", func(t TB) { t.Errorf("a"); t.Errorf("b"); note("on")() }, 2, "", "on"},
		{"ends at a fatal one", func(t TB) { t.Fatalf("a"); note("on")() }, 1, "", ""},
		{"cannot be played", func(t TB) { t.Skipf("no %s", "redis"); note("on")() }, 0, "no redis", ""},
		{"panics", func(t TB) { t.Cleanup(note("clean")); panic(errors.New("oops")) }, 1, "", "clean"},
		{"cleans up backwards, whatever fails", func(t TB) {
			t.Cleanup(note("first"))
			t.Cleanup(func() { t.Fatalf("in between") })
			t.Cleanup(note("last"))
			t.Fatalf("a")
		}, 2, "", "last first"},
	} {
		order = nil
		got := Play(io.Discard, c.part)
		if len(got.Failures) != c.failures || got.Skipped != c.skipped {
			t.Errorf("%s: %+v, want %d failures, skipped %q", c.name, got, c.failures, c.skipped)
		}
		if !slices.Equal(order, strings.Fields(c.order)) {
			t.Errorf("%s: %v, want %s", c.name, order, c.order)
		}
	}
}
