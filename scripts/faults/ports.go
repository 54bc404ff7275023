package main

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
)

var portRows = []row{
	{
		"O1", "a stranger has the port",
		"failed at once, with exit 7 and the stranger's PID and name; it lives",
		takenPort,
	},
	{
		"O2", "a service listens elsewhere",
		"said, with both ports",
		elsewhere,
	},
	{
		"O3", "a service listens on ::1 only, on 127.0.0.1 only, on every address",
		"ready, each",
		addresses,
	},
	{
		"O4", "a server without SO_REUSEADDR is killed with a connection behind it",
		"it comes back on its port when the kernel lets go of it",
		timeWait,
	},
	{
		"O5", "two projects ask for the same PORT",
		"each has its own, and the second is told",
		samePort,
	},
	{
		"O6", "two processes of a service share its port (SO_REUSEPORT), and one is killed",
		"no conflict: ready, and ready again on the same port",
		sharedPort,
	},
}

func takenPort(s *scene) string {
	shop := s.shop()
	s.ok(shop, "up")
	port := s.service("shop/web").Port
	s.ok(shop, "down")
	stranger := s.stranger(s.Program("misbehave"), "listen", "127.0.0.1:"+strconv.Itoa(port))
	s.awaitListener(port)
	r := s.exits(7, shop, "up")
	named := strings.Contains(r.Out, fmt.Sprintf("PID %d", stranger.PID))
	if !named || !strings.Contains(r.Out, "misbehave") {
		s.Fatalf("%q", r.Out)
	}
	if v := s.service("shop/web"); v.Run > 2 || v.State != "failed" {
		s.Fatalf("%+v", v)
	}
	if !stranger.Alive() {
		s.Fatalf("the stranger was killed")
	}
	s.Kill(stranger, syscall.SIGKILL)
	return "exit 7, the owner is named, no second try"
}

// sharedPort has two owners for one port, which must not be taken for a stranger's.
func sharedPort(s *scene) string {
	shop := s.project("shop", []string{"web: exec misbehave share"})
	s.ok(shop, "up")
	before := s.service("shop/web")
	s.Kill(s.identity(before.PID), syscall.SIGKILL)
	s.await("a second run that is ready", func() bool {
		now := s.service("shop/web")
		return now.Run == 2 && now.Ready
	})
	if now := s.service("shop/web"); now.Port != before.Port || now.Restarts != 1 {
		s.Fatalf("%+v", now)
	}
	s.ok(shop, "restart")
	return fmt.Sprintf("ready on %d, twice again after a kill and a restart", before.Port)
}

// awaitListener connects until somebody listens; a refused connection returns
// at once, so what is waited for is another process's next step.
func (s *scene) awaitListener(port int) {
	for range 100000 {
		if c, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port)); err == nil {
			c.Close()
			return
		}
	}
	s.Fatalf("nobody listens on %d", port)
}

func elsewhere(s *scene) string {
	port := s.Port(1)
	line := fmt.Sprintf("web: exec misbehave listen 127.0.0.1:%d", port)
	shop := s.project("shop", []string{line})
	s.exits(3, shop, "up", "--timeout", "20s")
	v := s.service("shop/web")
	if !strings.Contains(v.Note, fmt.Sprintf("listens on %d, not on its PORT %d", port, v.Port)) {
		s.Fatalf("%+v", v)
	}
	return v.Note
}

func addresses(s *scene) string {
	shop := s.project("shop", []string{
		"six: exec misbehave listen '[::1]:$PORT'",
		"four: exec misbehave listen '127.0.0.1:$PORT'",
		"all: exec misbehave listen ':$PORT'",
	})
	s.ok(shop, "up")
	return "ready"
}

// timeWait has the kernel keep the port for a minute, with nobody to name as its owner.
func timeWait(s *scene) string {
	shop := s.project("shop", []string{"web: exec misbehave exclusive # $PORT"})
	s.ok(shop, "up")
	v := s.service("shop/web")
	c, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(v.Port))
	s.must(err)
	_, _ = c.Read(make([]byte, 1)) // the server closes first: its side keeps the port
	c.Close()
	s.Kill(s.identity(v.PID), syscall.SIGKILL)
	s.await("a word of TIME_WAIT in the status", func() bool {
		return strings.Contains(s.service("shop/web").Note, "TIME_WAIT")
	})
	s.ok(shop, "up", "--timeout", "85s")
	after := s.service("shop/web")
	if after.Port != v.Port || after.Run <= v.Run {
		s.Fatalf("%+v after %+v", after, v)
	}
	return fmt.Sprintf("ready again on %d after %d runs that could not bind, none of which counted",
		after.Port, after.Run-v.Run-1)
}

func samePort(s *scene) string {
	port := s.Port(1)
	env := fmt.Sprintf("PORT=%d\n", port)
	a := s.project("a", []string{"web: exec misbehave listen # $PORT"}, ".env", env)
	b := s.project("b", []string{"web: exec misbehave listen # $PORT"}, ".env", env)
	s.ok(a, "up")
	s.ok(b, "up")
	if s.service("a/web").Port != port || s.service("b/web").Port == port {
		s.Fatalf("%d and %d", s.service("a/web").Port, s.service("b/web").Port)
	}
	s.log(b, "web", strconv.Itoa(port))
	return fmt.Sprintf("%d and %d", port, s.service("b/web").Port)
}
