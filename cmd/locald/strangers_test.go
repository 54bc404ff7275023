package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/shelltest"
	"github.com/locald/locald/internal/testworld"
)

// pane is a shell in a tmux whose server a service has started.
type pane struct {
	*testworld.World
	dir, socket string
}

// newPane has a project up whose service does so and then becomes what is given.
func newPane(t *testing.T, then string) pane {
	t.Helper()
	shelltest.Need(t, "tmux")
	w := newWorld(t)
	shop := w.Project("shop", "Procfile",
		"job: tmux -S $HOME/tmux -f /dev/null new-session -d; exec "+then+"\n")
	p := pane{w, shop, filepath.Join(w.Home, "tmux")}
	w.Cleanup(func() { _ = w.Command(shop, "tmux", "-S", p.socket, "kill-server").Run() })
	w.Output(shop, "locald", "up")
	return p
}

func (p pane) tmux(args ...string) {
	p.Helper()
	p.Output(p.dir, "tmux", append([]string{"-S", p.socket}, args...)...)
}

// serve has somebody type a server there, and returns it once it listens.
func (p pane) serve(address string) procid.Identity {
	p.Helper()
	service, err := exec.LookPath("service")
	if err != nil {
		p.Fatalf("%v", err)
	}
	p.tmux("send-keys", fmt.Sprintf("%s listen %s | { read -r x; tmux -S %s wait-for -S up; cat; }",
		service, address, p.socket), "Enter")
	p.tmux("wait-for", "up")
	return p.find(service + " listen ")
}

func (p pane) find(command string) procid.Identity {
	p.Helper()
	for _, found := range p.Processes() {
		if strings.HasPrefix(found.Command, command) {
			id, err := procid.Of(found.PID)
			if err != nil {
				p.Fatalf("%v", err)
			}
			return id
		}
	}
	p.Fatalf("no process %q among %v", command, p.Processes())
	return procid.Identity{}
}

// A server that somebody has typed in a shell is theirs, wherever that shell came from.
func TestTypedServerOutlivesTheService(t *testing.T) {
	t.Parallel()
	p := newPane(t, "service listen")
	w, shop := p.World, p.dir
	typed, server := p.serve("0"), p.find("tmux ")
	lives := func(after string, said testworld.Result) {
		if !typed.Alive() || !server.Alive() {
			t.Errorf("after %s: typed %v, tmux %v\n%v", after, typed.Alive(), server.Alive(), said)
		}
		if strings.Contains(said.Err, fmt.Sprintf("PID %d ", typed.PID)) {
			t.Errorf("%s names what somebody has typed:\n%v", after, said)
		}
	}
	restarted := w.Exits(0, shop, nil, "locald", "restart")
	lives("restart", restarted)
	if named := fmt.Sprintf("left alive: PID %d (tmux", server.PID); !strings.Contains(restarted.Err, named) {
		t.Errorf("restart does not name the tmux:\n%v", restarted)
	}
	w.KillDaemon()
	lives("the sweep", w.Exits(0, shop, nil, "locald", "up"))
	lives("down", w.Exits(0, shop, nil, "locald", "down"))
	w.Kill(typed, syscall.SIGTERM)
}

// Not even where it has taken the port: that is said, with who it is.
func TestTypedServerKeepsThePort(t *testing.T) {
	t.Parallel()
	p := newPane(t, "service block")
	typed := p.serve("$PORT")
	r := p.Exits(7, p.dir, nil, "locald", "restart")
	if !typed.Alive() || !strings.Contains(r.Out+r.Err, fmt.Sprintf("is taken by PID %d (", typed.PID)) {
		t.Errorf("alive %v\n%v", typed.Alive(), r)
	}
	p.Kill(typed, syscall.SIGTERM)
}
