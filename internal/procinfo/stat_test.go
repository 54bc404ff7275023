package procinfo

import (
	"testing"

	"github.com/locald/locald/internal/procid"
)

const statRest = " 4242 4711 4712 34816 4711 4194304 1 0 0 0 0 0 0 0 20 0 1 0 378872 1000 1\n"

func TestParseStat(t *testing.T) {
	states := map[string]bool{"S": false, "R": false, "T": false, "Z": true, "X": true}
	for name, zombie := range states {
		got, ok := parseStat(7, []byte("7 (tmux: server)"+" "+name+statRest))
		want := Process{
			ID:     procid.Identity{PID: 7, Start: 378872},
			Parent: 4242, Group: 4711, Session: 4712, Terminal: true, Zombie: zombie,
		}
		if !ok || got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	for _, odd := range []string{
		"", "\n", "7", "7 (sh", "7 (sh)", "7 (sh) S 1 2 3", "7 (sh) S x 4711 4712 0" + statRest,
		"7 (sh) S 99999999999999999999" + statRest,
	} {
		if got, ok := parseStat(7, []byte(odd)); ok {
			t.Errorf("%q was read as %+v", odd, got)
		}
	}
	if got, _ := parseStat(7, []byte("7 (d) S 1 7 7 0"+statRest)); got.Terminal {
		t.Error("a daemon has no terminal")
	}
	odd := "7 (a) R 1 1 1) b\n) S" + statRest
	if got, ok := parseStat(7, []byte(odd)); !ok || got.Parent != 4242 {
		t.Errorf("a name like a line of its own: %+v", got)
	}
}

func FuzzStat(f *testing.F) {
	f.Add([]byte("7 (a) b) S" + statRest))
	f.Add([]byte(") "))
	f.Fuzz(func(t *testing.T, line []byte) {
		if got, ok := parseStat(7, line); ok && got.ID.PID != 7 {
			t.Errorf("%q: %+v", line, got)
		}
	})
}
