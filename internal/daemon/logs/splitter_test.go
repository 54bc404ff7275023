package logs

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sink notes records as kind and text.
type sink struct{ records []string }

func (s *sink) record(k kind, text []byte) {
	s.records = append(s.records, string(k)+string(text))
}

// joined is what a reader makes of the records.
func (s *sink) joined() []string {
	var lines []string
	open := ""
	for _, r := range s.records {
		switch k, text := kind(r[0]), r[1:]; k {
		case begin:
			open = text
		case proceed:
			open += text
		case finish:
			lines, open = append(lines, open+text), ""
		default:
			lines, open = append(lines, text), ""
		}
	}
	return lines
}

func split(input string) []string {
	var s splitter
	var to sink
	s.write([]byte(input), &to)
	s.end(&to)
	return to.records
}

func TestSplitter(t *testing.T) {
	long := strings.Repeat("x", maxText)
	tests := map[string]struct {
		in   string
		want []string
	}{
		"nothing":                     {"", nil},
		"lines":                       {"one\ntwo\n", []string{"=one", "=two"}},
		"empty lines":                 {"\n\na\n\n", []string{"=", "=", "=a", "="}},
		"no newline at the end":       {"one\ntwo", []string{"=one", "=two"}},
		"tab":                         {"a\tb\n", []string{"=a\tb"}},
		"terminal line ends":          {"one\r\ntwo\r\r\n", []string{"=one", "=two"}},
		"return rewrites":             {"10%\r50%\r100%\n", []string{"=100%"}},
		"shorter text rewrites too":   {"downloading\rdone\n", []string{"=done"}},
		"return at the end stays":     {"text\r", []string{"=text"}},
		"return before erase":         {"10%\r\x1b[K100%\n", []string{"=100%"}},
		"erase before return":         {"| work\x1b[2K\x1b[1G/ work\x1b[2K\x1b[G- work\n", []string{"=- work"}},
		"cursor to column 1 at end":   {"text\x1b[1G\n", []string{"=text"}},
		"cursor to column 10":         {"a\x1b[10Gb\n", []string{"=ab"}},
		"colour":                      {"\x1b[1;31mred\x1b[0m\x1b[m x\n", []string{"=\x1b[1;31mred\x1b[0m\x1b[m x"}},
		"colour with colons":          {"\x1b[38:2::1:2:3mx\n", []string{"=\x1b[38:2::1:2:3mx"}},
		"keyboard mode is no colour":  {"\x1b[>4;2mx\x1b[?4my\n", []string{"=xy"}},
		"colour with an intermediate": {"\x1b[1 mx\n", []string{"=x"}},
		"colour too long":             {"\x1b[" + strings.Repeat("1;", 40) + "mx\n", []string{"=x"}},
		"cursor and screen":           {"\x1b[2J\x1b[H\x1b[?25l\x1b[3Aa\x1bcb\x1b7\x1b(Bc\x1b[ qd\n", []string{"=abcd"}},
		"title ended by BEL":          {"\x1b]0;title\x07a\n", []string{"=a"}},
		"title ended by ST":           {"\x1b]0;title\x1b\\a\n", []string{"=a"}},
		"DCS APC PM SOS":              {"\x1bPq#0\x1b\\a\x1b_G\x1b\\b\x1b^p\x1b\\c\x1bXs\x1b\\d\n", []string{"=abcd"}},
		"string cancelled":            {"\x1b]0;a\x18b\x1bPa\x1ac\n", []string{"=bc"}},
		"string ended by a sequence":  {"\x1b]0;a\x1b[1mb\n", []string{"=\x1b[1mb"}},
		"unterminated ends with line": {"\x1b]0;title\nnext\n\x1b[12\nlast\n", []string{"=", "=next", "=", "=last"}},
		"ESC at the end":              {"a\x1b", []string{"=a"}},
		"ESC ESC":                     {"\x1b\x1b[1mx\n", []string{"=\x1b[1mx"}},
		"broken sequence":             {"\x1b[1\xffx\x1b\xffy\x1b(\xffz\n", []string{"=\xffx\xffy\xffz"}},
		"sequence without end": {
			"\x1b[" + strings.Repeat("1", maxSequence) + "ab\n",
			[]string{"=1ab"},
		},
		"controls":                     {"a\x00b\x01\x07\x0b\x0c\x0e\x1f\x7fc\n", []string{"=abc"}},
		"backspace":                    {"abc\b\bX\n", []string{"=aX"}},
		"backspace over a character":   {"aé€😀\b\b\bX\n", []string{"=aX"}},
		"backspace at the start":       {"\b\bx\n", []string{"=x"}},
		"backspace after a return":     {"abc\r\bx\n", []string{"=x"}},
		"backspace behind a colour":    {"ab\x1b[0m\bX\n", []string{"=a\x1b[0mX"}},
		"bold of a manual page":        {"a\bab\bb\n", []string{"=ab"}},
		"backspace over an m":          {"\x1b[1mm\b\n", []string{"=\x1b[1m"}},
		"C1 in UTF-8":                  {"a\u0085b\u0080c\n", []string{"=abc"}},
		"CSI in UTF-8":                 {"\u009b31mred\u009b2Jx\n", []string{"=\x1b[31mredx"}},
		"OSC in UTF-8":                 {"\u009d0;title\x07x\n", []string{"=x"}},
		"other characters from U+00A0": {"50 °C £ ·\n", []string{"=50 °C £ ·"}},
		"lead byte, then text":         {"\xc2x\n", []string{"=\xc2x"}},
		"lead byte, control, C1":       {"\xc2\x07\x85x\n", []string{"=x"}},
		"lead byte at the end":         {"a\xc2\n", []string{"=a\xc2"}},
		"invalid UTF-8":                {"\xff\xfe\xe2\x82\n", []string{"=\xff\xfe\xe2\x82"}},
		"longest line":                 {long + "\n", []string{"=" + long}},
		"line too long":                {long + "y\n", []string{"\\" + long, "=y"}},
		"twice too long":               {long + long + "y", []string{"\\" + long, "\\" + long, "=y"}},
		"a character is not cut":       {long[1:] + "é\n", []string{"\\" + long[1:], "=é"}},
		"a colour is not cut":          {long[2:] + "\x1b[1mz\n", []string{"\\" + long[2:], "=\x1b[1mz"}},
		"return in the second piece":   {long + "y\rz\n", []string{"\\" + long, "=z"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, split(test.in)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestSplitterShowsUnfinishedLines(t *testing.T) {
	const show = "\xf5" // not part of any UTF-8 text: here, the moment of showing what there is
	tests := map[string]struct {
		in   string
		want []string
	}{
		"prompt":                {"name? " + show + "joe\n", []string{"(name? ", ")joe"}},
		"prompt and nothing":    {"name? " + show + "\n", []string{"(name? ", ")"}},
		"twice":                 {"a" + show + "b" + show + "c\n", []string{"(a", "-b", ")c"}},
		"nothing new":           {"a" + show + show + "\n" + show, []string{"(a", ")"}},
		"return":                {"10%" + show + "\r20%" + show + "\r30%\n", []string{"(10%", "(20%", "=30%"}},
		"return, not rewritten": {"10%\r" + show + "\n", []string{"(10%", ")"}},
		"backspace over shown":  {"abc" + show + "\bd\n", []string{"(abc", "=abd"}},
		"backspace over unseen": {"abc" + show + "d\be\n", []string{"(abc", ")e"}},
		"erased altogether":     {"a" + show + "\b" + show + "\n", []string{"(a", "="}},
		"half a character":      {"a\xe2\x82" + show + "\xac\n", []string{"(a", ")€"}},
		"half a character only": {"\xe2" + show + "\x82\xac\n", []string{"=€"}},
		"half a C1":             {"a\xc2" + show + "\x85b\n", []string{"(a", ")b"}},
		"inside a sequence":     {"a\x1b[3" + show + "1mb\n", []string{"(a", ")\x1b[31mb"}},
		"no newline at the end": {"a" + show + "b", []string{"(a", ")b"}},
		"too long": {
			"a" + show + strings.Repeat("x", maxText) + "\n",
			[]string{"(a", ")" + strings.Repeat("x", maxText-1), "=x"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var s splitter
			var to sink
			for i, part := range strings.Split(test.in, show) {
				if i > 0 {
					s.show(&to)
				}
				s.write([]byte(part), &to)
			}
			s.end(&to)
			if diff := cmp.Diff(test.want, to.records); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

var splitterSeeds = []string{
	"one\ntwo\r\nthree", "10%\r20%\r\n", "\x1b[1;31mred\x1b[0m\n", "\x1b]0;t\x07\x1bPq\x1b\\x\n", "a\bb\xc2\x9b1mé\n",
	"\xc2\x07\x85", "\x1b[2Kx\x1b[Gy", "\x1b(B\x1b[m\x00\x7f", "\xe2\x82\xac\b\b", "\x1b]\n\x1b[\n\x1b\n",
}

// FuzzSplitterChunks: it makes no difference how the input is cut into blocks, or when an unfinished line is shown.
func FuzzSplitterChunks(f *testing.F) {
	for i, seed := range splitterSeeds {
		f.Add([]byte(seed), uint64(i), uint16(0))
		f.Add([]byte(seed), uint64(i), uint16(maxText-3))
	}
	long := bytes.Repeat([]byte("x"), maxText)
	f.Fuzz(func(t *testing.T, input []byte, seed uint64, before uint16) {
		var one splitter
		var want sink
		one.write(long[:before], &want) // so that the input reaches where a line is cut
		one.write(input, &want)
		one.end(&want)

		var s splitter
		var got sink
		s.write(long[:before], &got)
		random := rand.New(rand.NewPCG(seed, 0))
		largest := []int{1, 3, 100, 100_000}[random.IntN(4)]
		for p := input; len(p) > 0; {
			n := 1 + random.IntN(min(len(p), largest))
			s.write(bytes.Clone(p[:n]), &got)
			p = p[n:]
			if random.IntN(4) == 0 {
				s.show(&got)
			}
		}
		s.end(&got)
		if want, got := want.joined(), got.joined(); !slices.Equal(want, got) {
			t.Errorf("-in one block +in many:\n%s", cmp.Diff(want, got))
		}
	})
}

var colourSequence = regexp.MustCompile(`\x1b\[[0-9;:]*m`)

// FuzzSplitterOutput: no record holds what must not be in a log of lines, and memory is bounded.
func FuzzSplitterOutput(f *testing.F) {
	for _, seed := range splitterSeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		var s splitter
		var to sink
		s.write(input, &to)
		if cap(s.line) > 2*maxText {
			t.Errorf("holds %d bytes", cap(s.line))
		}
		s.show(&to)
		s.end(&to)
		for _, r := range to.records {
			if err := forbidden(r[1:]); err != nil {
				t.Errorf("%q: %v", r, err)
			}
		}
	})
}

func forbidden(text string) error {
	if len(text) > maxText {
		return fmt.Errorf("%d bytes", len(text))
	}
	text = colourSequence.ReplaceAllString(text, "|")
	for i, c := range []byte(text) {
		if c < 0x20 && c != '\t' || c == 0x7f {
			return fmt.Errorf("byte %#x at %d", c, i)
		}
		if 0x80 <= c && c <= 0x9f && i > 0 && text[i-1] == c1Lead {
			return fmt.Errorf("C1 %#x at %d", c, i)
		}
	}
	return nil
}

func TestSplitterMemoryIsBounded(t *testing.T) {
	inputs := map[string]string{
		"a line without end":     "x",
		"a title without end":    "\x1b]0;x",
		"parameters without end": "\x1b[1;",
		"colours without end":    "\x1b[m",
		"backspaces without end": "\x1b[m\b",
		"returns without end":    "x\r",
		"half characters":        "\xe2\x82",
		"nothing but controls":   "\x00\x01",
		"C1 without end":         "\u009d",
		"intermediates of ESC (": "\x1b(((((((",
	}
	for name, unit := range inputs {
		t.Run(name, func(t *testing.T) {
			chunk := bytes.Repeat([]byte(unit), readSize/len(unit))
			var s splitter
			var to longest
			for range 64 * maxText / readSize { // enough for anything unbounded to show

				s.write(chunk, &to)
			}
			s.end(&to)
			if cap(s.line) > 2*maxText || to.bytes > maxText {
				t.Errorf("line buffer of %d bytes, longest record %d bytes", cap(s.line), to.bytes)
			}
		})
	}
}

type longest struct{ bytes int }

func (l *longest) record(_ kind, text []byte) { l.bytes = max(l.bytes, len(text)) }

func TestSplitterDoesNotAllocatePerLine(t *testing.T) {
	lines := map[string]string{
		"plain":    "the quick brown fox jumps over the lazy dog\n",
		"terminal": "the quick brown fox jumps over the lazy dog\r\n",
		"coloured": "\x1b[32mINFO\x1b[0m the quick brown fox — 20 °C\n",
		"progress": "10%\r20%\x1b[K\r30%\n",
	}
	for name, line := range lines {
		t.Run(name, func(t *testing.T) {
			input := []byte(strings.Repeat(line, 1000))
			var s splitter
			var to longest
			if n := testing.AllocsPerRun(10, func() { s.write(input, &to) }); n != 0 {
				t.Errorf("%v allocations for 1000 lines", n)
			}
		})
	}
}
