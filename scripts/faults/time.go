package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/locald/locald/internal/testworld"
)

var timeRows = []row{
	{
		"T1",
		"the daemon and all services sleep for 12 s, as in a suspend: in backoff, while " +
			"starting, while running",
		"nobody is judged by time in which nobody ran: no run is lost, the restart comes",
		asleep,
	},
	{
		"T2", "the clock is set back by a year between two lives of the daemon",
		"lines stay in order, new ones are found by -n, --since and --run",
		clockSetBack,
	},
}

// asleep stops everything at once. To timers it looks as a suspend does to
// those that count the time asleep; the others are not disturbed at all.
func asleep(s *scene) string {
	shop := s.shop("worker: exec misbehave block", "flap: sleep 1; exec misbehave flap 0s",
		"late: sleep 3; exec misbehave listen # $PORT")
	s.ok(shop, "up", "web", "worker")
	s.ok(shop, "up", "--no-wait", "flap", "late")
	s.log(shop, "flap", "restarting")
	before := map[string]testworld.Service{}
	for _, name := range []string{"shop/web", "shop/worker", "shop/late"} {
		before[name] = s.service(name)
	}
	id := s.Daemon()
	pids := []int{id.PID}
	for _, p := range s.Processes() {
		pids = append(pids, p.PID)
	}
	signal := func(sig syscall.Signal) {
		for _, pid := range pids {
			_ = syscall.Kill(pid, sig)
		}
	}
	s.Cleanup(func() { signal(syscall.SIGCONT) })
	signal(syscall.SIGSTOP)
	<-time.After(12 * time.Second)
	signal(syscall.SIGCONT)
	s.ok(shop, "wait", "web", "worker", "late")
	for name, was := range before {
		if now := s.service(name); now.Run != was.Run || now.PID != was.PID || now.Restarts != 0 {
			s.Fatalf("%s: run %d, before %d", name, now.Run, was.Run)
		}
	}
	s.exits(5, shop, "wait", "--for", "exit", "flap")
	s.state("shop/flap", "failed", "failed 5 times")
	return "web, worker and the one that was starting are in their first run; " +
		"the one in backoff went on"
}

func clockSetBack(s *scene) string {
	shop := s.project("shop", []string{"job: echo before the jump; exec misbehave block"})
	s.ok(shop, "up")
	s.log(shop, "job", "before the jump")
	s.ok(shop, "daemon", "stop")
	found, err := filepath.Glob(filepath.Join(s.Data(), "logs", "*", "job.log"))
	s.must(err)
	if len(found) != 1 {
		s.Fatalf("there are %d logs", len(found))
	}
	year := strconv.Itoa(time.Now().UTC().Year())
	next := strconv.Itoa(time.Now().UTC().Year() + 1)
	ahead := regexp.MustCompile(`(?m)^`+year+`-`).ReplaceAllString(s.read(found[0]), next+"-")
	s.Write(found[0], ahead)
	s.Write(filepath.Join(shop, "Procfile"), "job: echo after the jump; exec misbehave block\n")
	s.ok(shop, "up")
	s.log(shop, "job", "after the jump")
	both := s.ok(shop, "logs", "-n", "-1").Out
	if strings.Index(both, "before the jump") > strings.Index(both, "after the jump") {
		s.Fatalf("out of order: %s", both)
	}
	for _, question := range [][]string{{"-n", "2"}, {"--since", "5m"}, {"--run", "last"}} {
		r := s.ok(shop, append([]string{"logs"}, question...)...)
		if !strings.Contains(r.Out, "after the jump") {
			s.Fatalf("logs %s: %v", strings.Join(question, " "), r)
		}
	}
	info, err := os.Stat(found[0])
	s.must(err)
	return fmt.Sprintf("in order and found; the log's %d bytes never go back in time", info.Size())
}
