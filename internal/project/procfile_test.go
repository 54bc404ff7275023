package project

import (
	"errors"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locald/locald/internal/servicename"
)

func TestParseProcfile(t *testing.T) {
	long := strings.Repeat("n", servicename.MaxLen)
	web := []Service{{Name: "web", Command: "serve", Line: 1}}
	tests := []struct {
		name, text string
		want       []Service
		warned     []string
	}{
		{"one", "web: serve\n", web, nil},
		{"no line end", "web: serve", web, nil},
		{"no blank", "web:serve", web, nil},
		{"blanks at both ends", "web: \t serve \t\n", web, nil},
		{"no-break space", "web:\u00a0serve\u00a0\n", web, nil},
		{"byte order mark", "\ufeffweb: serve\n", web, nil},
		{"CRLF", "web: serve\r\nworker: work\r\n", []Service{{Name: "web", Command: "serve", Line: 1}, {Name: "worker", Command: "work", Line: 2}}, nil},
		{"order", "b: 1\na: 2\n", []Service{{Name: "b", Command: "1", Line: 1}, {Name: "a", Command: "2", Line: 2}}, nil},
		{"comments and empty lines", "# web: x\n\n  \n  # y: z\nweb: serve\n", []Service{{Name: "web", Command: "serve", Line: 5}}, nil},
		{"a comment's sign in a command", "web: a # b\n", []Service{{Name: "web", Command: "a # b", Line: 1}}, nil},
		{"shell text stays", `web: A=1 x "$B" '$C' \d && e | f; g &` + "\n", []Service{{Name: "web", Command: `A=1 x "$B" '$C' \d && e | f; g &`, Line: 1}}, nil},
		{"more colons", "web: a:b :c\n", []Service{{Name: "web", Command: "a:b :c", Line: 1}}, nil},
		{"all of a name", "aZ0_-9: x\n", []Service{{Name: "aZ0_-9", Command: "x", Line: 1}}, nil},
		{"dash first", "-a: x\n", []Service{{Name: "-a", Command: "x", Line: 1}}, nil},
		{"long name", long + ": x\n", []Service{{Name: long, Command: "x", Line: 1}}, nil},
		{"bytes that are no UTF-8", "# \xff\nweb: echo \xfe\n", []Service{{Name: "web", Command: "echo \xfe", Line: 2}}, nil},
		{"long line", "web: " + strings.Repeat("x", 200_000), []Service{{Name: "web", Command: strings.Repeat("x", 200_000), Line: 1}}, nil},

		{"too long name", "web: serve\n" + long + "n: x\n", web, []string{"P:2: skipped: the name is longer than 64 bytes"}},
		{"no colon", "web: serve\nhello\n", web, []string{`P:2: skipped: there is no ":": a service is "name: command"`}},
		{"merge conflict", "web: serve\n<<<<<<< HEAD\n", web, []string{`P:2: skipped: there is no ":": a service is "name: command"`}},
		{"indented", "web: serve\n  b: x\n", web, []string{"P:2: skipped: it is indented: a service starts in the first column"}},
		{"tab first", "web: serve\n\tb: x\n", web, []string{"P:2: skipped: it is indented: a service starts in the first column"}},
		{"blank before colon", "web: serve\nb : x\n", web, []string{`P:2: skipped: there is a blank before ":"`}},
		{"no name", "web: serve\n: x\n", web, []string{`P:2: skipped: there is no name before ":"`}},
		{"bad character", "web: serve\na.b: x\n", web, []string{`P:2: skipped: "." cannot be in a name: use letters, digits, _ and -`}},
		{"blank inside", "web: serve\na b: x\n", web, []string{`P:2: skipped: " " cannot be in a name: use letters, digits, _ and -`}},
		{"letter beyond ASCII", "web: serve\ncafé: x\n", web, []string{`P:2: skipped: "é" cannot be in a name: use letters, digits, _ and -`}},
		{"ESC", "web: serve\n\x1b[31m: x\n", web, []string{`P:2: skipped: "\x1b" cannot be in a name: use letters, digits, _ and -`}},
		{"second byte order mark", "web: serve\n\ufeffb: x\n", web, []string{`P:2: skipped: "\xef\xbb\xbf" cannot be in a name: use letters, digits, _ and -`}},
		{"broken byte", "web: serve\n\xff: x\n", web, []string{`P:2: skipped: "\xff" cannot be in a name: use letters, digits, _ and -`}},
		{"no command", "web: serve\nb:\nc:   \n", web, []string{"P:2: skipped: there is no command after b:", "P:3: skipped: there is no command after c:"}},
		{"NUL", "web: serve\nb: x\x00y\n", web, []string{"P:2: skipped: it holds a NUL byte"}},
		{"lone CR", "web: serve\nb: x\rc: y\n", web, []string{"P:2: skipped: it holds a carriage return: save the file with LF line ends"}},
		{"release", "release: migrate\nweb: serve\nrelease: again\n", []Service{{Name: "web", Command: "serve", Line: 2}}, []string{
			"P:1: skipped: release is a deploy step, not a service", "P:3: skipped: release is a deploy step, not a service",
		}},
		{"release is a whole name", "release2: x\nRelease: y\n", []Service{{Name: "release2", Command: "x", Line: 1}, {Name: "Release", Command: "y", Line: 2}}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, warned, err := parseProcfile("P", []byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("services (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.warned, texts(warned)); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseProcfileRefuses(t *testing.T) {
	none := `add a line such as "web: COMMAND"`
	tests := []struct {
		name, text, want, hint string
	}{
		{"empty", "", "P: it has no services", none},
		{"only comments", "# a\n\n", "P: it has no services", none},
		{"only release", "release: x\n", "P: it has no services (line 1 skipped: release is a deploy step, not a service)", none},
		{"nothing understood", "\nhello\nworld\n", `P: it has no services (line 2 skipped: there is no ":": a service is "name: command")`, none},
		{"lone CR all over", "a: x\rb: y\r", "P: it has no services (line 1 skipped: it holds a carriage return: save the file with LF line ends)", none},
		{"twice", "web: a\nb: x\nweb: c\n", "P:3: the name web is taken by line 1", "rename one of lines 1 and 3"},
		{"twice the same", "web: a\nweb: a\n", "P:2: the name web is taken by line 1", "rename one of lines 1 and 2"},
		{"one variable", "web-1: a\nweb_1: b\n", "P:2: web_1 and web-1 of line 1 would share the variable LOCALD_WEB_1_PORT", "rename one of lines 1 and 2"},
		{"one variable by case", "web: a\n\nWEB: b\n", "P:3: WEB and web of line 1 would share the variable LOCALD_WEB_PORT", "rename one of lines 1 and 3"},
		{"UTF-16", "\xff\xfew\x00e\x00b\x00", "P:1: it is UTF-16", "save it as UTF-8"},
		{"UTF-16 the other way", "\xfe\xff\x00w\x00e\x00b", "P:1: it is UTF-16", "save it as UTF-8"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := parseProcfile("P", []byte(test.text))
			refused, ok := errors.AsType[*ParseError](err)
			if !ok {
				t.Fatalf("error = %v, want a *ParseError", err)
			}
			if refused.Error() != test.want || refused.Hint != test.hint {
				t.Errorf("error = %v (%s)\nwant    %s (%s)", refused, refused.Hint, test.want, test.hint)
			}
		})
	}
}

func TestWarningsAreBounded(t *testing.T) {
	_, warned, err := parseProcfile("P", []byte("web: x\n"+strings.Repeat("?\n", 100_000)))
	if err != nil {
		t.Fatal(err)
	}
	if len(warned) != maxWarnings+1 || warned[maxWarnings].String() != "P: 99900 more warnings left out" {
		t.Errorf("%d warnings, the last %v", len(warned), warned[len(warned)-1])
	}
}

// What a regular expression says, which would take too long on the longest lines.
func TestMentionsPortAsAWord(t *testing.T) {
	word := regexp.MustCompile(`(^|[^A-Za-z0-9_])PORT($|[^A-Za-z0-9_])`)
	pieces := []string{"PORT", "PORT", "P", "_", "$", " ", "9", "é", "z", "{"}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		var command string
		for range random.IntN(8) {
			command += pieces[random.IntN(len(pieces))]
		}
		want := word.MatchString(command)
		if got := (Service{Command: command}).MentionsPort(); got != want {
			t.Fatalf("%q: %v, want %v", command, got, want)
		}
	}
}

func TestMentionsPort(t *testing.T) {
	for command, want := range map[string]bool{
		"serve -p $PORT":             true,
		"serve -p ${PORT}":           true,
		"serve -p ${PORT:-3000}":     true,
		`serve -a "127.0.0.1:$PORT"`: true,
		"PORT=1 serve":               true,
		"serve --port=PORT":          true,
		"node -e 'process.env.PORT'": true,
		"serve":                      false,
		"serve $PORTAL":              false,
		"serve $WEB_PORT":            false,
		"serve $port":                false,
		"serve ${PORT2}":             false,
		"export":                     false,
	} {
		if got := (Service{Command: command}).MentionsPort(); got != want {
			t.Errorf("MentionsPort of %q = %v", command, got)
		}
	}
}

func TestSpecServices(t *testing.T) {
	spec := mustParse(t, map[string]string{"Procfile": "web: a\nworker: b\n"})
	if diff := cmp.Diff([]string{"web", "worker"}, spec.Names()); diff != "" {
		t.Errorf("Names (-want +got):\n%s", diff)
	}
	if got, ok := spec.Service("worker"); !ok || got != (Service{Name: "worker", Of: "worker", Number: 1, Command: "b", Line: 2}) {
		t.Errorf("Service(worker) = %v, %v", got, ok)
	}
	if got, ok := spec.Service("wor"); ok {
		t.Errorf("Service(wor) = %v, want none", got)
	}
}

func TestWarningsOfAllFiles(t *testing.T) {
	spec := mustParse(t, map[string]string{
		"Procfile": "web: a\n?\n", "locald.toml": "[services.web]\ndepends_on = []\n", ".env": "A=1\nB\n", ".env.local": "\n\n1=2\n",
	})
	want := []string{
		`Procfile:2: skipped: there is no ":": a service is "name: command"`,
		`.env:2: skipped: there is no "="`,
		`.env.local:3: skipped: the text before "=" is not a name: use letters, digits and _, and do not begin with a digit`,
	}
	if diff := cmp.Diff(want, texts(spec.Warnings)); diff != "" {
		t.Errorf("Warnings (-want +got):\n%s", diff)
	}
}

func TestExampleProcfile(t *testing.T) {
	text, err := os.ReadFile("../../Procfile.example")
	if err != nil {
		t.Fatal(err)
	}
	services, warned, err := parseProcfile("Procfile", text)
	if err != nil || len(warned) != 0 {
		t.Fatalf("parseProcfile = %v, %v; want no warning", texts(warned), err)
	}
	var names []string
	for _, s := range services {
		names = append(names, s.Name)
	}
	if diff := cmp.Diff([]string{"web", "worker", "heartbeat"}, names); diff != "" {
		t.Errorf("services (-want +got):\n%s", diff)
	}
	if !services[0].MentionsPort() {
		t.Error("web does not show PORT")
	}
}
