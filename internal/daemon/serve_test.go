package daemon

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/wire"
)

// failing is a listener whose Accept fails so many times with an error, and then for ever with
// net.ErrClosed.
type failing struct {
	net.Listener
	err   error
	times int
	calls int
}

func (l *failing) Accept() (net.Conn, error) {
	l.calls++
	if l.calls > l.times {
		return nil, &net.OpError{Op: "accept", Err: net.ErrClosed}
	}
	return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", l.err)}
}

func quiet() (*Daemon, *bytes.Buffer) {
	var log bytes.Buffer
	return &Daemon{log: slog.New(slog.NewTextHandler(&log, nil)), started: time.Now()}, &log
}

// However long accepting fails, the daemon tries about once a second, and says so as often.
func TestServeDoesNotSpin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, log := quiet()
		l := &failing{err: syscall.ENOMEM, times: 100}
		begin := time.Now()
		d.serve(l)
		if took := time.Since(begin); took < 90*time.Second {
			t.Errorf("100 failures took %v: it spins", took)
		}
		if l.calls != 101 {
			t.Errorf("%d calls", l.calls)
		}
		if lines := strings.Count(log.String(), "\n"); lines > l.calls {
			t.Errorf("%d lines in the log", lines)
		}
	})
}

// After trouble that has passed, the next one is met as quickly as the first.
func TestPausesStartAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := quiet()
		a := acceptor{d: d}
		for range 20 {
			a.rest(false)
		}
		if a.pause != longestPause {
			t.Errorf("the pause is %v after 20 failures", a.pause)
		}
		a.pause = 0 // what serve does after a client
		begin := time.Now()
		if a.rest(false); time.Since(begin) > 10*time.Millisecond {
			t.Errorf("the first pause is %v", time.Since(begin))
		}
	})
}

// oneClient is a listener to which one client comes when a descriptor is given up for it.
type oneClient struct {
	failing
	conn net.Conn
}

func (l *oneClient) Accept() (net.Conn, error) {
	if l.calls == 1 { // the second call
		l.calls++
		return l.conn, nil
	}
	return l.failing.Accept()
}

// A client for which there is no descriptor is told so, by means of the one kept back.
func TestServeWithoutDescriptors(t *testing.T) {
	d, _ := quiet()
	ours, theirs := socketPair(t)
	l := &oneClient{failing{err: syscall.EMFILE, times: 1}, ours}
	served := make(chan struct{})
	go func() {
		defer close(served)
		d.serve(l)
	}()
	// It may be told before it has said anything, and then has nobody to say it to.
	_ = ipc.Write(theirs, ipc.Message{Hello: &wire.Hello{ProtoMin: 1, ProtoMax: 1}})
	_ = ipc.Write(theirs, ipc.Message{Op: "status"})
	last := lastFrame(t, theirs)
	if last.Err == nil || !strings.Contains(last.Err.Msg, "no file descriptors") || last.Err.Hint == "" {
		t.Errorf("the client was told %+v", last)
	}
	<-served
}

// starved is a listener that finds no descriptor, nor lets one be opened, until one client comes for
// which there is none either.
type starved struct {
	oneClient
	limit func(descriptors uint64)
	step  int
}

func (l *starved) Accept() (net.Conn, error) {
	l.step++
	switch l.step {
	case 1, 2: // once more, with the spare one given up
		l.limit(0)
		return nil, os.NewSyscallError("accept4", syscall.EMFILE)
	case 3:
		l.limit(1024)
		return nil, os.NewSyscallError("accept4", syscall.EMFILE)
	}
	return l.oneClient.Accept()
}

// The descriptor that is kept back is so again after a time without any.
func TestServeAfterATimeWithoutDescriptors(t *testing.T) {
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	limit := func(n uint64) {
		now := before
		now.Cur = min(n, before.Max)
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &now); err != nil {
			t.Error(err)
		}
	}
	defer limit(before.Cur)
	d, _ := quiet()
	ours, theirs := socketPair(t)
	hello := ipc.Message{Hello: &wire.Hello{ProtoMin: 1, ProtoMax: 1}}
	if err := errors.Join(ipc.Write(theirs, hello), ipc.Write(theirs, ipc.Message{Op: "status"})); err != nil {
		t.Fatal(err)
	}
	d.serve(&starved{oneClient: oneClient{failing{err: syscall.EMFILE, times: 1}, ours}, limit: limit})
	ours.Close() // if it was not told
	if last := lastFrame(t, theirs); last.Err == nil || !strings.Contains(last.Err.Msg, "no file descriptors") {
		t.Errorf("the client was told %+v", last)
	}
}

// socketPair are the two ends of a connection.
func socketPair(t *testing.T) (ours, theirs *net.UnixConn) {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(shortDir(t), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialed, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs = accepted.(*net.UnixConn), dialed.(*net.UnixConn)
	t.Cleanup(func() {
		ours.Close()
		theirs.Close()
	})
	return ours, theirs
}

// shortDir is a directory in which a socket's name fits.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "ld")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// lastFrame reads to the end of the connection.
func lastFrame(t *testing.T, conn net.Conn) (last ipc.Frame) {
	t.Helper()
	r := bufio.NewReader(conn)
	for f, err := ipc.Read(r); err == nil; f, err = ipc.Read(r) {
		last = f
	}
	return last
}

// ask makes one request of a daemon and returns the last frame of the answer. held says that the
// connection was not closed after it.
func ask(t *testing.T, d *Daemon, op string) (last ipc.Frame, theirs *net.UnixConn, ended <-chan struct{}) {
	t.Helper()
	ours, theirs := socketPair(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if c, refused := d.clients.come(ipc.NewSession(ours, &d.buffers)); refused == nil {
			d.answer(c)
		}
	}()
	hello := ipc.Message{Hello: &wire.Hello{ProtoMin: 1, ProtoMax: 1}}
	if err := errors.Join(ipc.Write(theirs, hello), ipc.Write(theirs, ipc.Message{Op: op})); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(theirs)
	for range 2 {
		f, err := ipc.Read(r)
		if err != nil {
			t.Fatal(err)
		}
		last = f
	}
	return last, theirs, done
}

// with is a daemon that answers status, unless it panics.
func with(do func() wire.StatusReply) (*Daemon, *bytes.Buffer) {
	d, log := quiet()
	d.handlers = make(map[string]ipc.Handler)
	for _, h := range []ipc.Handler{
		ipc.Either(
			wire.Status, func(wire.StatusRequest) bool { return false },
			func(
				context.Context, wire.StatusRequest, func(wire.StatusEvent) error,
			) (wire.StatusReply, error) {
				return do(), nil
			},
		),
		ipc.Answer(wire.DaemonStatus, func(context.Context, wire.None) (wire.DaemonReply, error) {
			return wire.DaemonReply{Panics: d.panics.Load()}, nil
		}),
	} {
		d.handlers[h.Op] = h
	}
	return d, log
}

// A mistake in one request costs that request, and is told, counted and logged.
func TestPanicInARequest(t *testing.T) {
	fail := true
	d, log := with(func() wire.StatusReply {
		if fail {
			panic("an invariant")
		}
		return wire.StatusReply{}
	})
	f, _, ended := ask(t, d, "status")
	if f.Err == nil || f.Err.Code != wire.CodeFailure || !strings.Contains(f.Err.Msg, "services go on") {
		t.Errorf("the client was told %+v", f)
	}
	<-ended
	if d.panics.Load() != 1 || !strings.Contains(log.String(), "an invariant") || !strings.Contains(log.String(), "serve_test.go") {
		t.Errorf("%d panics; the log: %s", d.panics.Load(), log)
	}
	fail = false
	f, _, ended = ask(t, d, "status")
	if f.OK == nil {
		t.Errorf("the next request: %+v", f)
	}
	<-ended
}

func TestUnknownOperation(t *testing.T) {
	d, _ := with(func() wire.StatusReply { return wire.StatusReply{} })
	f, _, ended := ask(t, d, strings.Repeat("x", ipc.MaxFrame/2))
	if f.Err == nil || f.Err.Code != wire.CodeUnknownOp || len(f.Err.Msg) > 400 {
		t.Errorf("the client was told %.500v", f.Err)
	}
	<-ended
}

// A daemon on its way out refuses what it would not live to do, and its end is the end of the
// connection: the client that waits for it can then start the next one.
func TestStopping(t *testing.T) {
	d, _ := with(func() wire.StatusReply { return wire.StatusReply{} })
	d.stopping.Store(true)
	if !d.hello().Stopping {
		t.Error("its hello does not say so")
	}
	f, theirs, ended := ask(t, d, "status")
	if f.Err == nil || f.Err.Code != wire.CodeShuttingDown {
		t.Errorf("status: %+v", f)
	}
	select {
	case <-ended:
		t.Error("the connection was not held")
	default:
	}
	theirs.Close() // the client has heard enough
	<-ended
	if f, theirs, _ = ask(t, d, "daemon"); f.OK == nil {
		t.Errorf("daemon: %+v", f)
	}
	theirs.Close()
}
