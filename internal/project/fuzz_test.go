package project

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/joho/godotenv"

	"github.com/locald/locald/internal/decisive"
	"github.com/locald/locald/internal/servicename"
)

func FuzzProcfile(f *testing.F) {
	for _, seed := range []string{
		"web: a\nworker: b\n", "\ufeffweb:a\r\n", "# c\n\n a: b\n", "a : b\nrelease: x\nw:\n", "a\x00: b\na: \x00", "a: 1\na: 2\n", "\xff\xfea", "a-b: 1\na_b: 2",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		services, warned, err := parseProcfile("Procfile", []byte(text))
		if err != nil {
			if _, ok := errors.AsType[*ParseError](err); !ok || len(services) != 0 {
				t.Fatalf("error %v with %d services", err, len(services))
			}
			return
		}
		last, names := 0, map[string]bool{}
		for _, s := range services {
			if s.Line <= last || servicename.Check(s.Name) != "" || names[s.Name] {
				t.Errorf("service %+v after line %d", s, last)
			}
			if s.Command == "" || strings.ContainsAny(s.Command, "\x00\n\r") || strings.Trim(s.Command, blanks) != s.Command {
				t.Errorf("command %q", s.Command)
			}
			last, names[s.Name] = s.Line, true
		}
		if lines := strings.Count(text, "\n") + 1; last > lines {
			t.Errorf("service in line %d of %d", last, lines)
		}
		for _, w := range warned {
			if strings.ContainsAny(w.String(), "\x1b\n\x00") {
				t.Errorf("warning %q", w)
			}
			if slices.ContainsFunc(services, func(s Service) bool { return s.Line == w.Line }) {
				t.Errorf("a service and a warning, %v, in one line", w)
			}
		}
	})
}

// fixedReasons are all that is said about the text of a .env. A reason made from the text would be
// a leak.
var fixedReasons = []string{
	`skipped: there is no "="`,
	`skipped: the text before "=" is not a name: use letters, digits and _, and do not begin with a digit`,
	"the quote that opens here is never closed",
	"there is text after the closing quote that is not a comment",
	"there is a NUL byte in it",
	"it is UTF-16",
}

func FuzzDotenv(f *testing.F) {
	for _, seed := range []string{
		"A=1\nB=2\n", "\ufeffexport A = 'x'\r\n", `A="a\"b\\" # c`, "A='\n'\nB=$A${A:-x}${B-$A}\n", "A=\\$x\n#\n=1\n1=2\nK V=1", "A=\"\\", "A=\xff\n", "A='x'y", "A=\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file := cut(text)
		last := 0
		for _, e := range file.entries {
			if e.line <= last || nameLength(e.name) != len(e.name) || e.name == "" {
				t.Errorf("entry %s in line %d after line %d", e.name, e.line, last)
			}
			last = e.line
		}
		reasons := texts(nil)
		for _, w := range file.warned {
			if w.Line != 0 {
				reasons = append(reasons, w.Reason)
			}
		}
		if refused, ok := errors.AsType[*ParseError](file.refused); ok {
			reasons = append(reasons, refused.Reason)
		}
		for _, reason := range reasons {
			if !slices.Contains(fixedReasons, reason) {
				t.Errorf("reason %q", reason)
			}
		}
		settings, err := file.settings()
		if err != nil {
			if file.refused == nil {
				t.Errorf("an entry was cut that godotenv refuses: %v", err)
			}
			return
		}
		spec := &Spec{Services: []Service{{Name: "web", Command: "x", Line: 1}}, settings: settings}
		in := Injection{Service: "web", Ports: map[string]int{"web": 1}}
		env, err := spec.Environ([]string{"A=1", "HOME=/h"}, in)
		if err != nil && len(text) < 1000 {
			t.Errorf("a short file cannot be expanded: %v", err)
		}
		for _, v := range env.Vars {
			if strings.IndexByte(v.Value, 0) >= 0 {
				t.Errorf("%s has a NUL", v.Name)
			}
		}
	})
}

// FuzzQuoting writes any value the way the documentation says and expects it back, byte for byte.
func FuzzQuoting(f *testing.F) {
	for _, seed := range []string{"", `C:\dir\`, `"`, `\"`, "a # b", "$A${B}", "\xff", "a\nb\n", " x ", `'`, "\u00a0", "\\\xff"} {
		f.Add(seed)
	}
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`)
	f.Fuzz(func(t *testing.T, value string) {
		if strings.ContainsAny(value, "\x00\r") {
			t.Skip("no environment holds a NUL, and line ends become LF")
		}
		if got := values(t, `K="`+escape.Replace(value)+`"`)["K"]; got != value {
			t.Errorf("double quoted: %q, want %q", got, value)
		}
		if strings.Contains(value, "'") {
			return
		}
		if got := values(t, "K='"+value+"' # c\nL=1")["K"]; got != value {
			t.Errorf("single quoted: %q, want %q", got, value)
		}
	})
}

func FuzzExpand(f *testing.F) {
	for _, seed := range []string{"$A", "${A}", "${A:-x}", "${A:-${B-$C}}", "${A", "${A:-$B", "$$", "a${1}", "}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		template, err := parseTemplate(mark(text))
		if err != nil {
			if template != nil || strings.Count(text, "{") <= maxNesting {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		written := strings.ReplaceAll(text, "\x00", "$")
		if got := asWritten(template); got != written {
			t.Errorf("a template of %q reads %q", written, got)
		}
		// Where every name is its own reference, expanding changes nothing but the braces.
		self := func(name string) (string, bool) { return "$" + name, true }
		got, err := newExpansion(self).expand(template)
		if (err != nil) != (got == "" && errors.Is(err, errTooMuch)) {
			t.Fatalf("%q, %v", got, err)
		}
		if !strings.ContainsAny(text, "{}") && got != written && len(text) < 1000 {
			t.Errorf("%q expands to %q", written, got)
		}
	})
}

func asWritten(t template) string {
	var b strings.Builder
	for _, p := range t {
		b.WriteString(p.text)
	}
	return b.String()
}

// FuzzUnquote compares what a value means with godotenv's own answer, where that is right: it takes
// away what it takes for a reference, for an escaped quote at the end, and what is no UTF-8.
func FuzzUnquote(f *testing.F) {
	for _, seed := range []string{
		"a", "'a'", `"a\nb\rc\td\\e"`, `"a\"b"`, "a#b", "a # b", `a\nb`, `'\'`, "\"a\nb\"", "a\u00a0", "#", `"\é"`,
		ordinary,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file := cut("V=" + text)
		if file.refused != nil || len(file.entries) != 1 || !utf8.ValidString(text) {
			return
		}
		raw := file.entries[0].raw
		if strings.Contains(raw, "$") || strings.HasSuffix(raw, `\""`) || strings.HasSuffix(raw, `\'`) ||
			strings.Contains(raw, `\\`) {
			return
		}
		vars, err := godotenv.Unmarshal("V=" + raw)
		if err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		if got, err := unquote(file.entries[0]); got != vars["V"] || err != nil {
			t.Errorf("%q means %q, to godotenv %q (%v)", raw, got, vars["V"], err)
		}
	})
}

// filesOf are a project's files without a disk.
func filesOf(procfile, toml, env, local string) *Files {
	has := func(name, text string) source { return source{name, text != "", []byte(text)} }
	return &Files{
		root:     "/home/me/shop",
		manifest: []source{{name: "Procfile.dev"}, has("Procfile", procfile), has("locald.toml", toml)},
		env:      []dotenv{cutDotenv(has(".env", env)), cutDotenv(has(".env.local", local))},
	}
}

// FuzzDigest plays with two contents: one of the fuzzer's, and the same with one entry changed, added
// or taken away, or two exchanged. If they have one digest, nothing that decides may differ in what
// the services get: neither a variable of a decisive name, nor one that a command uses, nor one whose
// value decides.
func FuzzDigest(f *testing.F) {
	toml := "[services.web]\nenv = { PATH = \"$TOOLS:/bin\", X = \"$Y\" }\n"
	for _, env := range []string{
		"TOOLS=a\nA=1\nY=b\n", "PATH=$A:$PATH\nA=$B\nB=$C\nC=1\nD=2\n", "A=1\nA=2\nRUN=$A\nA=./x\n",
		"A=${B:-${C-x}}/y\nB=1\nC=2\n", "A='x\ny'\nB=\"\\$A\"\nTOOLS=$A$B\n", "A=/\nB=${A}tmp\n",
	} {
		f.Add(env, "TOOLS=z\n", uint8(0), uint8(1))
		f.Add(env, "A=.\nB=--x\n", uint8(2), uint8(0))
	}
	f.Fuzz(func(t *testing.T, env, local string, i, k uint8) {
		const procfile = "web: $RUN serve\n"
		first := filesOf(procfile, toml, env, local)
		lines := strings.SplitAfter(env, "\n")
		a, b := int(i)%len(lines), int(k)%len(lines)
		swapped := slices.Clone(lines)
		swapped[a], swapped[b] = swapped[b], swapped[a]
		digest := first.Digest()
		for _, other := range []string{
			strings.Join(swapped, ""),
			strings.Join(slices.Delete(slices.Clone(lines), a, a+1), ""),
			strings.Join(slices.Insert(slices.Clone(lines), a, lines[b]), ""),
			strings.Join(slices.Insert(slices.Clone(lines), a, "A=$B\n"), ""),
			env + "\nTOOLS=q\n", env + "\nA=1\n", env + "\nB=../x\n", env + "\nRUN=$Y\n",
		} {
			second := filesOf(procfile, toml, other, local)
			if digest == second.Digest() {
				sameDecisions(t, first, second)
			}
		}
	})
}

// sameDecisions wants everything that decides to be the same for the services of two contents.
func sameDecisions(t *testing.T, a, b *Files) {
	t.Helper()
	one, errOne := decidingVariables(a)
	two, errTwo := decidingVariables(b)
	if errOne != nil || errTwo != nil {
		return // then one of them starts nothing
	}
	if !maps.Equal(one, two) {
		t.Errorf("one digest for %q and %q:\n%q\n%q", a.env[0].text, b.env[0].text, one, two)
	}
}

// decidingVariables are those that the files set for web and that decide, by the plainest rule: from
// the environment that web would get, whatever they are made of.
func decidingVariables(f *Files) (map[string]string, error) {
	spec, err := f.Parse()
	if err != nil {
		return nil, err
	}
	in := Injection{Project: "shop", Service: "web", Ports: map[string]int{"web": 1}}
	env, err := spec.Environ([]string{"PATH=/bin"}, in)
	if err != nil {
		return nil, err
	}
	deciding := map[string]string{}
	for _, v := range env.Vars {
		used := v.Name == "RUN" || decisive.ByName(v.Name) != "" ||
			decisive.ByValue(f.root, v.Name, v.Value) != ""
		if used && v.Source != sourceShell && v.Source != sourceLocald {
			deciding[v.Name] = v.Value
		}
	}
	return deciding, nil
}

// FuzzExpansion expands whole files: the same for the same files, within its bounds, and where it
// does not get to the end, an error and not one value.
func FuzzExpansion(f *testing.F) {
	for _, seed := range []string{
		"A=1\nB=$A$A\nC=$B$B\n", "A=${A:-$A}${B-${C:-x}}\n", "A=$B\nB=$A\n", "PATH=$A:$PATH\n",
		"A=${B:-${B:-${B:-${B:-${B:-${B:-${B:-${B:-${B:-x}}}}}}}}}\n",
	} {
		f.Add(seed, uint16(3))
		f.Add(seed, uint16(60_000))
	}
	f.Fuzz(func(t *testing.T, text string, size uint16) {
		files := filesOf("web: a\n", "", text, "")
		base := []string{"A=" + strings.Repeat("a", int(size)), "HOME=/h"}
		spec, err := files.Parse()
		if err != nil {
			return
		}
		in := Injection{Service: "web", Ports: map[string]int{"web": 1}}
		env, err := spec.Environ(base, in)
		again, errAgain := spec.Environ(base, in)
		if !slices.Equal(env.List(), again.List()) || (err == nil) != (errAgain == nil) {
			t.Fatalf("%q expands to one thing and then to another", text)
		}
		if err != nil {
			refused, ok := errors.AsType[*ParseError](err)
			if !ok || refused.Line == 0 || refused.Hint == "" || len(env.Vars) != 0 {
				t.Fatalf("%v with %d variables", err, len(env.Vars))
			}
			return
		}
		total := 0
		for _, v := range env.Vars {
			total += len(v.Value)
		}
		if total > maxSubstituted+len(text)+int(size)+1000 {
			t.Errorf("%d bytes", total)
		}
	})
}
