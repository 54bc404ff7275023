package term

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/locald/locald/internal/sgr"
)

// LogLine is one line, or as much of it as there is.
type LogLine struct {
	Time   time.Time
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
	NoPrefix bool // leave out who printed a line
	Stamps   bool // say when it was printed, in local time

	out    *Printer
	buf    bytes.Buffer
	width  int    // of the labels
	redraw bool   // the terminal can go back to the start of a row and clear it
	open   string // whose unfinished line the cursor stands in, "" for none
	column int    // where it stands there, at most: it may have been wrapped
}

// NewLogs writes to out.
func NewLogs(out *Printer) *Logs {
	return &Logs{out: out, width: 10, redraw: out.TTY && os.Getenv("TERM") != "dumb"}
}

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
	case same && l.redraw && l.column <= columns(l.out): // the line was rewritten by its program
		l.buf.WriteString("\r\x1b[K")
	case l.open != "":
		l.buf.WriteByte('\n')
	}
	l.prefix(line)
	l.text(line)
}

// stampLayout is one that --since and --until take, so that a stamp can be copied from the screen.
const stampLayout = "2006-01-02 15:04:05.000"

func (l *Logs) prefix(line LogLine) {
	l.column = 0
	if !l.NoPrefix {
		l.buf.WriteString(l.out.Paint(StyleOf(line.Label), Pad(line.Label, l.width)+" |"))
		l.buf.WriteByte(' ')
		l.column += l.width + len(" | ")
	}
	if l.Stamps {
		l.buf.WriteString(l.out.Paint(Quiet, line.Time.Local().Format(stampLayout)))
		l.buf.WriteByte(' ')
		l.column += len(stampLayout) + len(" ")
	}
}

func (l *Logs) text(line LogLine) {
	if line.Notice && l.out.Color {
		l.buf.WriteString(l.out.Paint(Quiet, line.Text))
	} else {
		l.buf.WriteString(l.out.colours(line.Text))
	}
	if line.Open {
		l.open = line.Label
		l.column += columnsOf(sgr.Strip(line.Text))
		return
	}
	l.buf.WriteByte('\n')
	l.open = ""
}

// colours is what a service printed, with its colours where they are shown.
func (p *Printer) colours(text string) string {
	switch {
	case !p.Color:
		return sgr.Strip(text)
	case strings.Contains(text, "\x1b["):
		return text + "\x1b[0m" // a colour left on would run into the next line's prefix
	}
	return text
}

// Printed writes a line that a service printed, past the gate as Flush does.
func (p *Printer) Printed(name, line string) {
	fmt.Fprintf(p.Writer, "%s %s\n", p.Paint(StyleOf(name), name+" |"), p.colours(line))
}

// Flush writes in one piece what was added. It does not pass the gate: of what services print, the
// daemon has dropped all but colours.
func (l *Logs) Flush() error {
	_, err := l.out.Writer.Write(l.buf.Bytes())
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
