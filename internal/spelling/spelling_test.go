package spelling

import "testing"

func TestNearest(t *testing.T) {
	have := []string{"web", "worker", "db"}
	for typed, want := range map[string]string{
		"wbe": "web", "webb": "web", "workr": "worker", "web": "web",
		"database": "", "": "", "d": "", "x": "",
	} {
		if got := Nearest(typed, have); got != want {
			t.Errorf("%q is taken for %q, want %q", typed, got, want)
		}
	}
	if got := Nearest("web", nil); got != "" {
		t.Errorf("of nothing comes %q", got)
	}
}
