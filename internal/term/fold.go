package term

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/locald/locald/internal/plain"
)

const (
	// gutter begins every row after the first of a folded text. The text itself cannot get there.
	gutter = "│ "
	// roomy is how many columns a command should have beside what stands before it.
	roomy = 28
	// narrowest is as narrow as a terminal is taken to be: a gutter, and a character or two beside
	// it. On a narrower one nobody is asked.
	narrowest = 12
	// unknown is what a reader is taken to have that is no terminal.
	unknown = 80
)

// Block writes cells one behind the other, as one text. On a terminal it is folded at its width,
// and so is everywhere what has a command in it: a reader may lead to a terminal. Rows after the
// first are indented.
func (p *Printer) Block(indent int, cells ...Cell) error {
	exact := false
	var text []atom
	for _, c := range cells {
		exact = exact || c.Command
		text = append(text, c.atoms()...)
	}
	rows := [][]atom{text}
	if exact || p.TTY {
		width := p.width() - 1
		rows = fold(text, width, width-indent)
	}
	_, err := io.WriteString(p, p.join(rows, indent)+"\n")
	return err
}

// join paints the rows. Those after the first begin with the bar.
func (p *Printer) join(rows [][]atom, indent int) string {
	var b strings.Builder
	for i, row := range rows {
		if i > 0 {
			b.WriteString("\n" + strings.Repeat(" ", indent-2) + gutter)
		}
		for len(row) > 0 { // as few changes of colour as possible
			n, text := 0, ""
			for n < len(row) && slices.Equal(row[n].style, row[0].style) {
				text += row[n].text
				n++
			}
			b.WriteString(p.Paint(row[0].style, text))
			row = row[n:]
		}
	}
	return b.String()
}

// atom is what stays together in a row: a character, or a mark.
type atom struct {
	text  string
	style Style
	exact bool // a blank at an end of a row must be seen
}

func (a atom) columns() int { return columnsOf(a.text) }

func (c Cell) atoms() (out []atom) {
	show := plain.Prose
	if c.Command {
		show = plain.Command
	}
	for _, piece := range show(c.Text) {
		if piece.Mark {
			out = append(out, atom{text: piece.Text, style: Mark})
			continue
		}
		for _, r := range piece.Text {
			out = append(out, atom{string(r), c.Style, c.Command})
		}
	}
	return out
}

// fold breaks a text into rows, of which the first has another width.
func fold(text []atom, first, width int) (rows [][]atom) {
	text = splitWide(text, min(first, width)-2)
	left := columnsAll(text)
	for room := first; left > room; room = width {
		n := rowLength(text, room)
		left -= columnsAll(text[:n+1])
		text[n-1], text[n] = text[n-1].atEnd(), text[n].atEnd()
		left += text[n].columns()
		rows = append(rows, text[:n])
		text = text[n:]
	}
	return append(rows, text)
}

// splitWide takes apart the marks that no row has room for. A blank in one stays with what follows:
// at the end of a row nobody would see it.
func splitWide(text []atom, room int) (out []atom) {
	for _, a := range text {
		if a.columns() <= room {
			out = append(out, a)
			continue
		}
		blank := ""
		for _, r := range a.text {
			if r == ' ' {
				blank = " "
				continue
			}
			out = append(out, atom{blank + string(r), a.style, a.exact})
			blank = ""
		}
	}
	return out
}

func columnsAll(text []atom) (n int) {
	for _, a := range text {
		n += a.columns()
	}
	return n
}

// rowLength is how many atoms the next row takes: up to a blank, if there is one in
// its last third.
func rowLength(text []atom, room int) int {
	room -= 2 // the blanks at its ends may become marks, which take a column more
	n := 0
	for n < len(text)-1 && text[n].columns() <= room {
		room -= text[n].columns()
		n++
	}
	for i := n; i > max(1, n-n/3); i-- {
		if text[i-1].text == " " {
			return i
		}
	}
	return max(n, 1)
}

// atEnd is an atom as it is shown at an end of a row.
func (a atom) atEnd() atom {
	if a.exact && a.text == " " {
		return atom{text: plain.Blank, style: Mark}
	}
	return a
}

// width is how many columns a row has.
func (p *Printer) width() int {
	n := p.Columns
	if n == 0 {
		n = columns(p)
	}
	for _, f := range []*os.File{os.Stderr, os.Stdin} { // what is piped may end up on theirs
		if n == math.MaxInt {
			n = columnsOn(f)
		}
	}
	if n == math.MaxInt {
		n = unknown
	}
	return max(n, narrowest)
}

// columns is how many a terminal has; if that is unknown, more than any line takes.
func columns(out *Printer) int {
	if f, ok := out.Writer.(*os.File); ok {
		return columnsOn(f)
	}
	return math.MaxInt
}

func columnsOn(f *os.File) int {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err == nil && size.Col > 0 {
		return int(size.Col)
	}
	return math.MaxInt
}

// Unfit is why a person cannot be asked on the terminal of question about what p has shown them;
// nil if they can.
func (p *Printer) Unfit(question *Printer) error {
	if !sameTerminal(p, question) {
		return errors.New("what it is about is not shown on the terminal that asks")
	}
	if n := columns(p); n < narrowest {
		return fmt.Errorf("the terminal has %d columns, and needs %d to show it", n, narrowest)
	}
	return nil
}

func sameTerminal(p, q *Printer) bool {
	var devices [2]unix.Stat_t
	for i, printer := range []*Printer{p, q} {
		f, ok := printer.Writer.(*os.File)
		if !ok || !printer.TTY || unix.Fstat(int(f.Fd()), &devices[i]) != nil {
			return false
		}
	}
	return devices[0].Rdev == devices[1].Rdev
}

// columnsOf returns at least as many columns as text takes: no character is wider than two, but for
// a TAB. How wide one of other alphabets is, terminals do not agree on.
func columnsOf(text string) int {
	n := 0
	for _, c := range text {
		switch {
		case c == '\t':
			n += 8
		case c < utf8.RuneSelf:
			n++
		default:
			n += 2
		}
	}
	return n
}
