package project

import (
	"strconv"
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
		if got := newExpansion(look).expand(parseTemplate(mark(test.text))); got != test.want {
			t.Errorf("%s = %s, want %s", test.text, got, test.want)
		}
	}
}

func TestExpandEscapedDollarInADefault(t *testing.T) {
	// The plain dollar comes from \$: it starts no reference.
	template := parseTemplate("\x00{NONE:-$A \x00{A}}")
	if got := newExpansion(mapLookup(map[string]string{"A": "1"})).expand(template); got != "$A 1" {
		t.Errorf("got %q", got)
	}
}

func TestExpandNesting(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("${N:-", n) + "x" + strings.Repeat("}", n) }
	none := mapLookup(nil)
	if got := newExpansion(none).expand(parseTemplate(mark(nested(maxNesting)))); got != "x" {
		t.Errorf("%d levels = %q, want x", maxNesting, got)
	}
	if got := newExpansion(none).expand(parseTemplate(mark(nested(maxNesting + 1)))); got != "${N:-x}" {
		t.Errorf("one level more = %q, want the innermost as written", got)
	}
	// Time and stack stay bounded for a whole file of them, closed or not.
	parseTemplate(mark(nested(20_000)))
	parseTemplate(mark(strings.Repeat("${N:-", 20_000)))
}

func TestExpansionOfLinesThatDoubleEachOther(t *testing.T) {
	env := "A0=" + strings.Repeat("x", 1000) + "\n"
	for i := range 100 {
		name, last := strconv.Itoa(i+1), strconv.Itoa(i)
		env += "A" + name + "=$A" + last + "$A" + last + "\n"
	}
	got := mustParse(t, map[string]string{".env": env}).Environ(nil, Injection{})
	size := 0
	for _, item := range got.List() {
		size += len(item)
	}
	if size > 2*maxSubstituted {
		t.Errorf("the environment has %d bytes", size)
	}
	want := ".env:11: A10 is not expanded: the references in these files expand to more than 1 MiB"
	if len(got.Warnings) == 0 || got.Warnings[0].String() != want {
		t.Errorf("warnings %v, want first %s", got.Warnings, want)
	}
}
