package term

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/locald/locald/internal/plain"
)

// Cell is one field of a table.
type Cell struct {
	Text  string
	Style Style
	// Command says that Text is somebody's command, of which nothing may be overlooked: what cannot
	// be seen in it is marked, and it is folded. It is the last cell of its row.
	Command bool
}

// Table writes rows in columns two blanks apart. The last column is not filled
// up, and a row ends after its last cell that has text.
func (p *Printer) Table(indent string, rows [][]Cell) error {
	widths := columnWidths(rows)
	var b strings.Builder
	for _, row := range rows {
		last := len(row) - 1
		for last > 0 && row[last].Text == "" {
			last--
		}
		row = row[:last+1]
		if row[last].Command {
			b.WriteString(p.withCommand(indent, row, widths))
		} else {
			b.WriteString(indent + p.fields(row, widths))
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(p, b.String())
	return err
}

// fields are the cells of a row, each but the last filled up to its column's width.
func (p *Printer) fields(row []Cell, widths []int) string {
	var b strings.Builder
	for i, c := range row {
		text := plain.Text(c.Text)
		b.WriteString(p.Paint(c.Style, text))
		if i < len(row)-1 {
			b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text)+2))
		}
	}
	return b.String()
}

// withCommand is a row that ends in a command, which is folded within its column. If little room is
// left there, it stands below.
func (p *Printer) withCommand(indent string, row []Cell, widths []int) string {
	last := len(row) - 1
	column := len(indent)
	for _, n := range widths[:last] {
		column += n + 2
	}
	if width := p.width() - 1 - column; width >= roomy {
		before := p.fields(append(row[:last:last], Cell{}), widths)
		return indent + before + p.join(fold(row[last].atoms(), width, width), column)
	}
	below := len(indent) + 4
	text := Cell{Text: indent}.atoms()
	for _, c := range row[:last] {
		text = append(text, append(c.atoms(), Cell{Text: "  "}.atoms()...)...)
	}
	text = text[:len(text)-len("  ")]
	width := p.width() - 1
	rows := fold(text, width, width-below)
	return p.join(append(rows, fold(row[last].atoms(), width-below, width-below)...), below)
}

func columnWidths(rows [][]Cell) (widths []int) {
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if !c.Command {
				widths[i] = max(widths[i], utf8.RuneCountInString(plain.Text(c.Text)))
			}
		}
	}
	return widths
}
