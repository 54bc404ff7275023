package main

import (
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/creack/pty"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/locald/locald/internal/cli"
	"github.com/locald/locald/internal/testworld"
)

// venom is what a terminal would obey, or not show: CSI in three forms, a bell, a carriage
// return, a direction, fillers, a tag, bytes that are no text, a line of its own.
const venom = "x\x1b[2J\x9b1A\u009b1A\a\r\u202e\u3164\u200b\U000e0041\xff\nlocald: all is well"

// TestCommandLineReachesNoTerminal gives every verb what no terminal must obey: as an argument, a
// flag, the value of each flag, a directory.
func TestCommandLineReachesNoTerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := w.Project("shop", "Procfile", "web: service block\n")
	w.Output(dir, "locald", "status") // starts the daemon
	for _, args := range venomousArgs(nil, cli.NewCommand()) {
		checkBoth(t, w, dir, args)
	}
}

// venomousArgs are command lines for a command and those below it.
func venomousArgs(path []string, cmd *cobra.Command) (all [][]string) {
	with := func(args ...string) {
		all = append(all, append(append([]string{}, path...), args...))
	}
	with(venom)
	with(venom, venom)
	with("--" + venom)
	with("-" + venom)
	with("--directory="+venom, venom)
	with("-C", venom)
	with("--help", venom)
	with("--", venom)
	if len(path) == 0 {
		with("help", venom)
		with("__complete", venom)
		with("__complete", "status", "--"+venom, venom)
		with("at", venom, venom)
		with("at", "1", venom)
	}
	cmd.InitDefaultHelpFlag()
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		with("--" + f.Name + "=" + venom)
	})
	for _, sub := range cmd.Commands() {
		all = append(all, venomousArgs(append(path[:len(path):len(path)], sub.Name()), sub)...)
	}
	return all
}

// TestFilesReachNoTerminal shows projects of somebody who wrote into every file and name what no
// terminal must obey.
func TestFilesReachNoTerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	line := strings.NewReplacer("\n", " ", "\r", "").Replace(venom)
	procfile := "web: service block " + line + "\n" + line + ": x\n " + line + "\n" +
		"web" + line + ": y\nprogram: " + strings.ReplaceAll(line, " ", "") + "\n"
	dotenv := "A=" + line + "\n" + line + "=1\nPATH" + line + "\nPATH=/" + line + ":$PATH\n"
	for i, toml := range []string{
		"", "\"\\u001b[2J\\u202e\\u3164\" = 1\n", line + " = 1\n", "x = \"" + line + "\"\n",
		"services.\"\\u009b2J\".ready = \"x\"\n", "services.web.ready = \"log:(\\u001b[2J\"\n",
		"services.web.restart = \"\\u001b[2J\\n\"\n", "env = { \"A\\u001b\\u202e\" = \"x\" }\n",
		"services.web.depends_on = [\"\\u001b[2J\"]\n",
	} {
		name := strings.NewReplacer("/", "").Replace(fmt.Sprint(i, venom))
		files := []string{"Procfile", procfile, ".env", dotenv}
		if toml != "" {
			files = append(files, "locald.toml", toml)
		}
		dir := w.Project(name, files...)
		for _, args := range [][]string{
			nil,
			{"check"},
			{"allow"},
			{"allow", "--yes"},
			{"status"},
			{"status", "--all"},
			{"status", "--json"},
			{"check", "--json"},
			{"up", "--timeout=1ms"},
			{"up", "--json", "--no-wait"},
			{"logs"},
			{"logs", "--json"},
			{"restart", "--changed", "--no-wait"},
			{"down"},
			{"wait", "--timeout=1ms"},
			{"env", "web"},
			{"env", "--explain", "--show-values", "web"},
			{"env", "--json"},
			{"doctor"},
			{"init"},
			{"deny"},
			{"forget"},
			{"at", "1", dir},
			{"__complete", "status", ""},
		} {
			checkBoth(t, w, dir, args)
		}
	}
}

// checkBoth looks at what a pipe gets and at what a terminal gets. The environment is for programs,
// if no person looks.
func checkBoth(t *testing.T, w *testworld.World, dir string, args []string) {
	t.Helper()
	checkHarmless(t, args, onTerminal(t, w, dir, 80, args...))
	if len(args) > 0 && args[0] == "env" {
		return
	}
	out, _ := w.Command(dir, "locald", args...).CombinedOutput() // most are refused
	checkHarmless(t, args, string(out))
}

// drawnOver is how the line of progress is drawn: by us, with nothing in it but names and states.
var drawnOver = regexp.MustCompile(`\r\x1b\[K`)

// checkHarmless wants nothing that a terminal obeys, and nothing that it does not show.
func checkHarmless(t *testing.T, args []string, shown string) {
	t.Helper()
	text := drawnOver.ReplaceAllString(strings.ReplaceAll(shown, "\r\n", "\n"), "")
	unseen := func(r rune) bool { return !unicode.IsPrint(r) || r == '\u3164' }
	if len(args) > 0 && args[0] == "logs" { // which keeps what services print, but for controls
		unseen = unicode.IsControl
	}
	for i, r := range text {
		_, size := utf8.DecodeRuneInString(text[i:])
		if r == '\n' || r == '\t' {
			continue
		}
		if r == utf8.RuneError && size == 1 || unseen(r) {
			t.Errorf("locald %q prints %q:\n%q", args, text[i:i+size], shown)
			return
		}
	}
	if strings.Contains(text, "\nlocald: all is well") {
		t.Errorf("locald %q begins a line with somebody else's words:\n%q", args, shown)
	}
}

// onTerminal runs locald on a terminal of its own, where it is told no, and returns what it printed.
func onTerminal(t *testing.T, w *testworld.World, dir string, cols uint16, args ...string) string {
	t.Helper()
	return typed(t, cols, w.Command(dir, "locald", args...))
}

// onShell is onTerminal for a line of a shell.
func onShell(t *testing.T, w *testworld.World, dir string, cols uint16, line string) string {
	t.Helper()
	return typed(t, cols, w.Command(dir, "sh", "-c", line))
}

func typed(t *testing.T, cols uint16, cmd *exec.Cmd) string {
	t.Helper()
	cmd.Env = append(cmd.Env, "NO_COLOR=1", "TERM=xterm")
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: cols})
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	io.WriteString(tty, "n\n")
	all, _ := io.ReadAll(tty) // it ends with EIO where others end with EOF
	_ = cmd.Wait()
	return strings.TrimPrefix(string(all), "n\r\n")
}

// TestReviewOnATerminal: a command that was written to look like a harmless review on a terminal of
// 80 columns is seen for what it is, at any width.
func TestReviewOnATerminal(t *testing.T) {
	w := newWorld(t)
	padded := "service block; rm -rf ~" + strings.Repeat(" ", 49)
	dir := w.Project("shop", "Procfile", "web: "+padded+"web:  npm start"+strings.Repeat(" ", 66)+"worker:  true\n")
	for _, cols := range []uint16{60, 80, 200} {
		got := onTerminal(t, w, dir, cols, "allow")
		got, _, _ = strings.Cut(strings.ReplaceAll(got, "\r\n", "\n"), "not allowed; ")
		lines := strings.Split(got, "\n")
		for i, line := range lines {
			if n := utf8.RuneCountInString(line); n > int(cols) {
				t.Errorf("%d columns: a row has %d:\n%s", cols, n, got)
			}
			ours := i == 0 || strings.HasPrefix(line, "   web:  service block; rm -rf ~␣") ||
				strings.HasPrefix(line, "       │ ") || strings.HasPrefix(line, "Start these")
			if !ours {
				t.Errorf("%d columns: %q is not a line of locald's:\n%s", cols, line, got)
			}
		}
		if n := strings.Count(got, "␣"); n < 49+66 {
			t.Errorf("%d columns: of %d blanks %d are seen:\n%s", cols, 49+66, n, got)
		}
	}
}

// TestReviewOnANarrowTerminal: where there is too little room for the review, or where it goes
// somewhere else than the question, nobody is asked.
func TestReviewOnANarrowTerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := w.Project("shop", "Procfile", "web: npm start\nlong: "+strings.Repeat("x", 300)+"\n")
	for _, cols := range []uint16{12, 20, 33} {
		got := strings.ReplaceAll(onTerminal(t, w, dir, cols, "allow"), "\r\n", "\n")
		got, asked, _ := strings.Cut(got, "Start these")
		if !strings.Contains(asked, "[y/N]") {
			t.Errorf("%d columns: nobody was asked:\n%s", cols, got)
		}
		for _, line := range strings.Split(got, "\n") {
			if utf8.RuneCountInString(line) > int(cols) || strings.HasPrefix(line, "x") {
				t.Errorf("%d columns: %q is not a row of locald's:\n%s", cols, line, got)
			}
		}
	}
	for name, c := range map[string]struct {
		cols uint16
		line string
		want string
	}{
		"too narrow": {11, "locald allow", "the terminal has 11 columns, and needs 12 to show it"},
		"a pipe":     {60, "locald allow | cat", "is not shown on the terminal that asks"},
		"a file":     {60, "locald allow >review; cat review", "is not shown on the terminal that asks"},
		"a proposal": {60, "cd ../new; locald init | cat", "is not shown on the terminal that asks"},
	} {
		w.Project("new", "package.json", `{"scripts":{"dev":"vite"}}`)
		got := strings.ReplaceAll(onShell(t, w, dir, c.cols, c.line), "\r\n", "\n")
		if strings.Contains(got, "[y/N]") || !strings.Contains(got, c.want) {
			t.Errorf("%s: want no question but %q:\n%s", name, c.want, got)
		}
		if c.cols == 60 && strings.Contains(got, "\nxxx") {
			t.Errorf("%s: the pipe is not folded at the terminal's width:\n%s", name, got)
		}
	}
}

// TestPlainReview is the usual case, which looks as it always did.
func TestPlainReview(t *testing.T) {
	s, _ := terminal(t, "web: npm run dev -- --port $PORT\nworker: python worker.py\n")
	s.Type("locald allow\n")
	got := s.Expect("[y/N] ")
	want := "   web:     npm run dev -- --port $PORT\r\n   worker:  python worker.py\r\n" +
		"Start these whenever the directory is entered? "
	if !strings.Contains(got, want) {
		t.Errorf("the review is\n%s", got)
	}
	s.Type("n\n")
	s.AwaitPrompt()
	s.Close()
}
