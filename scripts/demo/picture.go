package main

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/locald/locald/internal/testworld"
)

// What is drawn lies between these two, which the demo types: the rest shows crashes.
const (
	first = "# A project that you have never seen"
	last  = "# web crashes"
)

const (
	columns    = 84
	charWidth  = 8.4 // of the font size below, in the fonts that are asked for
	lineHeight = 19
	margin     = 16
)

// colours on a dark ground, by SGR code; 2 is faint.
var colours = map[string]string{
	"2": "#8b949e", "31": "#ff7b72", "32": "#3fb950", "33": "#d29922", "34": "#58a6ff",
	"35": "#bc8cff", "36": "#39c5cf", "91": "#ffa198", "92": "#56d364", "93": "#e3b341",
	"94": "#79c0ff", "95": "#d2a8ff", "96": "#56d4dd",
}

// draw runs the demo in bash, whose line editor prints a short line as it is typed: what it shows
// can be read line by line, and no terminal has to be followed.
func draw(t testworld.TB, file string) {
	var shown bytes.Buffer
	show(t, screen{shell: "bash", term: "xterm-256color", rows: 50, cols: columns, out: &shown})
	lines := strings.Split(lineEnd.ReplaceAllString(shown.String(), "\n"), "\n")
	from, to := index(lines, first), index(lines, last)
	if from < 0 || to < from {
		t.Fatalf("the demo no longer says what the picture begins and ends with")
	}
	for to > from && strings.HasSuffix(strings.TrimSpace(plain(lines[to-1])), "$") { // an empty prompt
		to--
	}
	if err := os.WriteFile(file, []byte(svg(lines[from:to])), 0o644); err != nil {
		t.Fatalf("%v", err)
	}
}

func index(lines []string, text string) int {
	return slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, text) })
}

func svg(lines []string) string {
	width := int(math.Ceil(columns*charWidth)) + 2*margin
	height := len(lines)*lineHeight + 2*margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d">
<rect width="%d" height="%d" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
 font-size="14" fill="#e6edf3" xml:space="preserve">
`, width, height, width, height, width, height)
	for i, line := range lines {
		drawLine(&b, margin+i*lineHeight+14, line)
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}

var (
	sgr = regexp.MustCompile(`\x1b\[([0-9;]*)m`)
	// words matches a part of a line that is drawn at once: a wider gap is not left to the font.
	words = regexp.MustCompile(`\S+(?: \S+)*`)
)

// drawLine draws a line word by word, in the styles that its SGR sequences set.
func drawLine(b *strings.Builder, y int, line string) {
	if i := strings.LastIndexByte(line, '\r'); i >= 0 { // what was there was drawn over
		line = line[i+1:]
	}
	style, column := "", 0
	for line != "" {
		text, codes := line, ""
		if m := sgr.FindStringSubmatchIndex(line); m != nil {
			text, codes, line = line[:m[0]], line[m[2]:m[3]], line[m[1]:]
		} else {
			line = ""
		}
		text = escapes.ReplaceAllString(text, "")
		for _, at := range words.FindAllStringIndex(text, -1) {
			word := text[at[0]:at[1]]
			x := margin + float64(column+utf8.RuneCountInString(text[:at[0]]))*charWidth
			length := float64(utf8.RuneCountInString(word)) * charWidth
			fmt.Fprintf(b, `<text x="%.1f" y="%d" textLength="%.1f"%s>%s</text>`+"\n",
				x, y, length, style, html.EscapeString(word))
		}
		column += utf8.RuneCountInString(text)
		style = attributes(style, codes)
	}
}

// attributes are those of a text after a sequence; only one that sets nothing leaves any.
func attributes(style, codes string) string {
	for code := range strings.SplitSeq(codes, ";") {
		switch colour := colours[code]; {
		case colour != "":
			style = ` fill="` + colour + `"`
		case code == "1":
			style = ` font-weight="bold"`
		default: // back to normal, of one thing or of all
			style = ""
		}
	}
	return style
}
