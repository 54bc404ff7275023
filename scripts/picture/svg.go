package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

const (
	charWidth  = 8.4 // of the font size below, in the fonts that are asked for
	lineHeight = 19
	margin     = 16
)

// colours on a dark ground, by SGR code.
var colours = map[int]string{
	30: "#484f58", 31: "#ff7b72", 32: "#3fb950", 33: "#d29922", 34: "#58a6ff", 35: "#bc8cff", 36: "#39c5cf", 37: "#b1bac4",
	90: "#8b949e", 91: "#ffa198", 92: "#56d364", 93: "#e3b341", 94: "#79c0ff", 95: "#d2a8ff", 96: "#56d4dd", 97: "#f0f6fc",
}

func svg(lines []line) string {
	width, height := int(math.Ceil(columns*charWidth))+2*margin, len(lines)*lineHeight+2*margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" rx="8" fill="#0d1117"/>`+"\n", width, height)
	b.WriteString(`<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="14" fill="#e6edf3" xml:space="preserve">` + "\n")
	for i, l := range lines {
		y := margin + i*lineHeight + 14
		for _, s := range spans(l) {
			fmt.Fprintf(&b, `<text x="%.1f" y="%d" textLength="%.1f"%s>%s</text>`+"\n",
				margin+float64(s.col)*charWidth, y, float64(len([]rune(s.text)))*charWidth, s.attributes(), html.EscapeString(s.text))
		}
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}

// span is a part of a line in one style, which begins and ends with a word.
type span struct {
	col   int
	text  string
	style cell
}

func (s span) attributes() (out string) {
	if colour := colours[s.style.colour]; colour != "" {
		out = ` fill="` + colour + `"`
	}
	if s.style.bold {
		out += ` font-weight="bold"`
	}
	return out
}

// spans cuts a line where its style changes and where there is more than one blank.
func spans(l line) (out []span) {
	var now span
	finish := func() {
		if text := strings.TrimRight(now.text, " "); text != "" {
			now.text = text
			out = append(out, now)
		}
		now = span{}
	}
	for i, c := range l {
		style := cell{colour: c.colour, bold: c.bold}
		if style != now.style && c.char != ' ' || strings.HasSuffix(now.text, "  ") {
			finish()
		}
		if now.text == "" && c.char == ' ' {
			continue
		}
		if now.text == "" {
			now.col, now.style = i, style
		}
		now.text += string(c.char)
	}
	finish()
	return out
}
