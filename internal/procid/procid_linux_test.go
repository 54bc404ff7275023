package procid

import "testing"

func TestStartFromStat(t *testing.T) {
	line := "7 (a) b) c) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 1000 1 1844\n"
	if got, err := startFromStat([]byte(line)); err != nil || got != 4711 {
		t.Fatalf("start = %d, %v; want 4711", got, err)
	}
	for _, bad := range []string{"", "7 (sh", "7 (sh) S 1 2"} {
		if _, err := startFromStat([]byte(bad)); err == nil {
			t.Errorf("%q must be refused", bad)
		}
	}
}
