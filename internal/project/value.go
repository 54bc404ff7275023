package project

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/joho/godotenv"
)

// godotenv decides what quotes and escapes mean. It is kept from everything else by writing what it
// would get wrong as a NUL (which no file may hold) and a letter, and taking that back afterwards:
//
//	d     $ that may start a reference; godotenv loses unknown ones, and passwords with them
//	l     \$, a dollar sign
//	q     \", which godotenv drops when it is last
//	b     \\, which godotenv takes for the start of \" when it is last
//	xNN   a byte that is no UTF-8, which godotenv replaces in unquoted values
const (
	protectedReference = "\x00d"
	protectedDollar    = "\x00l"
	protectedQuote     = "\x00q"
	protectedBackslash = "\x00b"
	protectedByte      = "\x00x"
)

const quoteHint = `close the quote; inside "..." write a quote as \"`

// parseValue returns what an entry's value means. Its error is a *ParseError, and never godotenv's
// own: that quotes the file, values included.
func parseValue(e entry) (template, error) {
	marked, err := unquote(e)
	if err != nil {
		return nil, &ParseError{
			File: e.file, Line: e.line, Reason: "the value of " + e.name + " cannot be parsed",
			Hint: quoteHint,
		}
	}
	t, err := parseTemplate(marked)
	if err != nil {
		return nil, &ParseError{
			File: e.file, Line: e.line, Reason: "the value of " + e.name + " " + err.Error(),
			Hint: nestingHint,
		}
	}
	return t, nil
}

// unquote returns the value with a referenceMark in place of each $ that may start a reference.
// Most values mean what is written, which is seen much faster than it is parsed.
func unquote(e entry) (string, error) {
	if strings.Trim(e.raw, ordinary) == "" {
		return e.raw, nil
	}
	vars, err := godotenv.Unmarshal("V=" + protect(e))
	if err != nil {
		return "", err
	}
	return restore(vars["V"]), nil
}

// ordinary are bytes that mean themselves, in whatever order.
const ordinary = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%"

func protect(e entry) string {
	var b strings.Builder
	for text := e.raw; text != ""; {
		size := protectNext(&b, text, e.quote)
		text = text[size:]
	}
	return b.String()
}

// protectNext writes what stands for the start of text and returns how many bytes that start has.
func protectNext(b *strings.Builder, text string, quote byte) int {
	r, size := utf8.DecodeRuneInString(text)
	switch {
	case r == utf8.RuneError && size == 1:
		fmt.Fprintf(b, "%s%02x", protectedByte, text[0])
	case quote == '\'' && r == '\\':
		b.WriteString(protectedBackslash)
	case quote == '\'' && r == '$':
		b.WriteString(protectedDollar)
	case quote != '\'' && strings.HasPrefix(text, `\$`):
		b.WriteString(protectedDollar)
		return 2
	case quote == '"' && strings.HasPrefix(text, `\\`):
		b.WriteString(protectedBackslash)
		return 2
	case quote == '"' && strings.HasPrefix(text, `\"`):
		b.WriteString(protectedQuote)
		return 2
	case r == '$':
		b.WriteString(protectedReference)
	default:
		b.WriteString(text[:size])
	}
	return size
}

// restore takes protect back. What is left of it is referenceMark, in place of each $ that may
// start a reference.
func restore(text string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "\x00")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		size := 1
		switch "\x00" + after[:1] {
		case protectedReference:
			b.WriteByte(referenceMark)
		case protectedDollar:
			b.WriteByte('$')
		case protectedQuote:
			b.WriteByte('"')
		case protectedBackslash:
			b.WriteByte('\\')
		case protectedByte:
			size = 3
			code, _ := strconv.ParseUint(after[1:size], 16, 8) // written by protect, so it parses
			b.WriteByte(byte(code))
		}
		text = after[size:]
	}
}
