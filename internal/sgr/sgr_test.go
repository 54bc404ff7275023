package sgr

import "testing"

func TestStrip(t *testing.T) {
	for in, want := range map[string]string{
		"":                                 "",
		"as it is":                         "as it is",
		"\x1b[32mready\x1b[0m in 3 ms":     "ready in 3 ms",
		"\x1b[1;38;5;200mVITE\x1b[m":       "VITE",
		"\x1b[31m\x1b[1m":                  "",
		"an end that never comes \x1b[31;": "an end that never comes ",
		"no colour: \x1bm":                 "no colour: \x1bm",
	} {
		if got := Strip(in); got != want {
			t.Errorf("Strip(%q) = %q, want %q", in, got, want)
		}
	}
}
