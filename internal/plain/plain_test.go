package plain

import (
	"os/exec"
	"strings"
	"testing"
	"unicode"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"npm start":       "npm start",
		"a\tb":            `a\x09b`,
		"a\x1b[2Kb\r":     `a\x1b[2Kb\x0d`,
		"\xff":            `\xff`,
		"naïve ☃":         "naïve ☃",
		"\u202egpj.exe":   `\xe2\x80\xaegpj.exe`,
		"zero\u200bwidth": `zero\xe2\x80\x8bwidth`,
	} {
		if got := Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"größe":          "größe",
		"shop~3f2a":      `shop\x7e3f2a`,
		"a\tb":           `a\x09b`,
		`a\x1b`:          `a\x5cx1b`,
		"$(touch X)'\"`": "$(touch X)'\"`",
	} {
		if got := Visible(in, `/~\`); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWord(t *testing.T) {
	for in, want := range map[string]string{
		"/src/shop":       "/src/shop",
		"/src/my shop":    "'/src/my shop'",
		"/src/it's":       `'/src/it'\''s'`,
		"/src/$(touch X)": "'/src/$(touch X)'",
		"/src/a\n'":       `$'/src/a\x0a\x27'`,
		"NAME=a:b":        "NAME=a:b",
		"":                "''",
	} {
		if got := Word(in); got != want {
			t.Errorf("Word(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestTilde(t *testing.T) {
	for _, c := range []struct{ path, home, want string }{
		{"/home/a/src", "/home/a", "~/src"},
		{"/home/a", "/home/a", "~"},
		{"/home/ab", "/home/a", "/home/ab"},
		{"/etc", "/", "/etc"},
		{"/etc", "", "/etc"},
	} {
		if got := Tilde(c.path, c.home); got != c.want {
			t.Errorf("Tilde(%q, %q) = %q, want %q", c.path, c.home, got, c.want)
		}
	}
}

func TestPath(t *testing.T) {
	for path, want := range map[string]string{
		"/home/a/src":         "~/src",
		"/home/a/my src":      "'/home/a/my src'",
		"/home/a/$(touch X)":  "'/home/a/$(touch X)'",
		"/home/a/\x1b":        `$'/home/a/\x1b'`,
		"/etc/locald/c\u0430": "'/etc/locald/c\u0430'",
	} {
		if got := Path(path, "/home/a"); got != want {
			t.Errorf("Path(%q) = %s, want %s", path, got, want)
		}
	}
}

func TestList(t *testing.T) {
	if got := List(strings.Fields("a b c d e f")); got != "a, b, c, d, e, f" {
		t.Error(got)
	}
	if got := List(strings.Fields("a b c d e f g")); got != "a, b, c, d, e and 2 more" {
		t.Error(got)
	}
}

// FuzzWord wants a shell to read back what was quoted.
func FuzzWord(f *testing.F) {
	for _, s := range []string{"", "a", "a b", "it's", "a\nb", "\x1b", `\`, "$HOME", "-n", "\xff", "ß", "'\\\x01"} {
		f.Add(s)
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		f.Skip("bash is missing")
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsRune(s, 0) {
			return // no argument can hold one
		}
		word := Word(s)
		if strings.ContainsFunc(word, unicode.IsControl) {
			t.Fatalf("Word(%q) = %q, which a terminal would obey", s, word)
		}
		out, err := exec.Command(bash, "-c", "printf %s "+"a"+word).Output()
		if err != nil || string(out) != "a"+s {
			t.Fatalf("bash reads %s as %q, not %q (%v)", word, out, s, err)
		}
	})
}
