package cli

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// screen is a terminal as far as somebody could use one to draw over what was shown: it obeys what
// xterm obeys of line ends, tabs, cursor movement and erasing, in both forms of CSI.
type screen struct {
	width     int
	ambiguous int        // columns of a character whose width depends on the terminal's settings
	rows      [][]string // cells; the second one of a wide character is ""
	row, col  int
	wrapped   int // how often a text was too long for its row
}

func (s *screen) Write(text []byte) (int, error) {
	for rest := string(text); rest != ""; {
		rest = s.step(rest)
	}
	return len(text), nil
}

// step obeys one character or one sequence, and returns what follows.
func (s *screen) step(text string) (rest string) {
	r, size := utf8.DecodeRuneInString(text)
	if r == utf8.RuneError && size == 1 { // 8-bit controls
		r = rune(text[0])
	}
	rest = text[size:]
	if after, ok := strings.CutPrefix(rest, "["); ok && r == '\x1b' {
		return s.sequence(after)
	}
	switch r {
	case '\u009b':
		return s.sequence(rest)
	case '\n':
		s.row, s.col = s.row+1, 0 // the terminal's driver adds the CR
	case '\v', '\f', '\u0084', '\u0085':
		s.row++
	case '\r':
		s.col = 0
	case '\b':
		s.col = max(s.col-1, 0)
	case '\t':
		s.col = min(s.col/8*8+8, s.width-1)
	case '\u008d': // reverse index
		s.row = max(s.row-1, 0)
	default:
		s.put(r)
	}
	return rest
}

func (s *screen) sequence(text string) (rest string) {
	end := strings.IndexFunc(text, func(r rune) bool { return r >= '@' && r <= '~' })
	if end < 0 {
		return ""
	}
	n, _ := strconv.Atoi(text[:end])
	few := min(max(n, 1), 500)
	switch text[end] {
	case 'A':
		s.row = max(s.row-few, 0)
	case 'B':
		s.row = min(s.row+few, s.row+50)
	case 'C':
		s.col = min(s.col+few, s.width-1)
	case 'D':
		s.col = max(s.col-few, 0)
	case 'G':
		s.col = min(few, s.width) - 1
	case 'H':
		s.row, s.col = 0, 0
	case 'J', 'K':
		s.at(s.row)
		s.rows[s.row] = s.rows[s.row][:min(s.col, len(s.rows[s.row]))]
		if text[end] == 'J' {
			s.rows = s.rows[:s.row+1]
		}
	}
	return text[end+1:]
}

// at makes sure that there is a row.
func (s *screen) at(row int) {
	for len(s.rows) <= row {
		s.rows = append(s.rows, nil)
	}
}

func (s *screen) put(r rune) {
	n := s.columns(r)
	if n == 0 {
		return
	}
	if s.col+n > s.width {
		s.row, s.col = s.row+1, 0
		s.wrapped++
	}
	s.at(s.row)
	for len(s.rows[s.row]) < s.col+n {
		s.rows[s.row] = append(s.rows[s.row], " ")
	}
	s.rows[s.row][s.col] = string(r)
	if n == 2 {
		s.rows[s.row][s.col+1] = ""
	}
	s.col += n
}

// columns is what Unicode's Standard Annex 11 says, simplified to what matters here.
func (s *screen) columns(r rune) int {
	switch {
	case r < ' ', r == '\x7f', 0x80 <= r && r < 0xa0, r == 0xad, unicode.In(r, unicode.M, unicode.Cf),
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point):
		return 0
	case r < 0x7f:
		return 1
	case 0x1100 <= r && r <= 0x115f, 0x2e80 <= r && r <= 0xa4cf, 0xac00 <= r && r <= 0xd7a3,
		0xf900 <= r && r <= 0xfaff, 0xfe30 <= r && r <= 0xfe6f, 0xff00 <= r && r <= 0xff60,
		0x1f300 <= r && r <= 0x1faff, 0x20000 <= r && r <= 0x3fffd:
		return 2
	}
	return s.ambiguous
}

// lines is what a person sees.
func (s *screen) lines() (out []string) {
	for _, row := range s.rows {
		out = append(out, strings.TrimRight(strings.Join(row, ""), " "))
	}
	for len(out) > 0 && out[len(out)-1] == "" {
		out = slices.Delete(out, len(out)-1, len(out))
	}
	return out
}
