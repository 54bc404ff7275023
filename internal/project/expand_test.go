package project

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// mark is what parseValue makes of an unquoted text without escapes.
func mark(text string) string { return strings.ReplaceAll(text, "$", "\x00") }

func TestExpand(t *testing.T) {
	look := mapLookup(map[string]string{"A": "1", "AB": "2", "_a9": "3", "EMPTY": "", "DOLLAR": "$A", "BRACE": "}"})
	tests := []struct{ text, want string }{
		{"", ""},
		{"$A", "1"},
		{"${A}", "1"},
		{"x${A}y$A-z", "x1y1-z"},
		{"$AB${A}B", "21B"},
		{"$_a9.$A/", "3.1/"},
		{"$EMPTY|${EMPTY}|", "||"},
		{"$DOLLAR", "$A"},
		{"$A$A", "11"},
		{"$$A", "$1"},

		{"$NONE", "$NONE"},
		{"${NONE}", "${NONE}"},
		{"$NONE$A", "$NONE1"},
		{"$1$0$-$?$!$", "$1$0$-$?$!$"},
		{"$é", "$é"},
		{"$(A) `A`", "$(A) `A`"},

		{"${NONE:-d}", "d"},
		{"${NONE-d}", "d"},
		{"${NONE:-}", ""},
		{"${EMPTY:-d}", "d"},
		{"${EMPTY-d}", ""},
		{"${A:-d}", "1"},
		{"${A-d}", "1"},
		{"${NONE:-a b:c-d#e}", "a b:c-d#e"},
		{"${NONE:-$A}", "1"},
		{"${NONE:-<${A}>}x", "<1>x"},
		{"${NONE:-${NEITHER:-${A}}}", "1"},
		{"${NONE:-${NEITHER}}", "${NEITHER}"},
		{"${NONE:-${NEITHER-}}|", "|"},
		{"${NONE:-}}", "}"},
		{"${A:-$BRACE}", "1"},
		{"${NONE:-$BRACE}", "}"},

		{"${}", "${}"},
		{"${A", "${A"},
		{"${A$AB", "${A2"},
		{"${A:-$AB", "${A:-2"},
		{"${A:-${AB}", "${A:-2"},
		{"${A:=1}", "${A:=1}"},
		{"${A:+1}", "${A:+1}"},
		{"${A+1}", "${A+1}"},
		{"${A:1}", "${A:1}"},
		{"${A%x}${#A}${!A}", "${A%x}${#A}${!A}"},
		{"${ A }", "${ A }"},
		{"{$A}", "{1}"},
	}
	for _, test := range tests {
		if got := expanded(t, look, mark(test.text)); got != test.want {
			t.Errorf("%s = %s, want %s", test.text, got, test.want)
		}
	}
}

func TestExpandEscapedDollarInADefault(t *testing.T) {
	// The plain dollar comes from \$: it starts no reference.
	text := "\x00{NONE:-$A \x00{A}}"
	if got := expanded(t, mapLookup(map[string]string{"A": "1"}), text); got != "$A 1" {
		t.Errorf("got %q", got)
	}
}

func TestExpandNesting(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("${N:-", n) + "x" + strings.Repeat("}", n) }
	none := mapLookup(nil)
	if got := expanded(t, none, mark(nested(maxNesting))); got != "x" {
		t.Errorf("%d levels = %q, want x", maxNesting, got)
	}
	// Time and stack stay bounded for a whole file of them, closed or not.
	for _, text := range []string{
		nested(maxNesting + 1), nested(20_000), strings.Repeat("${N:-", 20_000),
	} {
		if got, err := parseTemplate(mark(text)); !errors.Is(err, errTooDeep) || got != nil {
			t.Errorf("%.40s…: %v, want %v", text, err, errTooDeep)
		}
	}
}

// expanded is a marked text after expansion.
func expanded(t *testing.T, look lookup, marked string) string {
	t.Helper()
	template, err := parseTemplate(marked)
	if err != nil {
		t.Fatalf("%q: %v", marked, err)
	}
	value, err := newExpansion(look).expand(template)
	if err != nil {
		t.Fatalf("%q: %v", marked, err)
	}
	return value
}

// TestIncompleteExpansionStartsNothing has everything that cannot be expanded to its end. The raw
// text in place of it would be another value than the approved one: with PATH=$TOOLS:$PATH as it is
// written, a directory called $TOOLS in the project would be searched for programs.
func TestIncompleteExpansionStartsNothing(t *testing.T) {
	doubling := "A0=" + strings.Repeat("x", 1000) + "\n"
	for i := range 100 {
		doubling += fmt.Sprintf("A%d=$A%d$A%d\n", i+1, i, i)
	}
	big := strings.Repeat("x", maxSubstituted/2+1)
	part, parts := big[:len(big)/6+1], strings.Repeat("$B", 6) // which fit into a file
	deep := strings.Repeat("${N:-", maxNesting+1) + "x" + strings.Repeat("}", maxNesting+1)
	tests := []struct {
		name  string
		files map[string]string
		shell []string
		where string
		hint  string
	}{
		{
			"lines that double each other",
			map[string]string{".env": doubling},
			nil,
			".env:11: A10 is not expanded", budgetHint,
		},
		{
			"a PATH after them",
			map[string]string{".env": "B=" + part + "\nC=" + parts + "\nPATH=" + parts + ":/bin\n"},
			nil,
			".env:3: PATH is not expanded", budgetHint,
		},
		{
			"in locald.toml", map[string]string{
				".env": "B=" + part + "\n",
				"locald.toml": "[services.web]\nenv = { C = \"" + parts + "\", PATH = \"" + parts +
					":/bin\" }\n",
			}, nil, "locald.toml:2: PATH is not expanded", budgetHint,
		},
		{
			"by the shell's values",
			map[string]string{".env": "C=$B\nPATH=$B\n"},
			[]string{"B=" + big},
			".env:2: PATH is not expanded", budgetHint,
		},
		{
			"deep",
			map[string]string{".env": "A=1\nPATH=" + deep + "\n"},
			nil,
			".env:2: the value of PATH has references more than 8 deep", nestingHint,
		},
		{
			"deep in locald.toml",
			map[string]string{"locald.toml": "[services.web]\nenv = { PATH = \"" + deep + "\" }\n"},
			nil, "locald.toml:2: the value of PATH has references more than 8 deep", nestingHint,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			spec, err := parse(t, test.files)
			if err == nil {
				_, err = spec.Environ(test.shell, Injection{Service: "web"})
			}
			refused, ok := errors.AsType[*ParseError](err)
			if !ok || !strings.HasPrefix(refused.Error(), test.where) || refused.Hint != test.hint {
				t.Errorf("%v, want %s", err, test.where)
			}
		})
	}
}
