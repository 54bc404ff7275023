package logs

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// splitter turns what a program writes to a terminal into lines of text. Text stays as printed,
// colours included; what would break a log of lines goes: every other control sequence, control
// characters but TAB, and what a carriage return or a backspace took back. How the bytes were cut
// into blocks makes no difference.
//
// It holds the line that is unfinished, never more than maxText of it, and nothing else of what was
// written.
type splitter struct {
	line     []byte // what the unfinished line says now
	shown    int    // how much of it was recorded; 0 again once it begins otherwise
	returned bool   // the cursor is at the line's start: what is printed next replaces it
	lines    int    // how many lines have ended
	escape   escape
}

// recorder takes the lines.
type recorder interface {
	record(k kind, text []byte)
}

// write takes a block.
func (s *splitter) write(p []byte, to recorder) {
	for len(p) > 0 {
		if s.idle() {
			p = s.plainLines(p, to)
		}
		p = s.untilNewline(p, to)
	}
}

// idle is true between lines.
func (s *splitter) idle() bool {
	return len(s.line) == 0 && !s.returned && s.escape.state == ground
}

// plainLines records the whole lines at the start of p that need no change, and returns the rest.
func (s *splitter) plainLines(p []byte, to recorder) []byte {
	for {
		n := bytes.IndexByte(p, '\n')
		if n < 0 {
			return p
		}
		text := p[:n]
		for len(text) > 0 && text[len(text)-1] == '\r' {
			text = text[:len(text)-1]
		}
		if len(text) > maxText || plain(text) < len(text) {
			return p
		}
		to.record(whole, text)
		s.lines++
		p = p[n+1:]
	}
}

// untilNewline takes what belongs to the unfinished line and returns the rest.
func (s *splitter) untilNewline(p []byte, to recorder) []byte {
	for len(p) > 0 {
		if s.escape.state == ground {
			if n := plain(p); n > 0 && !s.completesC1(p[0]) {
				s.print(p[:n], to)
				p = p[n:]
				continue
			}
		}
		c := p[0]
		p = p[1:]
		if c == '\n' {
			// A newline ends a sequence too, so that a stray ESC costs one line at most.
			s.escape.state = ground
			s.endLine(to)
			return p
		}
		s.control(c, to)
	}
	return p
}

// control takes a byte that is not plain text, or is part of a control sequence.
func (s *splitter) control(c byte, to recorder) {
	if s.escape.state != ground {
		if s.sequence(c, to) {
			return
		}
	}
	switch {
	case s.completesC1(c):
		// U+0080 to U+009F are one byte forms of ESC followed by 0x40 to 0x5F.
		s.line = s.line[:len(s.line)-1]
		s.escape.begin(c - 0x40)
	case c == 0x1b:
		s.escape.start()
	case c == '\r':
		s.returned = true
	case c == '\b':
		s.erase()
	case c == c1Lead || c == '\t' || c >= 0x20 && c != 0x7f:
		s.print([]byte{c}, to)
	}
}

// sequence takes a byte of a control sequence. It returns false when the byte does not belong to
// it.
func (s *splitter) sequence(c byte, to recorder) bool {
	switch s.escape.next(c) {
	case aborted:
		return false
	case colour:
		s.printWhole(s.escape.text(), to)
	case lineStart:
		s.returned = true
	}
	return true
}

// c1Lead is the first byte of U+0080 to U+00BF in UTF-8.
const c1Lead = 0xc2

func (s *splitter) completesC1(c byte) bool {
	return 0x80 <= c && c <= 0x9f && !s.returned &&
		len(s.line) > 0 && s.line[len(s.line)-1] == c1Lead
}

func (s *splitter) print(text []byte, to recorder) {
	s.replaceReturned()
	for len(text) > 0 {
		if len(s.line) == maxText {
			s.cut(to)
		}
		n := min(maxText-len(s.line), len(text))
		s.line = append(s.line, text[:n]...)
		text = text[n:]
	}
}

// printWhole is print for text that must not be cut in two.
func (s *splitter) printWhole(text []byte, to recorder) {
	s.replaceReturned()
	if len(s.line)+len(text) > maxText {
		s.cut(to)
	}
	s.line = append(s.line, text...)
}

func (s *splitter) replaceReturned() {
	if s.returned {
		s.line, s.shown, s.returned = s.line[:0], 0, false
	}
}

// erase takes the last character back. Colours behind it stay: they are not on the screen.
func (s *splitter) erase() {
	if s.returned {
		return
	}
	end := len(s.line)
	for range 8 { // bounded: a line of nothing but colours must not be searched for each backspace
		end -= trailingColour(s.line[:end])
	}
	_, size := utf8.DecodeLastRune(s.line[:end])
	if size == 0 || trailingColour(s.line[:end]) > 0 {
		return
	}
	s.line = append(s.line[:end-size], s.line[end:]...)
	if s.shown > end-size {
		s.shown = 0
	}
}

// cut records as much of a line as a record may hold. A character is not cut in two.
func (s *splitter) cut(to recorder) {
	n := wholeCharacters(s.line)
	if s.shown > 0 {
		to.record(finish, s.line[s.shown:n])
	} else {
		to.record(piece, s.line[:n])
	}
	s.line = append(s.line[:0], s.line[n:]...)
	s.shown = 0
}

func (s *splitter) endLine(to recorder) {
	if s.shown > 0 {
		to.record(finish, s.line[s.shown:])
	} else {
		to.record(whole, s.line)
	}
	s.line, s.shown, s.returned = s.line[:0], 0, false
	s.lines++
}

// unseen is true when the unfinished line holds text that was not recorded.
func (s *splitter) unseen() bool { return wholeCharacters(s.line) > s.shown }

// show records an unfinished line as far as it got.
func (s *splitter) show(to recorder) {
	n := wholeCharacters(s.line)
	if n <= s.shown {
		return
	}
	k := begin
	if s.shown > 0 {
		k = proceed
	}
	to.record(k, s.line[s.shown:n])
	s.shown = n
}

// end records the unfinished line as a whole one: nothing will come any more.
func (s *splitter) end(to recorder) {
	s.escape.state = ground
	if len(s.line) > 0 {
		s.endLine(to)
	}
	s.line = nil
}

// rest gives memory back that a long line took.
func (s *splitter) rest() {
	if len(s.line) == 0 && cap(s.line) > 4<<10 {
		s.line = nil
	}
}

// wholeCharacters returns the length of b without a UTF-8 sequence at its end that more bytes could
// complete.
func wholeCharacters(b []byte) int {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax+1; i-- {
		if !utf8.RuneStart(b[i]) {
			continue
		}
		if !utf8.FullRune(b[i:]) {
			return i
		}
		break
	}
	return len(b)
}

// special marks the bytes that are not text as they stand.
var special = func() (t [256]bool) {
	for c := range 0x20 {
		t[c] = c != '\t'
	}
	t[0x7f], t[c1Lead] = true, true
	return t
}()

// plain returns how many bytes at the start of b are text as they stand. It looks at eight at a
// time: this is where the time goes when a service floods its log.
func plain(b []byte) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		del, lead := x^(ones*0x7f), x^(ones*c1Lead)
		// The textbook tests for "some byte is below 0x20" and "some byte is zero".
		if ((x-ones*0x20)&^x|(del-ones)&^del|(lead-ones)&^lead)&highs == 0 {
			continue
		}
		for j, c := range b[i : i+8] {
			if special[c] {
				return i + j
			}
		}
	}
	for ; i < len(b); i++ {
		if special[b[i]] {
			return i
		}
	}
	return i
}
