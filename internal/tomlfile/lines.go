package tomlfile

import (
	"strconv"
	"strings"
)

// keyLines returns on which line each key of a file begins, by its path; tables that no line opens
// are missing. The file must be TOML: what is wrong with it has been said by the library, which
// knows the lines too, but tells one only in an error that costs as much as the whole file.
func keyLines(text string) map[string]int {
	s := keyScanner{text: text, line: 1, lines: make(map[string]int)}
	var table []string
	for s.skip(); s.at < len(s.text); s.skip() {
		if !s.is('[') {
			s.pair(table)
			continue
		}
		line, brackets := s.line, 0
		for s.is('[') {
			s.move(1)
			brackets++
		}
		table = s.path()
		if brackets == 2 { // a list of tables is where its last one is
			delete(s.lines, keyPath(table))
		}
		s.note(table, line)
		for s.is(']') {
			s.move(1)
		}
	}
	return s.lines
}

// keyPath is a path as the key of a map: no part of one can hold a NUL.
func keyPath(path []string) string { return strings.Join(path, "\x00") }

// keyScanner walks over a file once.
type keyScanner struct {
	text  string
	at    int
	line  int // of at
	lists int // that it is in: what stands in one has no path
	lines map[string]int
}

func (s *keyScanner) note(path []string, line int) {
	if key := keyPath(path); s.lists == 0 && s.lines[key] == 0 {
		s.lines[key] = line
	}
}

func (s *keyScanner) is(c byte) bool { return s.at < len(s.text) && s.text[s.at] == c }

func (s *keyScanner) move(n int) {
	n = min(n, len(s.text)-s.at)
	s.line += strings.Count(s.text[s.at:s.at+n], "\n")
	s.at += n
}

// until moves to the first of some bytes, or to the end.
func (s *keyScanner) until(stops string) (passed string) {
	n := strings.IndexAny(s.text[s.at:], stops)
	if n < 0 {
		n = len(s.text) - s.at
	}
	passed = s.text[s.at : s.at+n]
	s.move(n)
	return passed
}

// skip passes over blanks, line ends and comments.
func (s *keyScanner) skip() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\r', '\n':
			s.move(1)
		case '#':
			s.until("\n")
		default:
			return
		}
	}
}

// pair passes over KEY = VALUE.
func (s *keyScanner) pair(table []string) {
	line := s.line
	path := append(table[:len(table):len(table)], s.path()...)
	s.note(path, line)
	s.until("=")
	s.move(1)
	s.value(path)
}

// path reads a key, whose parts have dots between them.
func (s *keyScanner) path() (path []string) {
	for {
		s.skip()
		path = append(path, s.part())
		s.skip()
		if !s.is('.') {
			return path
		}
		s.move(1)
	}
}

func (s *keyScanner) part() string {
	if !s.is('"') && !s.is('\'') {
		return s.until(" \t\r\n.=]")
	}
	start := s.at
	s.quoted()
	raw := s.text[start:s.at]
	if text, err := strconv.Unquote(raw); err == nil && raw[0] == '"' {
		return text
	}
	return strings.Trim(raw, raw[:1])
}

// quoted passes over a string of one of the four kinds.
func (s *keyScanner) quoted() {
	quote := s.text[s.at : s.at+1]
	if three := strings.Repeat(quote, 3); strings.HasPrefix(s.text[s.at:], three) {
		s.move(3)
		s.closing(three, quote == `"`)
		for range 2 { // it may end in two more, which are of its text
			if s.is(quote[0]) {
				s.move(1)
			}
		}
		return
	}
	s.move(1)
	s.closing(quote, quote == `"`)
}

// closing passes over what closes a string, and all before it.
func (s *keyScanner) closing(quote string, escapes bool) {
	for s.at < len(s.text) && !strings.HasPrefix(s.text[s.at:], quote) {
		if escapes && s.is('\\') {
			s.move(1)
		}
		s.move(1)
	}
	s.move(len(quote))
}

func (s *keyScanner) value(path []string) {
	s.skip()
	switch {
	case s.is('"'), s.is('\''):
		s.quoted()
	case s.is('['):
		s.lists++
		s.items(']', func() { s.value(nil) })
		s.lists--
	case s.is('{'):
		s.items('}', func() { s.pair(path) })
	default:
		s.until(",]}#\n")
	}
}

// items passes over a list or a table in braces.
func (s *keyScanner) items(end byte, item func()) {
	s.move(1)
	for s.skip(); s.at < len(s.text); s.skip() {
		switch {
		case s.is(end):
			s.move(1)
			return
		case s.is(','):
			s.move(1)
		default:
			item()
		}
	}
}
