package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/locald/locald/internal/crashpoint"
	"github.com/locald/locald/internal/testworld"
)

// panics starts a project by a daemon whose second request, status, ends in a panic.
func (s *scene) panics(shop string) (of testworld.Result) {
	point := crashpoint.Variable + "=" + string(crashpoint.InRequest) + ":2"
	if r := s.Run(shop, []string{point}, "locald", "up"); r.Code != 0 {
		s.Fatalf("%v", r)
	}
	return s.exits(1, shop, "status")
}

func panicInRequest(s *scene) string {
	shop := s.shop()
	r := s.panics(shop)
	id := s.Daemon()
	if !strings.Contains(r.Err, "services go on") || !strings.Contains(r.Err, "daemon.log") {
		s.Fatalf("%v", r)
	}
	if log := s.read(filepath.Join(s.Data(), "daemon.log")); !strings.Contains(log, "serve.go") {
		s.Fatalf("the log does not say where: %s", log)
	}
	web := s.state("shop/web", "running", "")
	if r := s.ok(shop, "daemon", "status"); !strings.Contains(r.Out, "panics       1 ") {
		s.Fatalf("%s", r.Out)
	}
	var status struct{ PID, Panics int }
	s.must(json.Unmarshal([]byte(s.ok(shop, "daemon", "status", "--json").Out), &status))
	if status.PID != id.PID || status.Panics != 1 || web.Run != 1 {
		s.Fatalf("%+v of PID %d, web is in run %d", status, id.PID, web.Run)
	}
	s.ok(shop, "restart")
	return "exit 1: " + strings.TrimSpace(strings.Split(r.Err, "\n")[0]) +
		"; counted, logged, the same daemon and run"
}

// logRoom is what is left in the daemon's log: enough for the lines of a start, and too little for
// those of a panic.
const logRoom = 1 << 10

func cappedLog(s *scene) string {
	shop := s.shop()
	s.ok(shop, "daemon", "start") // which makes the directory
	s.ok(shop, "daemon", "stop")
	path := filepath.Join(s.Data(), "daemon.log")
	const limit = 4 << 20
	old := strings.Repeat(strings.Repeat("x", 63)+"\n", (limit-logRoom)/64)
	s.Write(path, old)
	s.panics(shop)
	before, now := s.read(path+".1"), s.read(path)
	if !strings.HasPrefix(before, old) || !strings.Contains(before[len(old):], "is up") {
		s.Fatalf("daemon.log.1 has %d bytes, and ends in %q", len(before), before[len(old):])
	}
	if !strings.Contains(now, "panic") || len(now) > limit/2 {
		s.Fatalf("daemon.log has %d bytes", len(now))
	}
	s.state("shop/web", "running", "")
	s.must(os.Remove(s.Socket())) // which the daemon says in its log once it has made it again
	s.await("a line more", func() bool {
		log := s.read(path)
		return strings.HasPrefix(log, now) && len(log) > len(now)
	})
	s.ok(shop, "restart")
	return fmt.Sprintf("%d bytes moved to daemon.log.1, the log goes on in the emptied file",
		len(before))
}
