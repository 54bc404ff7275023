package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/locald/locald/internal/testworld"
)

var daemonRows = []row{
	{
		"D1", "SIGKILL of the daemon, services up",
		"the next command ends what is left and starts it afresh, on the same port; the log " +
			"goes on",
		killedDaemon,
	},
	{
		"D1b", "the same, and a service ignores every signal that asks",
		"it is killed, and runs once",
		killedDaemonStubborn,
	},
	{
		"D1c", "SIGKILL of the daemon 40 times while commands start and stop everything",
		"whatever it was about to do, everything is up once after the next up",
		killedDaemonOften,
	},
	{
		"D4", "the binary is deleted while the daemon runs from it",
		"it serves on, and a new binary talks to it",
		deletedBinary,
	},
	{
		"D6", "the record is of another boot, and names a stranger",
		"the stranger lives",
		otherBoot,
	},
	{
		"D6b", "the record is edited to name a stranger, start time and all",
		"the stranger lives",
		forgedRecord,
	},
	{
		"D7", "50 first commands at once",
		"one daemon, 50 answers",
		fiftyCommands,
	},
	{
		"D8", "the daemon is stopped (SIGSTOP) while commands come",
		"they end with 8 in seconds, nobody removes its socket; after SIGCONT all is well",
		stoppedDaemon,
	},
	{
		"D9", "the socket and the runtime directory are removed",
		"the same daemon is reached again",
		removedSocket,
	},
	{
		"D10", "a stale socket, and a PID file that names a stranger",
		"healed; the stranger lives",
		staleFiles,
	},
	{
		"D11", "daemon.lock is removed, with and without the socket",
		"never two daemons",
		removedLock,
	},
	{
		"D13", "the daemon is stopped while 20 services start",
		"everything ends, nothing is left",
		stopDuringStart,
	},
}

func killedDaemon(s *scene) string {
	shop := s.shop()
	s.ok(shop, "up")
	before := s.service("shop/web")
	old := s.identity(before.PID)
	s.KillDaemon()
	begin := time.Now()
	s.ok(shop, "up")
	took := time.Since(begin)
	after := s.service("shop/web")
	if after.Port != before.Port || after.Run != before.Run+1 {
		s.Fatalf("%+v after %+v", after, before)
	}
	if testworld.Living(old) {
		s.Fatalf("the old run lives")
	}
	s.log(shop, "web", "stopped: the daemon had crashed")
	return fmt.Sprintf("port %d again, run %d, %d ms after the next command",
		after.Port, after.Run, took.Milliseconds())
}

func killedDaemonStubborn(s *scene) string {
	shop := s.shop("worker: exec misbehave stubborn")
	s.ok(shop, "up")
	old := s.identity(s.service("shop/worker").PID)
	s.KillDaemon()
	r := s.ok(shop, "up")
	if testworld.Living(old) || len(s.alive("shop/worker")) != 1 {
		s.Fatalf("it runs %d times", len(s.alive("shop/worker")))
	}
	return fmt.Sprintf("killed after its grace, up again after %.1f s", r.Took.Seconds())
}

func killedDaemonOften(s *scene) string {
	shop := s.shop("worker: exec misbehave block", "escape: exec misbehave escape port $PORT")
	orders := [][]string{{"up"}, {"down"}, {"restart"}, {"up", "web"}, {"restart", "--no-wait"}}
	for i := range 40 {
		s.Locald(shop, "status")
		var wg sync.WaitGroup
		wg.Go(func() { s.Locald(shop, orders[i%len(orders)]...) })
		// The instants differ from round to round, and from machine to machine.
		<-time.After(time.Duration(i*997%30) * time.Millisecond)
		if id, err := s.FindDaemon(); err == nil { // it may be between two lives
			s.Kill(id, syscall.SIGKILL)
		}
		wg.Wait()
	}
	s.ok(shop, "up")
	for _, name := range []string{"shop/web", "shop/worker"} {
		if n := len(s.alive(name)); n != 1 {
			s.Fatalf("%s runs %d times", name, n)
		}
	}
	return "40 deaths; everything up once"
}

// deletedBinary is what an update does to a daemon: its own path leads nowhere any more.
func deletedBinary(s *scene) string {
	shop := s.shop()
	copied := filepath.Join(s.Dir, "locald")
	s.must(os.Link(s.Program("locald"), copied))
	if r := s.Run(shop, nil, copied, "up"); r.Code != 0 {
		s.Fatalf("%v", r)
	}
	before := s.service("shop/web").PID
	s.must(os.Remove(copied))
	s.ok(shop, "restart")
	if s.service("shop/web").PID == before {
		s.Fatalf("it was not restarted")
	}
	return "restart and status as before"
}

// otherBoot has a record whose PID is a stranger's by now, as after a reboot. Only the boot says
// so.
func otherBoot(s *scene) string {
	shop := s.shop()
	s.ok(shop, "up")
	v := s.service("shop/web")
	stranger := s.stranger("sleep", "1000")
	s.KillDaemon()
	s.must(syscall.Kill(v.PID, syscall.SIGKILL))
	const another = "00000000-0000-0000-0000-000000000000"
	s.forge(fmt.Sprintf(`"pid": %d`, v.PID), fmt.Sprintf(`"pid": %d`, stranger.PID))
	s.forge(stranger.Boot, another)
	s.ok(shop, "up")
	if !stranger.Alive() {
		s.Fatalf("the stranger was killed")
	}
	return "no signal; up afresh"
}

// forgedRecord has one in which everything fits the stranger: all that is left to tell them apart
// is what a run carries itself.
func forgedRecord(s *scene) string {
	shop := s.shop()
	s.ok(shop, "up")
	v := s.service("shop/web")
	old := s.identity(v.PID)
	stranger := s.stranger("sleep", "1000")
	s.KillDaemon()
	s.must(syscall.Kill(v.PID, syscall.SIGKILL))
	s.forge(fmt.Sprintf(`"pid": %d`, old.PID), fmt.Sprintf(`"pid": %d`, stranger.PID))
	s.forge(fmt.Sprint(old.Start), fmt.Sprint(stranger.Start))
	s.ok(shop, "up")
	if !stranger.Alive() {
		s.Fatalf("the stranger was killed")
	}
	return "it carries neither marker nor brand of the run: no signal"
}

// forge edits the only record there is.
func (s *scene) forge(old, text string) {
	s.Write(s.record(), strings.ReplaceAll(s.read(s.record()), old, text))
}

func fiftyCommands(s *scene) string {
	shop := s.shop()
	var wg sync.WaitGroup
	results := make(chan int, 50)
	for range 50 {
		wg.Go(func() { results <- s.Locald(shop, "status").Code })
	}
	wg.Wait()
	close(results)
	for code := range results {
		if code != 0 {
			s.Fatalf("one ended with %d", code)
		}
	}
	return "one daemon, 50 times 0"
}

func stoppedDaemon(s *scene) string {
	shop := s.shop()
	s.ok(shop, "up")
	id := s.Daemon()
	s.must(syscall.Kill(id.PID, syscall.SIGSTOP))
	var wg sync.WaitGroup
	slowest := make(chan time.Duration, 5)
	for range 5 {
		wg.Go(func() {
			if r := s.Locald(shop, "status"); r.Code == 8 {
				slowest <- r.Took
			}
		})
	}
	wg.Wait()
	s.must(syscall.Kill(id.PID, syscall.SIGCONT))
	if len(slowest) != 5 {
		s.Fatalf("%d of 5 ended with 8", len(slowest))
	}
	if now := s.Daemon(); now != id {
		s.Fatalf("another daemon has taken over: %+v", now)
	}
	s.ok(shop, "status")
	return fmt.Sprintf("8 after %.1f s; afterwards the same daemon answers", (<-slowest).Seconds())
}

func removedSocket(s *scene) string {
	shop := s.shop()
	s.ok(shop, "up")
	id := s.Daemon()
	for _, path := range []string{s.Socket(), s.Runtime} {
		s.must(os.RemoveAll(path))
		status := s.status()
		if status.Daemon.PID != id.PID {
			s.Fatalf("PID %d answers, it was %d", status.Daemon.PID, id.PID)
		}
	}
	return "made again at once"
}

func staleFiles(s *scene) string {
	shop := s.shop()
	s.ok(shop, "up")
	s.KillDaemon()
	stranger := s.stranger("sleep", "1000")
	pidFile := filepath.Join(s.Data(), "daemon.pid")
	s.Write(pidFile, fmt.Sprintf("%d\n%s\n", stranger.PID, s.Socket()))
	s.ok(shop, "up")
	s.ok(shop, "daemon", "restart")
	if !stranger.Alive() {
		s.Fatalf("the stranger was signalled")
	}
	return "a new daemon; the stranger lives"
}

// removedLock takes away what keeps a second daemon out, while many commands would start one.
func removedLock(s *scene) string {
	shop := s.shop()
	s.ok(shop, "up")
	id := s.Daemon()
	for _, more := range []string{"", s.Socket()} {
		s.must(os.Remove(filepath.Join(s.Data(), "daemon.lock")))
		_ = os.Remove(more)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() { s.Locald(shop, "status") })
		}
		wg.Wait()
		status := s.status()
		if status.Daemon.PID != id.PID {
			s.Fatalf("PID %d answers, it was %d", status.Daemon.PID, id.PID)
		}
		s.awaitFile(filepath.Join(s.Data(), "daemon.lock"))
	}
	return "the same daemon, and no other"
}

// stopDuringStart meets services between fork and readiness, which are in no state to be stopped
// in.
func stopDuringStart(s *scene) string {
	shop := s.project("shop", listening(20))
	for range 5 {
		s.Locald(shop, "status")
		var wg sync.WaitGroup
		wg.Go(func() { s.Locald(shop, "up") })
		s.ok(shop, "daemon", "stop")
		wg.Wait()
	}
	return "five times; nothing left"
}
