package project

import (
	"errors"
	"slices"
	"strings"
	"testing"

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
		env := spec.Environ([]string{"A=1", "HOME=/h"}, Injection{Service: "web", Ports: map[string]int{"web": 1}})
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
		template := parseTemplate(mark(text))
		written := strings.ReplaceAll(text, "\x00", "$")
		if got := asWritten(template); got != written {
			t.Errorf("a template of %q reads %q", written, got)
		}
		// Where every name is its own reference, expanding changes nothing but the braces.
		self := func(name string) (string, bool) { return "$" + name, true }
		got := newExpansion(self).expand(template)
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
