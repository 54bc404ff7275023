package term

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/creack/pty"
)

func TestGate(t *testing.T) {
	const ours = "\x1b[31mred\x1b[0m"
	for _, c := range []struct {
		text  string
		color bool
		want  string
	}{
		{"plain\n\ttext · größe\n", false, "plain\n\ttext · größe\n"},
		{ours, true, ours},
		{ours, false, `\x1b[31mred\x1b[0m`},
		{"\x1b[2J\x1b[1A\r\x07", true, `\x1b[2J\x1b[1A\x0d\x07`},
		{"\x1b[8mhidden\x1b[30;40m\x1b[m\x1b[38;5;0m", true, `\x1b[8mhidden\x1b[30;40m\x1b[m\x1b[38;5;0m`},
		{"\x1b]0;title\x07\x1b[31", true, `\x1b]0;title\x07\x1b[31`},
		{"\x9b2J\u009b2J\u202e\xff", true, `\x9b2J\xc2\x9b2J\xe2\x80\xae\xff`},
		{"\u3164\u2800", true, `\xe3\x85\xa4\xe2\xa0\x80`},
	} {
		var out bytes.Buffer
		p := Printer{Writer: &out, TTY: true, Color: c.color}
		n, err := p.Write([]byte(c.text))
		if out.String() != c.want || n != len(c.text) || err != nil {
			t.Errorf("of %q comes %q, want %q (%d, %v)", c.text, out.String(), c.want, n, err)
		}
	}
}

// TestPaintPassesTheGate wants every style there is to pass: one that does not would be seen as
// \x1b[… on every screen.
func TestPaintPassesTheGate(t *testing.T) {
	styles := []Style{Good, Busy, Bad, Quiet, Title, Mark}
	for _, c := range palette {
		styles = append(styles, Style{c})
	}
	for _, s := range styles {
		var out bytes.Buffer
		p := Printer{Writer: &out, TTY: true, Color: true}
		text := p.Paint(s, "text")
		fmt.Fprint(&p, text)
		if out.String() != text || !strings.HasPrefix(text, "\x1b[") {
			t.Errorf("of %q comes %q", text, out.String())
		}
	}
}

// Nobody is asked on one terminal about what is shown on another, or on none.
func TestUnfit(t *testing.T) {
	open := func(cols uint16) *Printer {
		held, tty, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { tty.Close(); held.Close() })
		if err := pty.Setsize(tty, &pty.Winsize{Rows: 24, Cols: cols}); err != nil {
			t.Fatal(err)
		}
		return New(tty)
	}
	one, two, narrow := open(80), open(80), open(11)
	pipe := &Printer{Writer: io.Discard}
	for name, c := range map[string]struct {
		shows, asks *Printer
		want        string
	}{
		"the same":   {one, one, ""},
		"another":    {one, two, "not shown on the terminal that asks"},
		"a pipe":     {pipe, one, "not shown on the terminal that asks"},
		"too narrow": {narrow, narrow, "has 11 columns"},
	} {
		err := c.shows.Unfit(c.asks)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
