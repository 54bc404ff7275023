package term

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// LogLine is one line, or as much of it as there is.
type LogLine struct {
	Label  string // project/service
	Text   string
	Notice bool // the daemon's own words
	Open   bool // the rest comes later
	Joins  bool // continues the label's previous, open line
}

// Logs writes log lines with a prefix. A line that is not finished yet is
// shown as far as it goes; its rest is put behind it as long as nothing else
// was printed in between.
type Logs struct {
	out   *Printer
	buf   bytes.Buffer
	width int
	open  string // whose unfinished line the cursor stands in, "" for none
}

// NewLogs writes to out.
func NewLogs(out *Printer) *Logs { return &Logs{out: out, width: 10} }

// Measure makes room for a label before the first line is written.
func (l *Logs) Measure(label string) {
	l.width = max(l.width, utf8.RuneCountInString(label))
}

// Line adds one line; Flush writes what was added.
func (l *Logs) Line(line LogLine) {
	l.Measure(line.Label)
	same := l.open == line.Label
	switch {
	case same && line.Joins:
		l.text(line)
		return
	case same && l.out.TTY: // the line was rewritten by its program
		l.buf.WriteString("\r\x1b[K")
	case l.open != "":
		l.buf.WriteByte('\n')
	}
	l.prefix(line.Label)
	l.text(line)
}

func (l *Logs) prefix(label string) {
	l.buf.WriteString(l.out.Paint(StyleOf(label), Pad(label, l.width)+" |"))
	l.buf.WriteByte(' ')
}

func (l *Logs) text(line LogLine) {
	text := line.Text
	switch {
	case !l.out.Color:
		text = withoutColor(text)
	case line.Notice:
		text = l.out.Paint(Quiet, text)
	case strings.Contains(text, "\x1b["):
		text += "\x1b[0m" // a colour left on would run into the next line's prefix
	}
	l.buf.WriteString(text)
	if line.Open {
		l.open = line.Label
		return
	}
	l.buf.WriteByte('\n')
	l.open = ""
}

// withoutColor drops SGR sequences, the only ones that a log keeps.
func withoutColor(text string) string {
	if !strings.Contains(text, "\x1b[") {
		return text
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "\x1b[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		end := strings.IndexByte(rest, 'm')
		if end < 0 {
			return b.String()
		}
		text = rest[end+1:]
	}
}

// Flush writes in one piece what was added.
func (l *Logs) Flush() error {
	_, err := l.out.Write(l.buf.Bytes())
	l.buf.Reset()
	return err
}

// Close ends an unfinished line on the screen.
func (l *Logs) Close() error {
	if l.open != "" {
		l.buf.WriteByte('\n')
		l.open = ""
	}
	return l.Flush()
}
