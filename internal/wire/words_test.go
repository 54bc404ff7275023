package wire_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/locald/locald/internal/wire"
)

// words are the values of all constants of each closed set, read from the source: a set that is
// listed once more is a list that lags behind.
func words(t *testing.T, file string) map[string][]string {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	sets := make(map[string][]string)
	ast.Inspect(tree, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		name, typed := spec.Type.(*ast.Ident)
		literal, isLiteral := spec.Values[0].(*ast.BasicLit)
		if typed && isLiteral && literal.Kind == token.STRING {
			word, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			sets[name.Name] = append(sets[name.Name], word)
		}
		return true
	})
	return sets
}

// What a client may meet in a field is written down for those who write one.
func TestWordsAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	sets := words(t, "words.go")
	if len(sets) < 7 {
		t.Fatalf("found only %d sets of words: %v", len(sets), sets)
	}
	for set, list := range sets {
		for _, word := range list {
			if word != "" && !strings.Contains(string(doc), "`"+word+"`") {
				t.Errorf("docs/protocol.md does not have `%s`, a %s", word, set)
			}
		}
	}
	for _, op := range wire.Names() {
		if !strings.Contains(string(doc), "`"+op+"`") {
			t.Errorf("docs/protocol.md does not have the operation `%s`", op)
		}
	}
}

// The daemon's packages have words of their own for what the wire tells of them, since they know no
// client; the API passes them on as they are.
func TestWordsAreTheDaemons(t *testing.T) {
	ours := words(t, "words.go")
	for _, tt := range []struct {
		set, file, theirs string
		alsoOurs          []string // what only the wire tells
	}{
		{"State", "../daemon/supervisor/machine.go", "State", nil},
		{"Trust", "../daemon/trust/trust.go", "Decision", []string{"unsafe", "gone", "unreadable"}},
		{"Failure", "../daemon/supervisor/runner.go", "Failure", nil},
	} {
		want := append(words(t, tt.file)[tt.theirs], tt.alsoOurs...)
		want = slices.DeleteFunc(want, func(word string) bool { return word == "" })
		have := ours[tt.set]
		slices.Sort(want)
		slices.Sort(have)
		if len(want) == 0 || !slices.Equal(have, want) {
			t.Errorf("%s: the wire has %q, %s has %q", tt.set, have, tt.file, want)
		}
	}
}

// Every code is in the table of exit statuses or is one of those that only a mistake of a client
// leads to, and the table of the commands has it.
func TestCodesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	codes := words(t, "errors.go")["Code"]
	if len(codes) < 15 {
		t.Fatalf("found only %q", codes)
	}
	for _, code := range codes {
		if !strings.Contains(string(doc), "`"+code+"`") {
			t.Errorf("docs/commands.md does not have `%s`", code)
		}
		if status := wire.Code(code).ExitStatus(); status == 0 {
			t.Errorf("%s leads to the exit status 0", code)
		}
	}
}

func TestExitCode(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{os.ErrClosed, 1},
		{wire.Usagef("no"), 2},
		{wire.Failuref("no"), 1},
		{&wire.Error{Code: wire.CodeTimeout}, 124},
		{&wire.Error{Code: "of_a_newer_daemon"}, 1},
	} {
		if got := wire.ExitCode(tt.err); got != tt.want {
			t.Errorf("ExitCode(%v) = %d, want %d", tt.err, got, tt.want)
		}
	}
}
