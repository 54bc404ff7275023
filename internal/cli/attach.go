package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/client"
	"github.com/locald/locald/internal/wire"
)

func attachCommand(a *app) *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use:   "attach SERVICE",
		Short: "connect to the terminal of a service: see what it shows, type to it",
		Long: "Connects this terminal to that of a service, for a debugger's prompt or a\n" +
			"console. Every key goes to the service, Ctrl-C included; Ctrl-] leaves, and the\n" +
			"service keeps running. Its log goes on meanwhile.",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			return &wire.Error{
				Code: wire.CodeUsage, Msg: "cannot tell what to attach to: name one service",
				Hint: "locald attach web",
			}
		},
		RunE: func(_ *cobra.Command, args []string) error {
			leave, err := controlKey(key)
			if err != nil {
				return err
			}
			return attachTo(a, args[0], key, leave)
		},
	}
	cmd.Flags().StringVar(&key, "detach-key", "ctrl-]",
		"the `KEY` to leave with: ctrl- and a letter or one of @ [ \\ ] ^ _")
	cmd.ValidArgsFunction = a.completeServices
	return cmd
}

// controlKey returns the byte that a terminal sends for "ctrl-]".
func controlKey(key string) (byte, error) {
	rest, ok := strings.CutPrefix(strings.ToUpper(key), "CTRL-")
	if !ok || len(rest) != 1 || rest[0] < '@' || rest[0] > '_' {
		return 0, &wire.Error{
			Code: wire.CodeUsage,
			Msg:  fmt.Sprintf("cannot leave with %q: it is not a control key", key),
			Hint: "such as: --detach-key ctrl-]",
		}
	}
	return rest[0] - '@', nil
}

// attachment is one client of a service's terminal. Three goroutines: one
// reads keys, one hears of signals, and the caller's shows what comes.
type attachment struct {
	app   *app
	conn  *client.Conn
	leave byte
	label string
	out   crWriter
	typed bool        // by a person on a terminal; not changed once the keys are read
	raw   *term.State // what the terminal is put back to; nil if it was not changed
	alt   bool        // the service has switched to the alternate screen
	left  chan struct{}
}

func attachTo(a *app, target, key string, leave byte) error {
	dir, err := a.workingDir()
	if err != nil {
		return err
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	defer c.Close()
	s := &attachment{
		app: a, conn: c, leave: leave, left: make(chan struct{}, 1),
		out: crWriter{to: a.out.Writer}, // what a service shows is drawn by it alone
	}
	defer s.restore()
	req := wire.AttachRequest{Dir: dir, Target: target, Size: windowSize()}
	reply, err := client.Stream(c, wire.Attach.Op, req,
		func(ev wire.AttachEvent) error { return s.event(ev, key) })
	s.restore()
	select {
	case <-s.left:
		fmt.Fprintf(a.err, "locald: left %s; it keeps running\n", s.label)
		return nil
	default:
	}
	if err != nil {
		return err
	}
	return tellEnd(a, s.label, reply.Exit)
}

// ended says how the run that was attached to has ended.
func tellEnd(a *app, label string, e *wire.Exit) error {
	switch {
	case e == nil:
		fmt.Fprintf(a.err, "locald: %s ended\n", label)
	case e.Signal != "":
		fmt.Fprintf(a.err, "locald: %s was ended by %s\n", label, e.Signal)
	default:
		fmt.Fprintf(a.err, "locald: %s exited with %d\n", label, *e.Code)
	}
	if e == nil || e.Signal != "" || *e.Code != 0 {
		return exitStatus(wire.CodeServiceFailed.ExitStatus())
	}
	return nil
}

func (s *attachment) event(ev wire.AttachEvent, key string) error {
	if ev.Service != "" {
		s.label = ev.Project + "/" + ev.Service
		fmt.Fprintf(s.app.err, "locald: attached to %s, run %d; %s leaves\n", s.label, ev.Run, key)
		return s.begin()
	}
	if ev.Lost > 0 {
		fmt.Fprintf(&s.out, "\n[%d bytes came faster than they were shown; they are in the log]\n",
			ev.Lost)
	}
	text := []byte(ev.Shown)
	i := bytes.LastIndex(text, []byte("\x1b[?1049h"))
	j := bytes.LastIndex(text, []byte("\x1b[?1049l"))
	if i != j {
		s.alt = i > j
	}
	_, err := s.out.Write(text)
	return err
}

// begin hands the keyboard over, once the service is known to be there.
func (s *attachment) begin() error {
	if fd := int(os.Stdin.Fd()); term.IsTerminal(fd) {
		raw, err := term.MakeRaw(fd)
		if err != nil {
			return fmt.Errorf("cannot set up this terminal: %w", err)
		}
		s.raw, s.typed = raw, true
		s.out.raw = s.app.out.TTY
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGWINCH, syscall.SIGTERM, syscall.SIGHUP)
	go s.hear(signals)
	go s.keys()
	return nil
}

// hear follows the window's size, and leaves when it is told to end.
func (s *attachment) hear(signals <-chan os.Signal) {
	for sig := range signals {
		if sig != syscall.SIGWINCH {
			s.goAway()
			return
		}
		if size := windowSize(); size != nil {
			_ = client.Say(s.conn, wire.Attach, wire.Keys{Size: size})
		}
	}
}

// keys sends what is typed, or what stdin holds, up to the key that leaves.
func (s *attachment) keys() {
	var buf [4 << 10]byte
	for {
		n, err := os.Stdin.Read(buf[:])
		typed := buf[:n]
		i := -1
		if s.typed {
			i = bytes.IndexByte(typed, s.leave)
		}
		if i >= 0 {
			typed = typed[:i]
		}
		// The size goes along: what is typed after the window has changed must not arrive before
		// the change, and the signal that tells of it may be late.
		keys := wire.Keys{Typed: bytestr.String(typed), Size: s.size()}
		if len(typed) > 0 && client.Say(s.conn, wire.Attach, keys) != nil {
			return
		}
		if i >= 0 {
			s.goAway()
			return
		}
		if err != nil { // the input's end; what the service prints is still shown
			return
		}
	}
}

// size is that of the window, nil where stdin is not a terminal.
func (s *attachment) size() *wire.Size {
	if !s.typed {
		return nil
	}
	return windowSize()
}

func (s *attachment) goAway() {
	select {
	case s.left <- struct{}{}:
	default:
	}
	s.conn.Close()
}

// restore puts the terminal back, and what a program may have left switched on.
func (s *attachment) restore() {
	if s.raw == nil {
		return
	}
	terminal := s.app.out.Writer
	if s.alt {
		fmt.Fprint(terminal, "\x1b[?1049l")
	}
	if s.app.out.TTY {
		fmt.Fprint(terminal, "\x1b[0m\x1b[?25h\x1b[?2004l") // colours, cursor, bracketed paste
		if s.out.last != '\n' {
			fmt.Fprint(terminal, "\r\n")
		}
	}
	_ = term.Restore(int(os.Stdin.Fd()), s.raw)
	s.raw = nil
}

// windowSize is that of this terminal, nil without one.
func windowSize() *wire.Size {
	cols, rows, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil || cols <= 0 || rows <= 0 {
		return nil
	}
	return &wire.Size{Rows: uint16(rows), Cols: uint16(cols)}
}

// crWriter does what the service's terminal leaves to this one, which is raw:
// it returns to the first column at the end of each line.
type crWriter struct {
	to   io.Writer
	raw  bool
	last byte
	buf  []byte
}

func (w *crWriter) Write(p []byte) (int, error) {
	w.buf = w.buf[:0]
	for _, b := range p {
		if b == '\n' && w.last != '\r' && w.raw {
			w.buf = append(w.buf, '\r')
		}
		w.buf = append(w.buf, b)
		w.last = b
	}
	if _, err := w.to.Write(w.buf); err != nil {
		return 0, err
	}
	return len(p), nil
}
