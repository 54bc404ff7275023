package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/locald/locald/internal/detach"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/wire"
)

// patience is how long something is waited for that never comes.
const patience = 50 * time.Millisecond

// TestMain: Start starts this very program as the daemon.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "daemon" {
		os.Exit(playDaemon())
	}
	os.Exit(m.Run())
}

// playDaemon plays one whose fate is in a variable that a daemon inherits. It serves a single
// client.
func playDaemon() int {
	ready := os.NewFile(3, "ready")
	fate := os.Getenv("LOCALD_DEBUG_FATE")
	if fate != "well" {
		fmt.Fprint(ready, fate)
		return 1
	}
	p, err := paths.Discover()
	if err != nil {
		return 1
	}
	f := &fake{served: make(chan error, 1), hello: hello(p, os.Getpid())}
	l, err := net.Listen("unix", p.Socket())
	if err != nil {
		fmt.Fprintln(ready, err)
		return 1
	}
	fmt.Fprint(ready, detach.Ready)
	ready.Close()
	conn, err := l.Accept()
	if err != nil {
		return 1
	}
	l.Close()
	f.answer(conn)
	return 0
}

// discovered is home, as a daemon that inherits the environment finds it too.
func discovered(t *testing.T, fate string) paths.Paths {
	t.Helper()
	dir := home(t)
	t.Setenv("HOME", dir.Home)
	t.Setenv("XDG_DATA_HOME", dir.Home)
	t.Setenv("XDG_RUNTIME_DIR", dir.RuntimeDir)
	t.Setenv("LOCALD_DEBUG_FATE", fate)
	p, err := paths.Discover()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestConnectStarts(t *testing.T) {
	p := discovered(t, "well")
	c, err := Connect(t.Context(), p)
	if err != nil {
		log, _ := os.ReadFile(p.DaemonLog())
		t.Fatalf("%v\n%s", err, log)
	}
	defer c.AwaitClose()
	if c.Daemon.PID == os.Getpid() || c.Daemon.PID == 0 {
		t.Errorf("the daemon says %+v", c.Daemon)
	}
	if _, err := Call(c, wire.Check, wire.CheckRequest{}); err == nil {
		t.Error("a daemon that can do nothing answers")
	}
}

func TestConnectSaysWhyNot(t *testing.T) {
	for fate, want := range map[string]string{
		"cannot start the daemon: no room\n": "cannot start the daemon: no room",
		"":                                   "it ended at once",
	} {
		p := discovered(t, fate)
		_, err := Connect(t.Context(), p)
		e, ok := errors.AsType[*wire.Error](err)
		if !ok || e.Code != wire.CodeUnreachable || !strings.Contains(e.Msg, want) {
			t.Errorf("%q: %v", fate, err)
		}
	}
}

// A daemon that is stopping is waited for; the one after it serves.
func TestConnectWaitsForTheEnd(t *testing.T) {
	p := home(t)
	l, err := net.Listen("unix", p.Socket())
	if err != nil {
		t.Fatal(err)
	}
	connected := make(chan error, 1)
	go func() {
		c, err := Connect(t.Context(), p)
		if err == nil {
			defer c.Close()
			if c.Daemon.PID != 2 {
				err = fmt.Errorf("connected to %+v", c.Daemon)
			}
		}
		connected <- err
	}()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if err := ipc.Write(conn, ipc.Message{Hello: &wire.Hello{PID: 1, Stopping: true}}); err != nil {
		t.Fatal(err)
	}
	l.Close()
	listen(t, p.Socket(), hello(p, 2))
	conn.Close() // the end of the process
	if err := <-connected; err != nil {
		t.Error(err)
	}
}

// One that does not come to its end is told of, with what to look at.
func TestConnectGivesUpWaiting(t *testing.T) {
	p := home(t)
	l, err := net.Listen("unix", p.Socket())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		_ = ipc.Write(conn, ipc.Message{Hello: &wire.Hello{PID: 1, Stopping: true}})
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 10*patience)
	defer cancel()
	_, err = Connect(ctx, p)
	e, ok := errors.AsType[*wire.Error](err)
	if !ok || e.Code != wire.CodeShuttingDown || !strings.Contains(e.Msg, "PID 1") {
		t.Errorf("%v", err)
	}
}

// A client that gives up waiting for its turn does not get the lock later, unknowingly.
func TestLockStartGivesUp(t *testing.T) {
	p := home(t)
	unlock, err := lockStart(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := lockStart(ctx, p); err == nil {
		t.Fatal("two have the lock")
	}
	unlock()
	again, err := lockStart(t.Context(), p) // in the queue behind the one that gave up
	if err != nil {
		t.Fatal(err)
	}
	again()
}

func TestDaemonEnv(t *testing.T) {
	in := []string{"HOME=/h", "SECRET=1", "XDG_DATA_HOME=/d", "AWS_KEY=2", "LOCALD_DEBUG_PORTS=1-2", "PATH=/bin", "odd"}
	want := []string{"HOME=/h", "XDG_DATA_HOME=/d", "LOCALD_DEBUG_PORTS=1-2", "PATH=/bin"}
	if got := daemonEnv(in); !slices.Equal(got, want) {
		t.Errorf("daemonEnv = %q, want %q", got, want)
	}
}
