package main

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// cell is one character, in the colour of an SGR code; 0 is the terminal's own.
type cell struct {
	char   rune
	colour int
	bold   bool
}

type line []cell

func (l line) text() string {
	var b strings.Builder
	for _, c := range l {
		b.WriteRune(c.char)
	}
	return b.String()
}

// screen is as much of a terminal as a shell's line editor and locald use. Nothing scrolls off it.
type screen struct {
	lines  []line
	row    int
	col    int
	colour int
	bold   bool
}

// controls matches what is not printed: CSI and OSC sequences, and other escapes.
var controls = regexp.MustCompile(`^\x1b(?:\[([0-9;?<>=]*)([@-~])|\][^\a\x1b]*(?:\a|\x1b\\)|[()][A-Z0-9]|.)`)

func (s *screen) print(text string) {
	for text != "" {
		if m := controls.FindStringSubmatch(text); m != nil {
			s.control(m[1], m[2])
			text = text[len(m[0]):]
			continue
		}
		r, size := utf8.DecodeRuneInString(text)
		text = text[size:]
		switch {
		case r == '\r':
			s.col = 0
		case r == '\n':
			s.row++
		case r == '\b':
			s.col = max(s.col-1, 0)
		case r >= ' ':
			s.put(r)
		}
	}
}

func (s *screen) put(r rune) {
	if s.col == columns {
		s.row, s.col = s.row+1, 0
	}
	for len(s.lines) <= s.row {
		s.lines = append(s.lines, nil)
	}
	for len(s.lines[s.row]) <= s.col {
		s.lines[s.row] = append(s.lines[s.row], cell{char: ' '})
	}
	s.lines[s.row][s.col] = cell{r, s.colour, s.bold}
	s.col++
}

func (s *screen) control(args, kind string) {
	n, err := strconv.Atoi(args)
	if err != nil {
		n = 1
	}
	switch kind {
	case "m":
		s.style(args)
	case "A":
		s.row = max(s.row-n, 0)
	case "C":
		s.col = min(s.col+n, columns-1)
	case "D":
		s.col = max(s.col-n, 0)
	case "K", "J": // to the end of the line; below it there is nothing yet
		if s.row < len(s.lines) && s.col < len(s.lines[s.row]) {
			s.lines[s.row] = s.lines[s.row][:s.col]
		}
	}
}

func (s *screen) style(args string) {
	for _, arg := range strings.Split(args, ";") {
		switch n, _ := strconv.Atoi(arg); {
		case n == 0:
			s.colour, s.bold = 0, false
		case n == 1:
			s.bold = true
		case n == 2:
			s.colour = 90 // faint
		case n == 22:
			s.bold = false
		case n == 39:
			s.colour = 0
		case 30 <= n && n <= 37, 90 <= n && n <= 97:
			s.colour = n
		}
	}
}
