package project

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func cut(text string) dotenv {
	return cutDotenv(source{name: ".env", present: true, text: []byte(text)})
}

// values returns what a .env sets when nothing else is set.
func values(t *testing.T, text string) map[string]string {
	t.Helper()
	settings, err := cut(text).settings()
	if err != nil {
		t.Fatalf("%q is refused: %v", text, err)
	}
	vars := map[string]string{}
	e := newExpansion(mapLookup(vars))
	for _, s := range settings {
		value, err := e.expand(s.value)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		vars[s.name] = value
	}
	return vars
}

// TestValues holds what a value means. Most of it is godotenv's grammar: a new version of it must
// not change a line.
func TestValues(t *testing.T) {
	tests := []struct{ name, raw, want string }{
		{"plain", `a`, "a"},
		{"empty", ``, ""},
		{"blanks only", " \t ", ""},
		{"blanks around", "  a  ", "a"},
		{"blanks inside", "a b  c", "a b  c"},
		{"equals signs", "a=b==", "a=b=="},
		{"colon", "1:B", "1:B"},
		{"URL", "postgres://u:p@h:5432/d?x=1&y=2#z", "postgres://u:p@h:5432/d?x=1&y=2#z"},
		{"JSON", `{"a": "b", "c": [1]}`, `{"a": "b", "c": [1]}`},
		{"apostrophe inside", "don't", "don't"},
		{"quotes inside", `a"b"c`, `a"b"c`},
		{"backslash", `C:\new\table`, `C:\new\table`},
		{"backslash last", `a\`, `a\`},
		{"two backslashes", `a\\b`, `a\\b`},
		{"bytes that are no UTF-8", "p\xe4ss\xff", "p\xe4ss\xff"},
		{"beyond ASCII", "größe ✓", "größe ✓"},
		{"no-break space around", "\u00a0a\u00a0", "a"},

		{"comment", "a # c", "a"},
		{"comment after a tab", "a\t# c", "a"},
		{"first of two starts the comment", "a # b # c", "a"},
		{"comment only", " # c", ""},
		{"no comment without a blank", "a#b", "a#b"},
		{"hash first", "#fff", "#fff"},
		{"hash first, then a comment", "#fff # white", "#fff"},
		{"quotes in a comment", `a # it's "x`, "a"},

		{"double quotes", `"a b"`, "a b"},
		{"empty double quotes", `""`, ""},
		{"blanks kept", `" a "`, " a "},
		{"single inside double", `"it's"`, "it's"},
		{"hash inside", `"a # b"`, "a # b"},
		{"comment after the quote", `"a" # c`, "a"},
		{"comment right after the quote", `"a"#c`, "a"},
		{"blank after the quote", `"a"  `, "a"},
		{"newline", `"a\nb"`, "a\nb"},
		{"carriage return", `"a\rb"`, "a\rb"},
		{"tab is a t", `"a\tb"`, "atb"},
		{"unknown escape loses the backslash", `"\a\u00e9\x"`, "au00e9x"},
		{"escaped backslash", `"a\\b"`, `a\b`},
		{"escaped backslash before n", `"a\\nb"`, `a\nb`},
		{"two escaped backslashes before n", `"a\\\\n"`, `a\\n`},
		{"escaped backslash last", `"C:\\dir\\"`, `C:\dir\`},
		{"only a backslash", `"\\"`, `\`},
		{"escaped quote", `"a\"b"`, `a"b`},
		{"escaped quote last", `"say \"hi\""`, `say "hi"`},
		{"escaped quote first", `"\"hi\" he said"`, `"hi" he said`},
		{"only an escaped quote", `"\""`, `"`},
		{"escaped backslash and quote last", `"a\\\""`, `a\"`},
		{"JSON in double quotes", `"{\"a\":\"b\"}"`, `{"a":"b"}`},
		{"several lines", "\"a\nb\n\nc\"", "a\nb\n\nc"},
		{"backslash at a line's end", "\"a\\\nb\"", "a\nb"},
		{"bytes that are no UTF-8, quoted", "\"\xff\\\xfe\"", "\xff\xfe"},

		{"single quotes", `'a b'`, "a b"},
		{"empty single quotes", `''`, ""},
		{"nothing is an escape", `'a\nb\\c\"'`, `a\nb\\c\"`},
		{"backslash last in single quotes", `'C:\dir\'`, `C:\dir\`},
		{"double inside single", `'say "hi"'`, `say "hi"`},
		{"only a double quote", `'"'`, `"`},
		{"several lines in single quotes", "'a\nB=1\nc'", "a\nB=1\nc"},

		{"unknown name", `a$b`, `a$b`},
		{"password", `xTvDqw$27$Aa${x}`, `xTvDqw$27$Aa${x}`},
		{"dollar last", `a$`, `a$`},
		{"two dollars", `a$$b`, `a$$b`},
		{"command", `$(date) $(HOME)`, `$(date) $(HOME)`},
		{"backticks", "`date`", "`date`"},
		{"escaped dollar", `\$A \${A}`, `$A ${A}`},
		{"escaped dollar in double quotes", `"\$A"`, `$A`},
		{"backslash and escaped dollar", `"\\\$A"`, `\$A`},
		{"backslash and a reference", `"\\$A"`, `\$A`},
		{"dollar in single quotes", `'$A\$B'`, `$A\$B`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(map[string]string{"K": test.want}, values(t, "K="+test.raw)); diff != "" {
				t.Errorf("K=%s (-want +got):\n%s", test.raw, diff)
			}
			// Neighbours neither change a value nor suffer from it.
			want := map[string]string{"B": "1", "K": test.want, "Z": "2"}
			if diff := cmp.Diff(want, values(t, "B=1\r\nK="+test.raw+"\r\nZ=2")); diff != "" {
				t.Errorf("K=%s between others (-want +got):\n%s", test.raw, diff)
			}
		})
	}
}

func TestEntries(t *testing.T) {
	const noName = `.env:1: skipped: the text before "=" is not a name: use letters, digits and _, and do not begin with a digit`
	const noEquals = `.env:1: skipped: there is no "="`
	type at struct {
		Line int
		Name string
	}
	tests := []struct {
		name, text string
		want       []at
		warned     []string
	}{
		{"empty", "", nil, nil},
		{"line ends", "\n\r\n\r", nil, nil},
		{"comments", "# a\n  # B=1\n#C=1", nil, nil},
		{"lines are counted", "\n# x\nA=1\n\nB=2", []at{{3, "A"}, {5, "B"}}, nil},
		{"byte order mark", "\ufeffA=1", []at{{1, "A"}}, nil},
		{"CRLF", "A=1\r\nB=2\r\n", []at{{1, "A"}, {2, "B"}}, nil},
		{"lone CR", "A=1\rB=2\r", []at{{1, "A"}, {2, "B"}}, nil},
		{"lines after a long value", "A='1\n2\n3' # c\nB=1", []at{{1, "A"}, {4, "B"}}, nil},
		{"indented", " \tA=1", []at{{1, "A"}}, nil},
		{"blanks around", "A \t= 1", []at{{1, "A"}}, nil},
		{"export", "export A=1\nexport\tB=2\n  export  C = 3", []at{{1, "A"}, {2, "B"}, {3, "C"}}, nil},
		{"export as a name", "export=1\nexportA=2\nexport_B=3", []at{{1, "export"}, {2, "exportA"}, {3, "export_B"}}, nil},
		{"all of a name", "_aZ09=1", []at{{1, "_aZ09"}}, nil},
		{"twice", "A=1\nA=2", []at{{1, "A"}, {2, "A"}}, nil},
		{"no space", "A=1\nB=\nC=3", []at{{1, "A"}, {2, "B"}, {3, "C"}}, nil},

		{"no equals", "hello\nA=1", []at{{2, "A"}}, []string{noEquals}},
		{"only export", "export A\nA=1", []at{{2, "A"}}, []string{noEquals}},
		{"YAML", "A: 1\nB=1", []at{{2, "B"}}, []string{noEquals}},
		{"YAML with equals", "A: x=1\nB=1", []at{{2, "B"}}, []string{noName}},
		{"no name", "=1\nA=1", []at{{2, "A"}}, []string{noName}},
		{"export without a name", "export =1\nA=1", []at{{1, "export"}, {2, "A"}}, nil},
		{"dash", "A-B=1\nA=1", []at{{2, "A"}}, []string{noName}},
		{"dot", "a.b=1\nA=1", []at{{2, "A"}}, []string{noName}},
		{"digit first", "1A=1\nA=1", []at{{2, "A"}}, []string{noName}},
		{"two words", "K V=1\nA=1", []at{{2, "A"}}, []string{noName}},
		{"beyond ASCII", "É=1\nA=1", []at{{2, "A"}}, []string{noName}},
		{"bad name of a long value", "a-b='1\nC=2\n'\nA=1", []at{{4, "A"}}, []string{noName}},
		{"bad name of an open quote", "a-b=\"x\nA=1", []at{{2, "A"}}, []string{noName}},
		{"bad name of a quote with text", "a-b='x' y\nA=1", []at{{2, "A"}}, []string{noName}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file := cut(test.text)
			if file.refused != nil {
				t.Fatal(file.refused)
			}
			var got []at
			for _, e := range file.entries {
				got = append(got, at{e.line, e.name})
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.warned, texts(file.warned)); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDotenvRefuses(t *testing.T) {
	const open = "the quote that opens here is never closed"
	const after = "there is text after the closing quote that is not a comment"
	tests := []struct{ name, text, want string }{
		{"open double quote", "A=1\nS=\"hunter2\nB=1\n", ".env:2: " + open},
		{"open single quote", "S='hunter2", ".env:1: " + open},
		{"lone quote", "S='", ".env:1: " + open},
		{"the last quote is escaped", `S="hunter2\"`, ".env:1: " + open},
		{"text after a quote", "S='hunter2' hunter3", ".env:1: " + after},
		{"text right after a quote", `S="hunter2"hunter3`, ".env:1: " + after},
		{"two strings", `S='hunter2''hunter3'`, ".env:1: " + after},
		{"escaped single quote", `S='hunter\'2'`, ".env:1: " + after},
		{"an open quote that ends in the next line's", "A=1\nS=\"hunter2\nT=\"hunter3\"\n", ".env:2: " + after},
		{"NUL", "A=1\n\nS=hunter2\x00", ".env:3: there is a NUL byte in it"},
		{"NUL in a comment", "A=1\n#\x00", ".env:2: there is a NUL byte in it"},
		{"UTF-16", "\xff\xfeA\x00=\x001\x00", ".env:1: it is UTF-16"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := parse(t, map[string]string{".env": test.text})
			refused, ok := errors.AsType[*ParseError](err)
			if !ok {
				t.Fatalf("error = %v, want a *ParseError", err)
			}
			if refused.Error() != test.want || refused.Hint == "" {
				t.Errorf("error = %v (%s), want %s", refused, refused.Hint, test.want)
			}
			if strings.Contains(refused.Error()+refused.Hint, "hunter") {
				t.Error("the error holds a value")
			}
		})
	}
}

func TestPortWish(t *testing.T) {
	tests := []struct {
		name, env, local string
		want             int
		refused          string
	}{
		{"none", "A=1", "", 0, ""},
		{"a number", "PORT=3000", "", 3000, ""},
		{"quoted, blanks, comment", `PORT=" 3000 " # c`, "", 3000, ""},
		{"empty is unset", "PORT=", "", 0, ""},
		{"local wins", "PORT=3000", "PORT=4000", 4000, ""},
		{"local empty unsets", "PORT=3000", "PORT=", 0, ""},
		{"the last of a file wins", "PORT=3000\nPORT=3001", "", 3001, ""},
		{"local mends", "PORT=x", "PORT=4000", 4000, ""},
		{"from the file", "BASE=30\nPORT=${BASE}00", "", 3000, ""},
		{"with a default", "PORT=${PORT:-3000}", "", 3000, ""},
		{"lowest", "PORT=1", "", 1, ""},
		{"highest", "PORT=65535", "", 65535, ""},
		{"zero", "PORT=0", "", 0, ".env:1"},
		{"too high", "PORT=65536", "", 0, ".env:1"},
		{"negative", "A=1\nPORT=-1", "", 0, ".env:2"},
		{"signed", "PORT=+80", "", 0, ".env:1"},
		{"a word", "PORT=hunter2", "", 0, ".env:1"},
		{"a word in local", "PORT=3000", "\nPORT=hunter2", 0, ".env.local:2"},
		{"unknown name", "PORT=$NOBODY", "", 0, ".env:1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			spec, err := parse(t, map[string]string{".env": test.env, ".env.local": test.local})
			if test.refused == "" {
				if err != nil || spec.portWish != test.want {
					t.Errorf("portWish = %v, %v; want %d", spec, err, test.want)
				}
				return
			}
			want := test.refused + ": PORT is not a number from 1 to 65535"
			if _, ok := errors.AsType[*ParseError](err); !ok || err.Error() != want {
				t.Errorf("error = %v, want %s", err, want)
			}
		})
	}
}

// As many entries as there may be, and one more.
func TestEntriesAreBounded(t *testing.T) {
	most := strings.Repeat("A=1\n", maxEntries)
	if file := cut(most + "# the end\n"); file.refused != nil || len(file.entries) != maxEntries {
		t.Errorf("%d entries, %v", len(file.entries), file.refused)
	}
	err, _ := errors.AsType[*ParseError](cut(most + "B=1\n").refused)
	if err == nil || err.Line != maxEntries+1 || err.Reason != tooManyEntries {
		t.Errorf("%v, want line %d", err, maxEntries+1)
	}
}
