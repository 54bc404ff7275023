package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"time"

	"github.com/creack/pty"
	"github.com/mattn/go-isatty"
)

// patience is how long to wait for something that never comes. It paces nothing.
const patience = 60 * time.Second

// promptEnd is invisible in a terminal: the sequence with which shells mark where a prompt ends (OSC 133;B).
const promptEnd = "\x1b]133;B\a"

// rc gives each shell a plain prompt that ends in promptEnd.
var rc = map[string]string{
	".bashrc": `PS1='\w $ \[\e]133;B\a\]'` + "\n",
	".zshrc": "setopt interactive_comments\nunsetopt prompt_sp\nunset zle_bracketed_paste\n" +
		"PROMPT=$'%~ $ %{\\e]133;B\\a%}'\n",
}

// terminal is a real interactive shell on a pseudo-terminal. What it prints is shown as it comes.
type terminal struct {
	shell   string
	cmd     *exec.Cmd
	tty     *os.File
	chunks  chan []byte // closed at the end of the shell
	unread  []byte
	line    []byte // printed and not shown yet
	watched bool   // our output is a terminal too, which understands escape sequences
}

func open(shell string) (*terminal, error) {
	for name, text := range rc {
		if err := os.WriteFile(os.Getenv("HOME")+"/"+name, []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	args := map[string][]string{"zsh": {"-d", "-i"}, "bash": {"-i"}}[shell]
	t := &terminal{shell: shell, cmd: exec.Command(shell, args...), chunks: make(chan []byte, 64)}
	t.cmd.Dir = os.Getenv("HOME")
	size := &pty.Winsize{Rows: 40, Cols: 120}
	kind := "dumb"
	if t.watched = isatty.IsTerminal(os.Stdout.Fd()); t.watched {
		kind = cmp.Or(os.Getenv("TERM"), kind)
		if own, err := pty.GetsizeFull(os.Stdout); err == nil {
			size = &pty.Winsize{Rows: own.Rows, Cols: max(own.Cols, 100)}
		}
	}
	t.cmd.Env = append(os.Environ(), "TERM="+kind)
	var err error
	if t.tty, err = pty.StartWithSize(t.cmd, size); err != nil {
		return nil, fmt.Errorf("cannot start %s on a terminal: %w", shell, err)
	}
	go t.read()
	return t, nil
}

func (t *terminal) read() {
	defer close(t.chunks)
	for {
		buf := make([]byte, 4096)
		n, err := t.tty.Read(buf)
		if n > 0 {
			t.chunks <- buf[:n]
		}
		if err != nil {
			return
		}
	}
}

// keys types.
func (t *terminal) keys(text string) error {
	_, err := t.tty.WriteString(text)
	return err
}

// until returns what is printed up to the end of text.
func (t *terminal) until(text string) (string, error) {
	deadline := time.After(patience)
	for {
		if i := bytes.Index(t.unread, []byte(text)); i >= 0 {
			got := string(t.unread[:i+len(text)])
			t.unread = t.unread[i+len(text):]
			return got, nil
		}
		select {
		case chunk, ok := <-t.chunks:
			if !ok {
				return "", fmt.Errorf("%s ended before it printed %q", t.shell, text)
			}
			t.show(chunk)
			t.unread = append(t.unread, chunk...)
		case <-deadline:
			return "", fmt.Errorf("%s did not print %q within %v", t.shell, text, patience)
		}
	}
}

// show passes on what the shell prints: in whole lines without escape sequences where no terminal takes it.
func (t *terminal) show(chunk []byte) {
	if !t.watched {
		t.line = append(t.line, chunk...)
		end := bytes.LastIndexByte(t.line, '\n') + 1
		chunk, t.line = []byte(plain(string(t.line[:end]))), t.line[end:]
	}
	_, _ = os.Stdout.Write(chunk) // nobody may be watching
}

// end waits for the shell to exit.
func (t *terminal) end() error {
	for chunk := range t.chunks {
		t.show(chunk)
	}
	return t.cmd.Wait()
}

// close ends what is left of the shell.
func (t *terminal) close() {
	_ = t.cmd.Process.Kill()
	_ = t.tty.Close()
}

// escapes matches colours, cursor movements and titles.
var escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\a]*\a`)

var (
	lineEnd = regexp.MustCompile(`\r+\n`)
	// redrawn matches what was printed on a line before the cursor went back to its start.
	redrawn = regexp.MustCompile(`[^\n]*\r`)
)

// plain is what a person reads of terminal output.
func plain(printed string) string {
	return redrawn.ReplaceAllString(lineEnd.ReplaceAllString(escapes.ReplaceAllString(printed, ""), "\n"), "")
}
