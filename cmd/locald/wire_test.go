package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/locald/locald/internal/testworld"
)

const hello = `{"hello":{"proto_min":1,"proto_max":1,"version":"test","pid":1}}` + "\n"

// dial connects to the daemon's socket, for at most as long as a test may wait for it.
func dial(w *testworld.World, limit time.Duration) net.Conn {
	w.Helper()
	conn, err := net.Dial("unix", w.Socket())
	if err != nil {
		w.Fatalf("%v", err)
	}
	w.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(limit)); err != nil {
		w.Fatalf("%v", err)
	}
	return conn
}

// converse says something and returns what the daemon says, line by line.
func converse(w *testworld.World, text string) (net.Conn, *bufio.Scanner) {
	w.Helper()
	conn := dial(w, time.Minute)
	if _, err := conn.Write([]byte(text)); err != nil {
		w.Fatalf("%v", err)
	}
	lines := bufio.NewScanner(conn)
	lines.Buffer(nil, 1<<20)
	return conn, lines
}

// talk writes bytes to the daemon's socket and returns what it answers until it closes the
// connection.
func talk(w *testworld.World, text string) string {
	w.Helper()
	conn := dial(w, 30*time.Second)
	// The daemon may refuse before it has read everything.
	go func() {
		_, _ = conn.Write([]byte(text))
		_ = conn.(*net.UnixConn).CloseWrite()
	}()
	var out strings.Builder
	lines := bufio.NewReader(conn)
	for {
		line, err := lines.ReadString('\n')
		out.WriteString(line)
		if err != nil {
			return out.String()
		}
	}
}

func TestWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.Project("shop", "Procfile", "web: service listen\n")
	w.Output(shop, "locald", "up")
	for _, tt := range []struct{ name, send, want string }{
		{"garbage", "GET / HTTP/1.1\r\n\r\n", `"code":"bad_frame"`},
		{"no hello", `{"op":"status"}` + "\n", `"code":"bad_frame"`},
		{"hello only", hello, `"proto":1`},
		{"half a frame", hello + `{"op":"sta`, `"proto":1`},
		{"wrong type", hello + `{"op":"up","body":{"targets":5}}` + "\n", `"code":"bad_frame"`},
		{"unknown op", hello + `{"op":"dance"}` + "\n", `"code":"unknown_op"`},
		{"unknown field", hello + `{"op":"daemon","body":{"new":1},"more":2}` + "\n", `"ok":{"pid":`},
		{
			"too new", `{"hello":{"proto_min":7,"proto_max":9,"version":"9","pid":1}}` + "\n",
			`"code":"version_mismatch"`,
		},
		{
			"another daemon's client",
			`{"hello":{"proto_min":1,"proto_max":1,"data":"/elsewhere"}}` + "\n",
			`"code":"wrong_daemon"`,
		},
		{"too long", hello + `{"op":"` + strings.Repeat("x", 1<<20) + `"}` + "\n", `longer than 1 MiB`},
		{
			"status", hello + fmt.Sprintf(`{"op":"status","body":{"dir":%q}}`, shop) + "\n",
			`"state":"running"`,
		},
	} {
		if got := talk(w, tt.send); !strings.Contains(got, tt.want) {
			t.Errorf("%s: the daemon answers %q, want %s in it", tt.name, got, tt.want)
		}
	}
	// One that says nothing holds up nobody.
	dial(w, time.Minute)
	if got := w.Output(shop, "locald", "status"); !strings.Contains(got, "ready") {
		t.Errorf("status beside a silent client: %s", got)
	}
	info, err := os.Stat(w.Socket())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket has mode %v (%v), want 0600", info.Mode(), err)
	}
}

// TestFiftyClientsStartOneDaemon: half of them over what a dead daemon left.
func TestFiftyClientsStartOneDaemon(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.Project("shop", "Procfile", "web: service listen\nworker: service block\n")
	for round := range 2 {
		var wg sync.WaitGroup
		pids := make([]string, 50)
		for i := range pids {
			wg.Go(func() {
				out, err := w.Command(shop, "locald", "up", "--json").Output()
				if err != nil {
					t.Errorf("client %d: %v\n%s", i, err, out)
				}
				out, err = w.Command(shop, "locald", "status", "--json").Output()
				var reply struct {
					Daemon   struct{ PID int }
					Projects []struct{ Services []struct{ PID, Run int } }
				}
				if err == nil {
					err = json.Unmarshal(out, &reply)
				}
				if err != nil {
					t.Errorf("client %d: %v\n%s", i, err, out)
					return
				}
				pids[i] = fmt.Sprint(reply)
			})
		}
		wg.Wait()
		for i, p := range pids {
			if p != pids[0] {
				t.Fatalf("round %d: client %d sees %s, the first saw %s", round, i, p, pids[0])
			}
		}
		if round == 0 {
			w.KillDaemon()
		}
	}
}

// A daemon that was stopped is not taken for dead: commands give up with 8, a
// prompt loses 50 ms once, and nobody removes its socket.
func TestSilentDaemon(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.Project("shop", "Procfile", "web: service listen\n")
	w.Output(shop, "locald", "up")
	id := w.Daemon()
	if err := syscall.Kill(id.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(id.PID, syscall.SIGCONT) })
	const undelivered = 75 // tells the hook to try again at the next prompt
	// Two calls of a hook: the first waits for its budget, the second not at all.
	for _, want := range []string{"locald: the daemon does not answer", ""} {
		cmd := w.Command(shop, "locald", "at", fmt.Sprint(os.Getpid()), shop)
		out, _ := cmd.CombinedOutput()
		status := cmd.ProcessState.ExitCode()
		said := strings.HasPrefix(string(out), want) && (want != "" || len(out) == 0)
		if status != undelivered || !said {
			t.Errorf("at: status %d, says %q, want %d and %q", status, out, undelivered, want)
		}
	}
	cmd := w.Command(shop, "locald", "status")
	out, _ := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 8 || !strings.Contains(string(out), "does not answer") {
		t.Errorf("status: %d, %s", cmd.ProcessState.ExitCode(), out)
	}
	if err := syscall.Kill(id.PID, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if got := w.Output(shop, "locald", "status"); !strings.Contains(got, "ready") {
		t.Errorf("afterwards: %s", got)
	}
	if again := w.Daemon(); again != id {
		t.Errorf("the daemon is %+v, was %+v", again, id)
	}
}
