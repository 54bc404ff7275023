package procid

import (
	"errors"
	"strings"
	"testing"
)

func TestStatStart(t *testing.T) {
	const rest = " S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 1000 1 1844"
	for _, name := range []string{"sh", "a) b) c", "tmux: server", "", ") S 9 9", "new\nline"} {
		fields := StatFields([]byte("7 (" + name + ")" + rest + "\n"))
		if got, err := StatStart(fields); err != nil || got != 4711 {
			t.Errorf("%q: start = %d, %v; want 4711", name, got, err)
		}
	}
}

// A line that cannot be read says nothing about the process: least of all that it has ended.
func TestMalformedIsNotGone(t *testing.T) {
	full := "7 (sh) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 "
	for _, line := range []string{
		"", "7 (sh", "7 (sh) S 1 2", full, full + "-1", full + "99999999999999999999",
	} {
		if _, err := StatStart(StatFields([]byte(line))); err == nil || errors.Is(err, ErrGone) {
			t.Errorf("%q: err = %v", line, err)
		}
	}
}

func FuzzStat(f *testing.F) {
	f.Add("7 (a) b) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 1000 1 1844\n")
	f.Add("7 (sh")
	f.Fuzz(func(t *testing.T, line string) {
		fields := StatFields([]byte(line))
		if _, err := StatStart(fields); err == nil && !strings.Contains(line, ")") {
			t.Errorf("%q has a start", line)
		}
	})
}
