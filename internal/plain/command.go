package plain

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Piece is a part of a text as it is shown: characters that stand for themselves, or a mark.
type Piece struct {
	Text string
	Mark bool
}

// Blank is the mark of a blank that could be overlooked.
const Blank = "␣"

// longest is how many bytes of a command are shown: some screens full. Of a longer one it is the
// beginning and the end.
const longest = 1200

// Long reports whether a command is too long to be shown whole.
func Long(s string) bool { return len(s) > longest }

// Command shows a command so that nobody is mistaken about its bytes. Marks stand for what cannot
// be seen, moves something, or looks like something else:
//
//	␣                    a blank at an end of the command, or beside another one
//	\u{3164}             a character, by its number
//	\x{ff}               a byte that is no text
//	… 12,345 more bytes …
//
// All else stands for itself: ASCII, and letters that cannot be taken for it. A backslash before u{
// or x{ is \u{5c}, and ␣ and … are no letters, so that no command reads like a mark.
func Command(s string) []Piece { return cut(s, pieces.exact) }

// Marked is Command for a sentence.
func Marked(s string) string {
	var b strings.Builder
	for _, p := range Command(s) {
		b.WriteString(p.Text)
	}
	return b.String()
}

// Prose shows a sentence in which there may be something that somebody else chose.
func Prose(s string) []Piece {
	return cut(s, func(p pieces, s string) pieces { return p.plain(Text(s)) })
}

// cut leaves out the middle of what is too long.
func cut(s string, show func(pieces, string) pieces) []Piece {
	if !Long(s) {
		return show(nil, s)
	}
	head, tail := longest/2, len(s)-longest/2
	for i := 1; i < utf8.UTFMax && !utf8.RuneStart(s[head]); i++ {
		head--
	}
	for i := 1; i < utf8.UTFMax && !utf8.RuneStart(s[tail]); i++ {
		tail++
	}
	out := show(nil, s[:head])
	out = append(out, Piece{"… " + thousands(tail-head) + " more bytes …", true})
	return show(out, s[tail:])
}

// thousands writes a number as in 12,345.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// pieces grows at its end.
type pieces []Piece

func (p pieces) plain(text string) pieces {
	if n := len(p); n > 0 && !p[n-1].Mark {
		p[n-1].Text += text
		return p
	}
	return append(p, Piece{Text: text})
}

// mark adds one character, or one byte that is none, by its number.
func (p pieces) mark(char string) pieces {
	r, size := utf8.DecodeRuneInString(char)
	if r == utf8.RuneError && size == 1 {
		return append(p, Piece{fmt.Sprintf(`\x{%02x}`, char[0]), true})
	}
	return append(p, Piece{fmt.Sprintf(`\u{%x}`, r), true})
}

func (p pieces) exact(s string) pieces {
	for i := 0; i < len(s); {
		if word := leadingWord(s[i:]); word != "" {
			p = p.word(word)
			i += len(word)
			continue
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		switch char := s[i : i+size]; {
		case char == " " && overlooked(s, i):
			p = append(p, Piece{Blank, true})
		case size > 1, char < " ", char > "~", readsLikeMark(s[i:]):
			p = p.mark(char)
		default:
			p = p.plain(char)
		}
		i += size
	}
	return p
}

// overlooked reports whether the blank at i has no neighbour by which it is seen.
func overlooked(s string, i int) bool {
	return i == 0 || i == len(s)-1 || s[i-1] == ' ' || s[i+1] == ' '
}

func readsLikeMark(s string) bool {
	return strings.HasPrefix(s, `\u{`) || strings.HasPrefix(s, `\x{`)
}

// leadingWord is what s has of letters, digits and what goes with them at its beginning.
func leadingWord(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool {
		return r == utf8.RuneError || r != '_' && !unicode.In(r, unicode.L, unicode.M, unicode.N)
	})
	if end < 0 {
		return s
	}
	return s[:end]
}

// word shows letters of other alphabets only in a word of their own, all of one alphabet, at least
// one of whose letters shows which that is: c\u{430}t is not cat.
func (p pieces) word(word string) pieces {
	own := !strings.ContainsFunc(word, latin) && strings.ContainsFunc(word, distinct) &&
		ofOneAlphabet(word)
	for _, r := range word {
		if r < utf8.RuneSelf || latin(r) || own && foreign(r) {
			p = p.plain(string(r))
		} else {
			p = p.mark(string(r))
		}
	}
	return p
}

func ofOneAlphabet(word string) bool {
	first := ""
	for _, r := range word {
		a := alphabet(r)
		if first == "" {
			first = a
		}
		if a != "" && a != first {
			return false
		}
	}
	return true
}

// latin letters are those of ASCII, and those that differ from them by what can be seen. The Ð of
// Iceland is none, for it looks like Đ.
func latin(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' ||
		0xc0 <= r && r <= 0x17f && unicode.IsLetter(r) && !strings.ContainsRune("ÐıĸĿŀŉſ", r)
}

// foreign letters are those of the other alphabets that are written from left to right, one
// character a letter, and that every terminal can show. The rest is shown by numbers.
func foreign(r rune) bool { return alphabet(r) != "" }

// alphabet is that of a foreign letter. Japanese is written in three at once; but nobody can tell
// the he of Hiragana from that of Katakana.
func alphabet(r rune) string {
	switch {
	case !unicode.IsLetter(r), strings.ContainsRune("へべぺヘベペ", r):
		return ""
	case 0x370 <= r && r <= 0x3ff:
		return "Greek"
	case 0x400 <= r && r <= 0x4ff:
		return "Cyrillic"
	case 0x3041 <= r && r <= 0x3096, 0x30a1 <= r && r <= 0x30fc: // Hiragana, Katakana
		return "Japanese"
	case 0x3400 <= r && r <= 0x4dbf, 0x4e00 <= r && r <= 0x9fff: // Han
		return "Japanese"
	case 0xac00 <= r && r <= 0xd7a3:
		return "Hangul"
	}
	return ""
}

// lookalikes are the foreign letters that can be taken for a character of ASCII.
const lookalikes = "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹϳͿαγηικνορτυχωϲϱϰϒ" +
	"АВЕЅІЈКМНОРСТУХЗЬЭбагеикорсухѕіјьэѵѴүҮһӀӏԁҺӠӡҽѡ" +
	"一二丨丿丶乙工口卜亅ーノニハヘロトエヽヾ"

func distinct(r rune) bool { return foreign(r) && !strings.ContainsRune(lookalikes, r) }
