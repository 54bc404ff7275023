package term

import (
	"bytes"
	"slices"
	"strings"

	"github.com/locald/locald/internal/plain"
)

// Write is the gate: of all control characters only line ends, tabs and the colours of Paint reach
// the stream, and no character that cannot be seen. The rest is written as \xNN. So nothing that
// came from a command line, a file or a name is obeyed by a terminal, whoever has forgotten to make
// it safe. Each call is a text of its own.
func (p *Printer) Write(text []byte) (int, error) {
	if _, err := p.Writer.Write(p.gated(text)); err != nil {
		return 0, err
	}
	return len(text), nil
}

func (p *Printer) gated(text []byte) []byte {
	if !bytes.ContainsFunc(text, suspect) {
		return text
	}
	var b bytes.Buffer
	for len(text) > 0 {
		i := bytes.IndexAny(text, "\n\t\x1b")
		if i < 0 {
			i = len(text)
		}
		b.WriteString(plain.Text(string(text[:i])))
		text = text[i:]
		n := p.own(text)
		b.Write(text[:n])
		if n == 0 && len(text) > 0 {
			n = 1
			b.WriteString(plain.Text(string(text[:n])))
		}
		text = text[n:]
	}
	return b.Bytes()
}

// suspect reports whether there is anything to look at more closely.
func suspect(r rune) bool { return r != '\n' && (r < ' ' || r > '~') }

// own is how many bytes at the beginning of text are a line end, a tab, or a colour of ours.
func (p *Printer) own(text []byte) int {
	switch {
	case len(text) == 0:
		return 0
	case text[0] != '\x1b':
		return 1
	}
	inner, ok := bytes.CutPrefix(text, []byte("\x1b["))
	inner, _, ended := bytes.Cut(inner, []byte("m"))
	codes := strings.Split(string(inner), ";")
	if !ok || !ended || !p.Color || slices.ContainsFunc(codes, foreign) {
		return 0
	}
	return len("\x1b[") + len(inner) + len("m")
}

// foreign reports whether a code of SGR is none that Paint writes. Those that could hide a text are
// not among them: black, concealed, a background.
func foreign(code string) bool {
	const ours = " 0 1 2 22 31 32 33 34 35 36 92 93 94 95 96 "
	return code == "" || !strings.Contains(ours, " "+code+" ")
}
