package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/wire"
)

// home is a user's machine with nothing on it. A socket's path must be short.
func home(t *testing.T) paths.Paths {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "lc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	p := paths.Paths{Home: dir, Data: filepath.Join(dir, "data"), RuntimeDir: filepath.Join(dir, "run")}
	if err := errors.Join(p.MakeData(), os.Mkdir(p.RuntimeDir, 0o700)); err != nil {
		t.Fatal(err)
	}
	return p
}

// fake is a daemon that consists of its end of the protocol.
type fake struct {
	net.Listener
	hello    wire.Hello
	handlers []ipc.Handler
	served   chan error // what each handler returned
}

// hello is that of the daemon that p is about.
func hello(p paths.Paths, pid int) wire.Hello {
	return wire.Hello{PID: pid, Data: bytestr.String(p.Data)}
}

// listen starts one at a socket.
func listen(t *testing.T, socket string, hello wire.Hello, handlers ...ipc.Handler) *fake {
	t.Helper()
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{l, hello, handlers, make(chan error, 10)}
	t.Cleanup(func() { l.Close() })
	go func() {
		for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
			go f.answer(conn)
		}
	}()
	return f
}

func (f *fake) answer(conn net.Conn) {
	defer conn.Close()
	s := ipc.NewSession(conn, nil)
	q, err := s.Accept(f.hello)
	if err != nil {
		return
	}
	i := slices.IndexFunc(f.handlers, func(h ipc.Handler) bool { return h.Op == q.Op })
	if i < 0 {
		s.Fail(wire.Usagef("no handler"))
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	gone := s.Gone(ctx.Done(), f.handlers[i].TakesInput)
	go func() {
		<-gone
		cancel()
	}()
	err = f.handlers[i].Serve(ctx, s, q)
	if err != nil {
		s.Fail(err)
	}
	f.served <- err
}

func dial(t *testing.T, p paths.Paths) *Conn {
	t.Helper()
	c, err := Dial(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestCall(t *testing.T) {
	p := home(t)
	listen(t, p.Socket(), hello(p, 7), ipc.Answer(wire.Check,
		func(_ context.Context, scope wire.CheckRequest) (wire.CheckReply, error) {
			if len(scope.Env) > 0 {
				return wire.CheckReply{}, errors.New("no")
			}
			return wire.CheckReply{Root: scope.Dir}, nil
		}))
	c := dial(t, p)
	if c.Daemon.PID != 7 || c.Daemon.Proto != wire.ProtoMax {
		t.Errorf("the daemon says %+v", c.Daemon)
	}
	const odd = bytestr.String("/tmp/a\xffb")
	reply, err := Call(c, wire.Check, wire.CheckRequest{Dir: odd})
	if err != nil || reply.Root != odd {
		t.Errorf("%+v, %v", reply, err)
	}
	_, err = Call(dial(t, p), wire.Check, wire.CheckRequest{Env: wire.Environ{"A=1"}})
	if e, ok := errors.AsType[*wire.Error](err); !ok || e.Code != wire.CodeFailure || e.Msg != "no" {
		t.Errorf("an error of the daemon: %#v", err)
	}
	conn := dial(t, p)
	if err := conn.send(ipc.Message{Op: "check", Body: map[string]int{"dir": 7}}); err != nil {
		t.Fatal(err)
	}
	_, err = conn.receive()
	if e, ok := errors.AsType[*wire.Error](err); !ok || e.Code != wire.CodeBadFrame {
		t.Errorf("a body of the wrong type: %#v", err)
	}
}

func TestStream(t *testing.T) {
	p := home(t)
	f := listen(t, p.Socket(), hello(p, 1), ipc.Stream(wire.Logs,
		func(ctx context.Context, req wire.LogsRequest, emit func(wire.LogEvent) error) (wire.LogsReply, error) {
			for i := range req.Tail {
				if err := emit(wire.LogEvent{Lines: []wire.Line{{Run: i}}}); err != nil {
					return wire.LogsReply{}, err
				}
			}
			if req.Follow {
				<-ctx.Done()
			}
			return wire.LogsReply{}, ctx.Err()
		}))
	var runs []int
	_, err := Stream(dial(t, p), wire.Logs, wire.LogsRequest{Tail: 3}, func(ev wire.LogEvent) error {
		runs = append(runs, ev.Lines[0].Run)
		return nil
	})
	if err != nil || !slices.Equal(runs, []int{0, 1, 2}) || <-f.served != nil {
		t.Errorf("events %v, %v", runs, err)
	}
	// Its end cancels what it asked for, and its own error is what it gets.
	enough := errors.New("enough")
	c := dial(t, p)
	_, err = Stream(c, wire.Logs, wire.LogsRequest{Tail: 1, Follow: true}, func(wire.LogEvent) error { return enough })
	if c.Close(); !errors.Is(err, enough) {
		t.Errorf("an event that was too much: %v", err)
	}
	if err := <-f.served; !errors.Is(err, context.Canceled) {
		t.Errorf("the request ended with %v, want it cancelled", err)
	}
}

func TestConverse(t *testing.T) {
	p := home(t)
	f := listen(t, p.Socket(), hello(p, 1), ipc.Converse(wire.Attach, func(
		_ context.Context, _ wire.AttachRequest, in func() (wire.Keys, bool), emit func(wire.AttachEvent) error,
	) (wire.AttachReply, error) {
		if err := emit(wire.AttachEvent{Run: 1}); err != nil {
			return wire.AttachReply{}, err
		}
		for keys, ok := in(); ok; keys, ok = in() {
			if err := emit(wire.AttachEvent{Shown: keys.Typed}); err != nil || keys.Typed == "exit" {
				return wire.AttachReply{Exit: &wire.Exit{Signal: "SIGHUP"}}, err
			}
		}
		return wire.AttachReply{}, errors.New("nothing more is typed")
	}))
	c := dial(t, p)
	typed := []bytestr.String{"a\xff", "b", "exit"}
	say := func() {
		if err := c.send(ipc.Message{In: 7}); err != nil { // what is no input is passed over
			t.Error(err)
		}
		if err := Say(c, wire.Attach, wire.Keys{Typed: typed[0]}); err != nil {
			t.Error(err)
		}
		typed = typed[1:]
	}
	var shown []bytestr.String
	reply, err := Stream(c, wire.Attach.Op, wire.AttachRequest{}, func(ev wire.AttachEvent) error {
		if shown = append(shown, ev.Shown); len(typed) > 0 {
			say()
		}
		return nil
	})
	if err != nil || reply.Exit == nil || !slices.Equal(shown, []bytestr.String{"", "a\xff", "b", "exit"}) {
		t.Errorf("shown %q, %+v, %v", shown, reply, err)
	}
	if err := <-f.served; err != nil {
		t.Error(err)
	}
	c = dial(t, p)
	if err := c.send(ipc.Message{Op: wire.Attach.Name()}); err != nil {
		t.Fatal(err)
	}
	if err := c.conn.(*net.UnixConn).CloseWrite(); err != nil { // the end of what is typed
		t.Fatal(err)
	}
	if err := <-f.served; err == nil || !strings.Contains(err.Error(), "nothing more") {
		t.Errorf("a client that went: %v", err)
	}
}

// An answer that does not fit into a frame is told as an error, and the one that sends a request
// that does not is told what to do.
func TestTooLong(t *testing.T) {
	p := home(t)
	long := strings.Repeat("x", ipc.MaxFrame)
	listen(t, p.Socket(), hello(p, 1),
		ipc.Answer(wire.Check, func(context.Context, wire.CheckRequest) (wire.CheckReply, error) {
			return wire.CheckReply{Project: long}, nil
		}),
		ipc.Stream(wire.Logs, func(_ context.Context, _ wire.LogsRequest, emit func(wire.LogEvent) error) (wire.LogsReply, error) {
			return wire.LogsReply{}, emit(wire.LogEvent{Lines: []wire.Line{{Line: long}}})
		}))
	_, answer := Call(dial(t, p), wire.Check, wire.CheckRequest{})
	_, event := Stream(dial(t, p), wire.Logs, wire.LogsRequest{}, func(wire.LogEvent) error { return nil })
	_, request := Call(dial(t, p), wire.Check, wire.CheckRequest{Dir: bytestr.String(long)})
	for i, err := range []error{answer, event, request} {
		e, ok := errors.AsType[*wire.Error](err)
		if !ok || e.Code != wire.CodeFailure || !strings.Contains(e.Msg, "longer than 1 MiB") || e.Hint == "" {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func TestDial(t *testing.T) {
	p := home(t)
	if _, err := Dial(t.Context(), p); !errors.Is(err, ErrAbsent) {
		t.Errorf("nobody there: %v", err)
	}
	other := filepath.Join(p.Home, "other.sock")
	pidFile := func(socket string) {
		t.Helper()
		if err := os.WriteFile(p.PIDFile(), fmt.Appendf(nil, "%d\n%s\n", os.Getpid(), socket), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	listen(t, p.Socket(), hello(p, 1))
	pidFile(other)
	if c := dial(t, p); c.Daemon.PID != 1 {
		t.Errorf("a PID file that lags behind: %+v", c.Daemon)
	}
	listen(t, other, wire.Hello{PID: 2, Data: "/somebody/else's"})
	if c := dial(t, p); c.Daemon.PID != 1 {
		t.Errorf("another daemon of this user where the PID file says: %+v", c.Daemon)
	}
	third := filepath.Join(p.Home, "third.sock")
	listen(t, third, hello(p, 3))
	pidFile(third)
	if c := dial(t, p); c.Daemon.PID != 3 {
		t.Errorf("the PID file says where: %+v", c.Daemon)
	}
}

// A daemon that listens and says nothing is there: nobody may start a second one.
func TestSilent(t *testing.T) {
	p := home(t)
	l, err := net.Listen("unix", p.Socket()) // and never accepts
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := Dial(ctx, p); !errors.Is(err, ErrSilent) {
		t.Errorf("Dial: %v", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := Connect(ctx, p); !errors.Is(err, ErrSilent) {
		t.Errorf("Connect: %v", err)
	}
	if _, err := os.Stat(p.StartLock()); err == nil {
		t.Error("somebody was about to start another one")
	}
}

// One that hangs up without a word is dying, which is as good as not there.
func TestHangsUp(t *testing.T) {
	p := home(t)
	l, err := net.Listen("unix", p.Socket())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
			conn.Close()
		}
	}()
	if _, err := Dial(t.Context(), p); !errors.Is(err, ErrAbsent) {
		t.Errorf("%v", err)
	}
}
