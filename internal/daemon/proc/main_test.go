package proc

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/locald/locald/internal/procid"
)

// TestMain lets the test binary play a service: PROC_TEST_ROLE names the part.
func TestMain(m *testing.M) {
	switch os.Getenv("PROC_TEST_ROLE") {
	case "":
		os.Exit(m.Run())
	case "stubborn": // ignores SIGTERM
		signal.Ignore(syscall.SIGTERM)
		say("stubborn up")
		hang()
	case "listener": // listens, and says so through the terminal that it then gives up
		listener()
	case "escaping": // starts a listener in a session of its own and ends
		escape(append(os.Environ(), "PROC_TEST_ROLE=listener"))
	case "opening": // the same, with a port that the program chooses
		escape(append(os.Environ(), "PROC_TEST_ROLE=listener", "PROC_TEST_PORT=0"))
	case "blanking": // without the environment that it was given
		escape([]string{"PROC_TEST_ROLE=listener", "PROC_TEST_PORT=" + os.Getenv("PROC_TEST_PORT")})
	case "detached": // leaves its session and stays a child
		_, _ = syscall.Setsid()
		say("detached")
		hang()
	case "detached listener": // the same, and what it listens on is shared with others
		_, _ = syscall.Setsid()
		listenShared()
		say("detached")
		hang()
	case "sleeper":
		say("sleeper up")
		hang()
	}
}

// hang waits for a signal that ends the process. It waits in the kernel: of a program without cgo
// the runtime sees that no goroutine can ever go on, and ends it.
func hang() {
	for {
		_, _ = unix.Select(0, nil, nil, nil, nil)
	}
}

func say(text string) { fmt.Println(text, os.Getpid()) }

func listener() {
	l, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PROC_TEST_PORT"))
	if err != nil {
		say("cannot listen: " + err.Error())
		os.Exit(1)
	}
	say("listening")
	null, _ := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	for fd := range 3 {
		_ = syscall.Dup2(int(null.Fd()), fd)
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		c.Close()
	}
}

// listenShared listens on the port that is given, as others may too.
func listenShared() {
	reuse := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) (err error) {
		_ = c.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
		})
		return err
	}}
	_, err := reuse.Listen(context.Background(), "tcp", "127.0.0.1:"+os.Getenv("PROC_TEST_PORT"))
	if err != nil {
		say("cannot listen: " + err.Error())
	}
}

func escape(env []string) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		say(err.Error())
	}
}

var sharedHost = sync.OnceValues(NewHost)

// audit records every signal sent by the host under test.
type audit struct {
	mu   sync.Mutex
	sent []string
}

func (a *audit) trace(pid int, sig syscall.Signal) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sent = append(a.sent, fmt.Sprintf("%d %s", pid, sig))
}

func testHost(t *testing.T) *Host {
	t.Helper()
	h, err := sharedHost()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// service is a started, not yet released process with its output.
type service struct {
	*Process
	out *bufio.Reader
}

func start(t *testing.T, line, role string) *service {
	t.Helper()
	marker := fmt.Sprintf("test-%d-%s", os.Getpid(), t.Name())
	port := freePort(t)
	p, err := testHost(t).Start(Command{
		Line: line, Dir: t.TempDir(), TTY: true, Marker: marker, Port: port, Leased: []int{port},
		Env: append(os.Environ(), MarkerName+"="+marker, "PROC_TEST_ROLE="+role,
			"PROC_TEST_PORT="+strconv.Itoa(port), "SELF="+os.Args[0]),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Stop(syscall.SIGKILL, 0)
		<-p.Done()
		p.Close()
		p.Outputs[0].File.Close()
	})
	return &service{p, bufio.NewReader(p.Outputs[0].File)}
}

// freePort is a port that nobody listens on.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// expect reads lines until one starts with prefix and returns the number after it.
func (s *service) expect(t *testing.T, prefix string) (pid int) {
	t.Helper()
	return s.expectAll(t, prefix)[0]
}

// expectAll is expect for lines of processes that print side by side, in any order.
func (s *service) expectAll(t *testing.T, prefixes ...string) []int {
	t.Helper()
	found := make([]int, len(prefixes))
	for missing := slices.Clone(prefixes); len(missing) > 0; {
		line, err := s.out.ReadString('\n')
		missing = slices.DeleteFunc(missing, func(prefix string) bool {
			rest, ok := strings.CutPrefix(line, prefix)
			if ok {
				fmt.Sscan(rest, &found[slices.Index(prefixes, prefix)])
			}
			return ok
		})
		if err != nil && len(missing) > 0 {
			t.Fatalf("no lines %q before the output ended: %v", missing, err)
		}
	}
	return found
}

func within(t *testing.T, what string, done <-chan struct{}, limit time.Duration) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(limit):
		t.Fatalf("%s took longer than %v", what, limit)
	}
}

func aliveOf(t *testing.T, pid int) procid.Identity {
	t.Helper()
	id, err := procid.Of(pid)
	if err != nil {
		t.Fatalf("process %d is not alive: %v", pid, err)
	}
	return id
}

func drain(r io.Reader) string {
	data, _ := io.ReadAll(r)
	return string(data)
}
