package project

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// entry is one "NAME=value" as it is written.
type entry struct {
	file  string
	line  int // of the name, from 1
	name  string
	raw   string // the value's text: quotes and escapes as written, no comment
	quote byte   // 0, '\'' or '"'
}

// setting is an entry whose value is understood.
type setting struct {
	file  string
	line  int
	name  string
	value template
}

func (s setting) position() string { return position(s.file, s.line) }

// dotenv is a .env file cut into entries.
type dotenv struct {
	source
	entries []entry // in file order; where the file is refused, those before the place
	strays  []entry // lines that are no entry, as nameless ones: to another reader they may be code
	warned  []Warning
	// refused is a *ParseError: where an entry ends is unknown, and nothing may start half
	// configured.
	refused error
}

func cutDotenv(file source) dotenv {
	text, err := plainText(file.name, file.text)
	if err != nil {
		return dotenv{source: file, refused: err}
	}
	c := cutter{
		file: file.name, rest: lineEnds.Replace(string(text)), line: 1,
		warned: warnings{file: file.name},
	}
	err = c.refuseNUL()
	for err == nil && c.rest != "" {
		err = c.next()
	}
	return dotenv{
		source: file, entries: c.entries, strays: c.strays, warned: c.warned.all(), refused: err,
	}
}

func (d dotenv) settings() ([]setting, error) {
	if d.refused != nil {
		return nil, d.refused
	}
	settings := make([]setting, 0, len(d.entries))
	for _, e := range d.entries {
		value, err := parseValue(e)
		if err != nil {
			return nil, err
		}
		settings = append(settings, setting{e.file, e.line, e.name, value})
	}
	return settings, nil
}

// lineEnds makes every line end LF, so that a line's number is the one an editor shows.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// maxEntries of one file are more than anybody writes. Each is parsed at every start and every cd,
// and no file may make a request cost more than 50 ms.
const maxEntries = 1000

var tooManyEntries = fmt.Sprintf("there are more than %d entries in it", maxEntries)

// cutter walks over a file, one entry or one line without an entry at a time.
type cutter struct {
	file    string
	rest    string
	line    int // of rest's first byte
	entries []entry
	strays  []entry
	warned  warnings
}

// skip passes over a line that is no entry.
func (c *cutter) skip(line, reason string) {
	c.warned.skip(c.line, reason)
	c.strays = append(c.strays, entry{file: c.file, line: c.line, raw: line})
}

func (c *cutter) refuse(reason, hint string) *ParseError {
	return &ParseError{File: c.file, Line: c.line, Reason: reason, Hint: hint}
}

func (c *cutter) refuseNUL() error {
	before, _, found := strings.Cut(c.rest, "\x00")
	if !found {
		return nil
	}
	c.line += strings.Count(before, "\n")
	return c.refuse("there is a NUL byte in it", "remove it: no environment can hold one")
}

// advance drops n bytes and the line end after them.
func (c *cutter) advance(n int) {
	n = min(n+1, len(c.rest))
	c.line += strings.Count(c.rest[:n], "\n")
	c.rest = c.rest[n:]
}

func (c *cutter) next() error {
	line, _, _ := strings.Cut(c.rest, "\n")
	if trimmed := strings.TrimLeftFunc(line, isBlank); trimmed == "" || trimmed[0] == '#' {
		c.advance(len(line))
		return nil
	}
	key, _, found := strings.Cut(line, "=")
	if !found {
		c.skip(line, `there is no "="`)
		c.advance(len(line))
		return nil
	}
	e := entry{file: c.file, line: c.line, name: variableOf(key)}
	size, refused := e.cutValue(c.rest[len(key)+1:])
	switch {
	case e.name != "" && refused != "":
		return c.refuse(refused, quoteHint)
	case e.name != "" && len(c.entries) == maxEntries:
		return c.refuse(tooManyEntries, "move what this project does not need elsewhere")
	case e.name != "":
		c.entries = append(c.entries, e)
	default:
		// The text is not shown: in a broken file it can be a piece of a value.
		c.skip(line,
			`the text before "=" is not a name: use letters, digits and _, `+
				`and do not begin with a digit`)
	}
	if refused != "" {
		size = len(line) - len(key) - 1
	}
	c.advance(len(key) + 1 + size)
	return nil
}

// variableOf returns the name in what is before "=", or nothing when it is none.
func variableOf(key string) string {
	key = strings.TrimFunc(key, isBlank)
	if after, ok := strings.CutPrefix(key, "export"); ok {
		if name := strings.TrimLeftFunc(after, isBlank); name != after {
			key = name
		}
	}
	if key == "" || nameLength(key) != len(key) {
		return ""
	}
	return key
}

// nameLength returns how many bytes at the start of text can be a variable's name.
func nameLength(text string) int {
	for i := range len(text) {
		if c := text[i]; !isLetter(c) && c != '_' && (i == 0 || !isDigit(c)) {
			return i
		}
	}
	return len(text)
}

// cutValue takes the value at the start of text and returns how many bytes it and what belongs to
// its last line have, or why it has no end.
func (e *entry) cutValue(text string) (size int, refused string) {
	start := len(text) - len(strings.TrimLeftFunc(text, isBlank))
	if start == len(text) || text[start] != '"' && text[start] != '\'' {
		line, _, _ := strings.Cut(text, "\n")
		e.raw = strings.TrimFunc(line[:commentStart(line)], isBlank)
		return len(line), ""
	}
	e.quote = text[start]
	end := closingQuote(text[start:])
	if end < 0 {
		return 0, "the quote that opens here is never closed"
	}
	e.raw = text[start : start+end+1]
	tail, _, _ := strings.Cut(text[start+end+1:], "\n")
	if trimmed := strings.TrimLeftFunc(tail, isBlank); trimmed != "" && trimmed[0] != '#' {
		return 0, "there is text after the closing quote that is not a comment"
	}
	return start + end + 1 + len(tail), ""
}

// commentStart returns where an unquoted value's line turns into a comment: at the first # after a
// blank. In a colour such as #fff, or in a password, # is a character.
func commentStart(line string) int {
	blank := false
	for i, r := range line {
		if r == '#' && blank {
			return i
		}
		blank = isBlank(r)
	}
	return len(line)
}

// closingQuote returns the index of the quote that closes the one at text[0], or -1. Between single
// quotes a backslash is a backslash.
func closingQuote(text string) int {
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == text[0]:
			return i
		case text[i] == '\\' && text[0] == '"':
			i++
		}
	}
	return -1
}

// isBlank is what godotenv takes for a blank within a line.
func isBlank(r rune) bool {
	return r < utf8.RuneSelf && strings.ContainsRune(" \t\v\f", r) || r == 0x85 || r == 0xa0
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
