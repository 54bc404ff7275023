// Package term decides how things look: colour where a terminal wants it,
// columns, the prefix of a log line. Each Printer decides for its own writer;
// nothing is global. It starts no goroutine.
package term

import (
	"hash/fnv"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/fatih/color"
	"github.com/mattn/go-isatty"
)

// Printer writes to one stream.
type Printer struct {
	io.Writer
	// TTY says that a person's terminal is at the other end.
	TTY bool
	// Color says that it takes colour: a terminal that is not dumb, and no
	// NO_COLOR (no-color.org) in the environment.
	Color bool
}

// New looks at a file.
func New(f *os.File) *Printer {
	tty := isatty.IsTerminal(f.Fd())
	return &Printer{
		Writer: f, TTY: tty,
		Color: tty && os.Getenv("TERM") != "dumb" && os.Getenv("NO_COLOR") == "",
	}
}

// Style is a way to emphasise.
type Style []color.Attribute

// The styles of the program's own words.
var (
	Good  = Style{color.FgGreen}
	Busy  = Style{color.FgYellow}
	Bad   = Style{color.FgRed}
	Quiet = Style{color.Faint}
	Title = Style{color.Bold}
)

// Paint returns text in a style, or as it is where colour is off.
func (p *Printer) Paint(s Style, text string) string {
	if !p.Color || len(s) == 0 || text == "" {
		return text
	}
	c := color.New(s...)
	c.EnableColor() // the library's own decision looks at stdout only
	return c.Sprint(text)
}

// palette are the colours of log prefixes: those that can be read on light and
// on dark ground.
var palette = []color.Attribute{
	color.FgCyan, color.FgYellow, color.FgGreen, color.FgMagenta, color.FgBlue,
	color.FgHiCyan, color.FgHiYellow, color.FgHiGreen, color.FgHiMagenta, color.FgHiBlue,
}

// StyleOf gives a name its colour: the same in every command and on every day.
func StyleOf(name string) Style {
	h := fnv.New32a()
	h.Write([]byte(name))
	return Style{palette[h.Sum32()%uint32(len(palette))]}
}

// Pad fills text with blanks on the right, to width characters.
func Pad(text string, width int) string {
	if n := width - utf8.RuneCountInString(text); n > 0 {
		return text + strings.Repeat(" ", n)
	}
	return text
}

// Cell is one field of a table.
type Cell struct {
	Text  string
	Style Style
}

// Table writes rows in columns two blanks apart. The last column is not filled
// up, and a row ends after its last cell that has text.
func (p *Printer) Table(indent string, rows [][]Cell) error {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c.Text))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		last := len(row) - 1
		for last > 0 && row[last].Text == "" {
			last--
		}
		b.WriteString(indent)
		for i, c := range row[:last+1] {
			b.WriteString(p.Paint(c.Style, c.Text))
			if i < last {
				b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c.Text)+2))
			}
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(p, b.String())
	return err
}
