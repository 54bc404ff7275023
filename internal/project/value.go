package project

import "strings"

const quoteHint = `close the quote; inside "..." write a quote as \"`

// parseValue returns what an entry's value means, which is what godotenv says of it, but for what
// that gets wrong: it loses unknown references, and passwords with them, a quote or a backslash at
// the end, and bytes that are no UTF-8. A test compares the two. Its error is a *ParseError.
func parseValue(e entry) (template, error) {
	t, err := parseTemplate(unquote(e))
	if err != nil {
		return nil, &ParseError{
			File: e.file, Line: e.line, Reason: "the value of " + e.name + " " + err.Error(),
			Hint: nestingHint,
		}
	}
	return t, nil
}

// unquote returns the value with a referenceMark in place of each $ that may start a reference.
func unquote(e entry) string {
	switch e.quote {
	case '\'':
		return e.raw[1 : len(e.raw)-1]
	case '"':
		return unescape(e.raw[1 : len(e.raw)-1])
	}
	if !strings.Contains(e.raw, "$") {
		return e.raw // most are like this, and the replacer is slow
	}
	return dollars.Replace(e.raw)
}

// dollars marks references where no other escape counts than the one of a dollar sign.
var dollars = strings.NewReplacer(`\$`, "$", "$", "\x00")

func unescape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '$':
			b.WriteByte(referenceMark)
		case text[i] == '\\' && i+1 < len(text):
			i++
			b.WriteByte(escaped(text[i]))
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String()
}

// escaped returns what a backslash and a byte stand for between double quotes.
func escaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	}
	return c
}
