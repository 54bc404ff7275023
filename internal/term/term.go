// Package term decides how things look: colour where a terminal wants it, columns, the prefix of a
// log line. It is also the gate to the terminal: what somebody else chose can neither draw over
// what is on the screen nor hide there. Each Printer decides for its own writer; nothing is global.
// It starts no goroutine, but for the one of Abandoned.
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

// Printer writes to one stream. Its own Write is the gate; the Writer inside is for what is not
// text for a person, or has been made safe before.
type Printer struct {
	io.Writer
	// TTY says that a person's terminal is at the other end.
	TTY bool
	// Color says that it takes colour: a terminal that is not dumb, and no
	// NO_COLOR (no-color.org) in the environment.
	Color bool
	// Columns is how many a row has, 0: as many as the terminal.
	Columns int
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
	Mark  = Style{color.FgMagenta} // of what cannot be seen: legible on light and on dark ground
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
