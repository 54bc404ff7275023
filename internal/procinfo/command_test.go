package procinfo

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestProgramName(t *testing.T) {
	long := "/nix/store/" + strings.Repeat("x", maxCommand) + "/bin/zsh"
	for want, args := range map[string][]string{
		"":           nil,
		"zsh":        {long, "-i"},
		"bash":       {"-bash"},
		"fish":       {"/opt/homebrew/bin/fish", "--login"},
		"nginx:":     {"nginx: master process /usr/sbin/nginx"},
		"postgres:":  {"postgres: writer", "", "", ""},
		"My Shell":   {"/Applications/My Shell"},
		`"a\x1b[2K"`: {"a\x1b[2K"},
	} {
		var raw [][]byte
		for _, a := range args {
			raw = append(raw, []byte(a))
		}
		if got := programName(raw); got != want {
			t.Errorf("%q: %q, want %q", args, got, want)
		}
	}
	if got := programName([][]byte{{}, []byte("x")}); got != "" {
		t.Errorf("an empty first argument: %q", got)
	}
}

func TestCommandLine(t *testing.T) {
	for want, block := range map[string]string{
		"npm run dev":      "npm\x00run\x00dev\x00",
		"postgres: writer": "postgres: writer\x00\x00\x00\x00",
		"a  b":             "a\x00\x00b",
		"":                 "\x00\x00",
	} {
		if got := commandLine(splitStrings([]byte(block))); got != want {
			t.Errorf("%q: %q, want %q", block, got, want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"":              "",
		"npm start":     "npm start",
		"naïve ☃":       "naïve ☃",
		"a\x1b[2Kb\r":   `"a\x1b[2Kb\r"`,
		"two\nlines":    `"two\nlines"`,
		"\xff":          `"\xff"`,
		`say "yes"`:     `"say \"yes\""`,
		"\u202egpj.exe": `"\u202egpj.exe"`,
	} {
		if got := printable([]byte(in)); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
	long := printable([]byte(strings.Repeat("é", 100)))
	if n := utf8.RuneCountInString(long); n != maxCommand {
		t.Errorf("%d characters", n)
	}
}

func TestLookup(t *testing.T) {
	env := splitStrings([]byte("PATH=/bin\x00XLOCALD_RUN=no\x00LOCALD_RUNNER=no\x00LOCALD_RUN\x00" +
		"LOCALD_RUN=yes\x00LOCALD_RUN=late\x00"))
	if got := lookup(env, "LOCALD_RUN"); got != "yes" {
		t.Errorf("%q", got)
	}
	if got := lookup(env, "NONE"); got != "" {
		t.Errorf("%q", got)
	}
}

func TestSplitStrings(t *testing.T) {
	for in, want := range map[string][]string{
		"": {}, "\x00": {""}, "a\x00": {"a"}, "a\x00b": {"a", "b"},
		"a\x00\x00b\x00": {"a", "", "b"}, "A=cut o": {"A=cut o"},
	} {
		if got := texts(splitStrings([]byte(in))); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzCommand(f *testing.F) {
	f.Add([]byte("-zsh\x00-i\x00A=b\x00"))
	f.Add([]byte("\x00\x1b[2K"))
	f.Fuzz(func(t *testing.T, block []byte) {
		args := splitStrings(block)
		name := programName(args)
		if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q: a name %q that can move a cursor", block, name)
		}
		if value := lookup(args, "A"); value != "" && !strings.Contains(string(block), "A="+value) {
			t.Errorf("%q: A is %q", block, value)
		}
	})
}
