package main

import (
	"strings"
	"testing"

	"github.com/locald/locald/internal/shelltest"
	"github.com/locald/locald/internal/testworld"
)

// terminal is a person's bash in a project of a new world.
func terminal(t *testing.T, procfile string) (*shelltest.Shell, *testworld.World) {
	t.Helper()
	t.Parallel()
	shelltest.Need(t, "bash")
	w := newWorld(t)
	shop := w.Project("src/shop", "Procfile", procfile)
	return w.Shell("bash", shelltest.Options{Dir: shop, Env: []string{"NO_COLOR=1"}}), w
}

// TestAttachOnATerminal is a person at a prompt of a service, in a real terminal.
func TestAttachOnATerminal(t *testing.T) {
	s, _ := terminal(t, `ask: stty -echo; while printf 'name> ' && read -r n; `+
		`do echo "hello $n, $(stty size)"; done`+"\n")
	s.Run("locald up")
	s.Resize(30, 90)
	s.Type("locald attach ask\n")
	s.Expect("name> ")
	s.Type("Ada\n")
	s.Expect("hello Ada, 30 90")
	s.Resize(31, 91)
	s.Type("Bob\n")
	s.Expect("hello Bob, 31 91")
	s.Type("\x1d")
	s.Expect("left shop/ask; it keeps running")
	s.AwaitPrompt()
	if got := s.Run("stty -a | grep -c ' echo '"); strings.TrimSpace(got) != "1" {
		t.Errorf("the terminal is left without echo: %q", got)
	}
	s.Type("locald attach ask\n")
	s.Expect("hello Bob, 31 91")
	s.Type("\x03")
	s.Expect("shop/ask was ended by SIGINT")
	s.AwaitPrompt()
	if got := s.Run("locald down"); !strings.Contains(got, "stopped") {
		t.Errorf("down prints %q", got)
	}
	s.Close()
}

// TestForegroundOnATerminal is foreman's habit: Ctrl-C stops everything, a second one at once.
func TestForegroundOnATerminal(t *testing.T) {
	s, w := terminal(t, "web: service listen\nstubborn: exec service stubborn listen # $PORT\n")
	// What listens is stubborn already, and web is started after it.
	w.Write(w.Home+"/src/shop/locald.toml", `services.web.depends_on = ["stubborn"]`)
	s.Type("locald up --foreground\n")
	s.Expect("shop/web      | listening on")
	s.Type("\x03")
	s.Expect("locald: stopping; Ctrl-C again kills")
	s.Expect("shop/web      | stopped, killed by SIGTERM")
	s.Type("\x03")
	s.Expect("shop/stubborn | stopped, killed by SIGKILL")
	s.AwaitPrompt()
	if got := s.Run("locald status"); strings.Count(got, "stopped") != 2 {
		t.Errorf("afterwards: %s", got)
	}
	s.Close()
}

// TestFollowerOfADeadDaemon is told so on a line of its own.
func TestFollowerOfADeadDaemon(t *testing.T) {
	s, w := terminal(t, "ask: printf 'name> '; exec service block\n")
	s.Run("locald up")
	s.Type("locald logs -f\n")
	s.Expect("name> ")
	w.KillDaemon()
	s.Expect("\r\nlocald: the daemon ended before it had answered")
	s.AwaitPrompt()
	s.Run("locald down")
	s.Close()
}
