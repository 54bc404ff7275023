package plain

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestCommand(t *testing.T) {
	for in, want := range map[string]string{
		"npm run dev -- --port $PORT":  "npm run dev -- --port $PORT",
		`sed 's/\n/\\/' "$A" | cat -u`: `sed 's/\n/\\/' "$A" | cat -u`,
		"a  b":                         "a␣␣b",
		" a ":                          "␣a␣",
		"a\tb\x1b[2K\r\x7f":            `a\u{9}b\u{1b}[2K\u{d}\u{7f}`,
		"\xff\xc2":                     `\x{ff}\x{c2}`,
		"a\u00a0b\u3164c":              `a\u{a0}b\u{3164}c`,
		"a\u200b\u00ad\u202e\ufe0f":    `a\u{200b}\u{ad}\u{202e}\u{fe0f}`,
		"\U000e0041\u009b\u2800":       `\u{e0041}\u{9b}\u{2800}`,
		`echo \u{3164} \x{ff} \u3164`:  `echo \u{5c}u{3164} \u{5c}x{ff} \u3164`,
		"␣ … 5 more bytes …":           `\u{2423} \u{2026} 5 more bytes \u{2026}`,
		"c\u0430t":                     `c\u{430}t`,
		"\u0441\u043e\u0440\u0443 x":   `\u{441}\u{43e}\u{440}\u{443} x`,
		"echo привет":                  "echo привет",
		"прοвет.py":                    `\u{43f}\u{440}\u{3bf}\u{432}\u{435}\u{442}.py`,
		"すヘ すへ 日本カナ":                   `す\u{30d8} す\u{3078} 日本カナ`,
		"Ðx Đx":                        `\u{d0}x Đx`,
		"привет.py größe.py naïve":     "привет.py größe.py naïve",
		"gro\u0308ße":                  `gro\u{308}ße`,
		"日本語 カナ 한글":                    "日本語 カナ 한글",
		"a日b ノ":                        `a\u{65e5}b \u{30ce}`,
		"\uff52\uff4d \U0001d45f":      `\u{ff52}\u{ff4d} \u{1d45f}`,
		"\u037e \u2215 \u2212 \u2019":  `\u{37e} \u{2215} \u{2212} \u{2019}`,
		"\u05d0/\u0627":                `\u{5d0}/\u{627}`,
		"ı ſ \u212a \u2160":            `\u{131} \u{17f} \u{212a} \u{2160}`,
		"\u0660\u0967":                 `\u{660}\u{967}`,
		"\ufffd":                       `\u{fffd}`,
	} {
		if got := Marked(in); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
}

func TestCommandIsCut(t *testing.T) {
	for n, want := range map[int]string{
		1200:  strings.Repeat("x", 1200),
		1201:  strings.Repeat("x", 600) + "… 1 more bytes …" + strings.Repeat("x", 600),
		11200: strings.Repeat("x", 600) + "… 10,000 more bytes …" + strings.Repeat("x", 600),
	} {
		long := strings.Repeat("x", n)
		if got := Marked(long); got != want || Long(long) != (n > 1200) {
			t.Errorf("of %d bytes is shown: %s", n, got)
		}
	}
	// A character is not cut in two.
	wide := Marked("x" + strings.Repeat("日", 1000))
	if !utf8.ValidString(wide) || strings.Contains(wide, `\x{`) || !strings.Contains(wide, "… 1,803 more bytes …") {
		t.Errorf("a character is cut: %s", wide)
	}
}

func TestVisibleHidesNothing(t *testing.T) {
	for in, want := range map[string]string{
		"a\u3164b\u115f\uffa0":      `a\xe3\x85\xa4b\xe1\x85\x9f\xef\xbe\xa0`,
		"x\ufe0f\u2800\u00ad":       `x\xef\xb8\x8f\xe2\xa0\x80\xc2\xad`,
		"e\u0301":                   "e\u0301",
		"กี่":                       "กี่",
		"\u0301a":                   `\xcc\x81a`,
		"/\u0301":                   `/\xcc\x81`,
		"a\u0301\u0302\u0303\u0304": "a\u0301\u0302" + `\xcc\x83\xcc\x84`,
		"שלום":                      "שלום",
	} {
		if got := Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzJSON wants the same value, of which a terminal obeys nothing.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{"a", "\u009b2J", "\u202e\u3164", "\U000e0041", "\x7f\x1b", "é\u0301", "<&>\u2028"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var before, after string
		safe := JSON(text)
		if err := json.Unmarshal(text, &before); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(safe, &after); err != nil || before != after {
			t.Fatalf("%q reads as %q: %v", safe, after, err)
		}
		if strings.ContainsFunc(string(safe), func(r rune) bool { return !unicode.IsPrint(r) }) || Text(string(safe)) != string(safe) {
			t.Fatalf("%q is not safe to print", safe)
		}
	})
}
