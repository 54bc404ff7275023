// Command picture makes the picture of the README: it runs the demo on a terminal, follows what that terminal shows, and
// draws the first part of it as SVG on stdout. It starts no goroutine.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"github.com/creack/pty"
)

// What is drawn lies between these two, which the demo types: the rest shows crashes.
const (
	first = "# A project that you have never seen"
	last  = "# web crashes"
)

const columns = 84

func main() {
	if err := draw(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "cannot make the picture:", err)
		os.Exit(1)
	}
}

func draw(w io.Writer) error {
	cmd := exec.Command("scripts/demo.sh")
	cmd.Env = append(os.Environ(), "TERM=xterm-256color")
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 50, Cols: columns})
	if err != nil {
		return err
	}
	defer tty.Close()
	printed, err := io.ReadAll(tty)
	if err != nil && !errors.Is(err, syscall.EIO) { // how Linux says that nobody has the terminal open any more
		return err
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("the demo failed: %w\n%s", err, printed)
	}
	s := screen{}
	s.print(string(printed))
	lines, err := part(s.lines)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, svg(lines))
	return err
}

// part cuts out what is to be drawn.
func part(lines []line) ([]line, error) {
	find := func(text string) int {
		return slices.IndexFunc(lines, func(l line) bool { return strings.Contains(l.text(), text) })
	}
	from, to := find(first), find(last)
	if from < 0 || to < from {
		return nil, errors.New("the demo no longer says what this program looks for")
	}
	for to > from && strings.HasSuffix(strings.TrimSpace(lines[to-1].text()), "$") { // an empty prompt
		to--
	}
	return lines[from:to], nil
}
