// Package shelltest drives a real interactive shell on a pseudo-terminal, for tests. Each Shell has
// a private home and its own terminal; one goroutine reads what the terminal prints and one waits
// for the shell's end, both until Close.
//
// Nothing here waits for time to pass: a shell is ready when its prompt, which carries a number,
// has been printed.
package shelltest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// patience is how long a test waits for something that never comes. It fails the test; it never
// paces one.
const patience = 30 * time.Second

// farewell is how long a shell may take to end by itself once its terminal is gone.
const farewell = 2 * time.Second

// TB is what a shell needs of a test, so that a program that is none can drive one too.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
	TempDir() string
}

// Options say in which world a shell starts. The zero value is usable.
type Options struct {
	// Home is the shell's home directory, in which its start-up file is written; a private one when
	// empty.
	Home string
	// Env is added to a small fixed environment; it does not inherit the test's own.
	Env []string
	// RC is appended to the shell's start-up file, in the shell's own language.
	RC string
	// Dir is where the shell starts; its home when empty.
	Dir string
	// Rows and Cols are the terminal's size. Without them it is as wide as a long temporary path
	// needs: a line editor on a dumb terminal would scroll sideways.
	Rows, Cols uint16
	// Show gets what the terminal prints, as it comes, but for the marks of this package.
	Show io.Writer
}

// Shell is one interactive shell on a terminal of its own.
type Shell struct {
	t      TB
	kind   string
	home   string
	cmd    *exec.Cmd
	tty    *os.File
	chunks chan []byte
	exited chan struct{}

	unread []byte // printed, and not yet returned by Run, Expect or Wait
	prompt string // identity of the last prompt seen
	status int

	greeting string
}

// Start starts kind ("bash", "zsh" or "fish") and waits for its first prompt. Where the shell is
// not installed the test is skipped, or fails when the environment variable CI is set.
func Start(t TB, kind string, o Options) *Shell {
	t.Helper()
	s := Launch(t, kind, o)
	s.greeting = s.AwaitPrompt()
	return s
}

// Launch is Start without the wait, for a test that types before the first prompt or expects none.
func Launch(t TB, kind string, o Options) *Shell {
	t.Helper()
	path := Need(t, kind)
	home := o.Home
	if home == "" {
		home = t.TempDir()
	}
	s := &Shell{
		t: t, kind: kind, home: home, chunks: make(chan []byte, 64), exited: make(chan struct{}),
	}
	s.writeStartup(o.RC)
	s.cmd = exec.Command(path, arguments[kind]...)
	s.cmd.Env = append(environment(path, home), o.Env...)
	s.cmd.Dir = o.Dir
	if o.Dir == "" {
		s.cmd.Dir = home
	}
	size := pty.Winsize{Rows: cmp.Or(o.Rows, 50), Cols: cmp.Or(o.Cols, 2000)}
	tty, err := pty.StartWithSize(s.cmd, &size)
	if err != nil {
		t.Fatalf("cannot start %s on a terminal: %v", kind, err)
	}
	if s.tty, err = pollable(tty); err != nil {
		t.Fatalf("%v", err)
	}
	go s.read(unmarked{to: o.Show})
	go s.wait()
	t.Cleanup(s.Close)
	return s
}

// pollable takes over tty as a file whose Close interrupts a Read. The pty package has put it into
// blocking mode, where Close would leave the terminal open until the shell prints something.
func pollable(tty *os.File) (*os.File, error) {
	defer tty.Close()
	fd, err := unix.FcntlInt(tty.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot duplicate the terminal: %w", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, fmt.Errorf("cannot make the terminal non-blocking: %w", err)
	}
	return os.NewFile(uintptr(fd), tty.Name()), nil
}

// Need returns the path of a program that a test runs. Where it is missing the test is skipped, or
// fails when the environment variable CI is set.
func Need(t TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	switch {
	case err == nil:
		return path
	case os.Getenv("CI") != "":
		t.Fatalf("%s is missing and CI skips nothing: install the package %s", program, program)
	default:
		t.Skipf("%s is missing: install the package %s to run this test", program, program)
	}
	return ""
}

func (s *Shell) read(show unmarked) {
	defer close(s.chunks)
	for {
		buf := make([]byte, 4096)
		n, err := s.tty.Read(buf)
		if n > 0 {
			show.print(buf[:n])
			s.chunks <- buf[:n]
		}
		if err != nil {
			return
		}
	}
}

// unmarked passes on what is printed without the marks, each of which ends with the byte that it
// begins with.
type unmarked struct {
	to     io.Writer
	inside byte // the mark that has begun, or 0
}

func (u *unmarked) print(chunk []byte) {
	if u.to == nil {
		return
	}
	var rest []byte
	for _, b := range chunk {
		switch {
		case u.inside != 0:
			if b == u.inside {
				u.inside = 0
			}
		case b == outputMark[0] || b == promptMark:
			u.inside = b
		default:
			rest = append(rest, b)
		}
	}
	_, _ = u.to.Write(rest) // nobody may be watching any more
}

func (s *Shell) wait() {
	defer close(s.exited)
	_ = s.cmd.Wait() // how it ended is no business of ours: tests kill shells too
}

// PID is the shell's process.
func (s *Shell) PID() int { return s.cmd.Process.Pid }

// Home is the shell's home directory.
func (s *Shell) Home() string { return s.home }

// Greeting is what the shell printed before its first prompt, where Start waited for that.
func (s *Shell) Greeting() string { return s.greeting }

// Status is what the last prompt showed as the exit status of the command before it.
func (s *Shell) Status() int { return s.status }

// Type sends bytes as a keyboard would; "\r" is ENTER, "\x03" ctrl-C.
func (s *Shell) Type(keys string) {
	s.t.Helper()
	if _, err := s.tty.WriteString(keys); err != nil {
		s.t.Fatalf("cannot type %q into %s: %v", keys, s.kind, err)
	}
}

// Run types a line and ENTER, waits for the next prompt, and returns what was printed in between,
// without the echo of the line and with plain newlines.
func (s *Shell) Run(line string) string {
	s.t.Helper()
	s.Type(line + "\r")
	return s.AwaitPrompt()
}

// AwaitPrompt waits for a prompt that has not been seen yet and returns what was printed before it,
// as Run does.
func (s *Shell) AwaitPrompt() string {
	s.t.Helper()
	var printed string
	s.until("the next prompt", func(b []byte) int {
		from, marked := 0, false
		if i := bytes.Index(b, []byte(outputMark)); i >= 0 {
			from, marked = i+len(outputMark), true
		}
		for _, m := range promptRE.FindAllSubmatchIndex(b, -1) {
			if id := string(b[m[2]:m[3]]); m[0] >= from && (marked || id != s.prompt) {
				printed = clean(b[from:m[0]], !marked && s.prompt != "")
				s.prompt = id
				s.status, _ = strconv.Atoi(string(b[m[4]:m[5]]))
				return m[1]
			}
		}
		return -1
	})
	return printed
}

// Expect waits until text has been printed and returns everything up to its end, as the terminal
// got it.
func (s *Shell) Expect(text string) string {
	s.t.Helper()
	return s.until(strconv.Quote(text), func(b []byte) int {
		if i := bytes.Index(b, []byte(text)); i >= 0 {
			return i + len(text)
		}
		return -1
	})
}

// until reads on until end finds where the awaited thing ends in what is unread, and returns all
// before that.
func (s *Shell) until(what string, end func([]byte) int) string {
	s.t.Helper()
	deadline := time.After(patience)
	for {
		if i := end(s.unread); i >= 0 {
			got := string(s.unread[:i])
			s.unread = s.unread[i:]
			return got
		}
		select {
		case chunk, ok := <-s.chunks:
			if !ok {
				s.t.Fatalf("%s ended before %s; unread: %q", s.kind, what, s.unread)
			}
			s.unread = append(s.unread, chunk...)
		case <-deadline:
			s.t.Fatalf(
				"%s printed nothing like %s in %v; unread: %q", s.kind, what, patience, s.unread,
			)
		}
	}
}

// Wait waits for the shell's end and returns what it printed that no other method has returned.
func (s *Shell) Wait() string {
	s.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case chunk, ok := <-s.chunks:
			if !ok {
				<-s.exited
				return string(s.unread)
			}
			s.unread = append(s.unread, chunk...)
		case <-deadline:
			s.t.Fatalf("%s did not end in %v; unread: %q", s.kind, patience, s.unread)
		}
	}
}

// Resize changes the terminal's size, which sends SIGWINCH to what runs in front.
func (s *Shell) Resize(rows, cols int) {
	s.t.Helper()
	conn, err := s.tty.SyscallConn()
	if err != nil {
		s.t.Fatalf("%v", err)
	}
	size := unix.Winsize{Row: uint16(rows), Col: uint16(cols)}
	ctl := conn.Control(func(fd uintptr) {
		err = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &size)
	})
	if ctl != nil || err != nil {
		s.t.Fatalf("cannot resize the terminal of %s: %v", s.kind, errors.Join(ctl, err))
	}
}

// Close takes the terminal away, as closing a window does, and kills the shell where that does not
// end it. It waits for the end and may be called twice.
func (s *Shell) Close() {
	_ = s.tty.Close()
	go func() {
		for range s.chunks { // the reader must not be left blocked on a full channel
		}
	}()
	select {
	case <-s.exited:
	case <-time.After(farewell):
		_ = s.cmd.Process.Kill()
		<-s.exited
	}
}

// clean turns terminal output into text. The echo of a line ends at the first newline.
func clean(b []byte, echoed bool) string {
	b = bytes.ReplaceAll(escapeRE.ReplaceAll(b, nil), []byte("\r\n"), []byte("\n"))
	if echoed {
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			b = b[i+1:]
		}
	}
	return string(bytes.TrimRight(missingNewlineRE.ReplaceAll(b, nil), "\r"))
}

// missingNewlineRE matches the sign that fish draws after output without a newline, and then hides
// where there was one.
var missingNewlineRE = regexp.MustCompile(`\x{23CE} *\r\x{23CE}[ \r]*$`)

// escapeRE matches what shells send for colour, cursor and title.
var escapeRE = regexp.MustCompile(
	`\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\x1b[()][A-Z0-9]|\x1b[=>]|\x1b[78]`,
)

func (s *Shell) writeStartup(rc string) {
	s.t.Helper()
	path := filepath.Join(s.home, startupFile[s.kind])
	// fish, where it finds no generated completions, starts to make them from every manual page in
	// the background.
	completions := filepath.Join(s.home, ".local/share/fish/generated_completions")
	runtime := filepath.Join(s.home, runtimeDir)
	for _, dir := range []string{filepath.Dir(path), completions, runtime, coverage(s.home)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			s.t.Fatalf("%v", err)
		}
	}
	if err := os.WriteFile(path, []byte(startup[s.kind]+rc+"\n"), 0o644); err != nil {
		s.t.Fatalf("%v", err)
	}
}
