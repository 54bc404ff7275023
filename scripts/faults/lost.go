package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/testworld"
)

var lostRows = []row{
	{
		"L1", "a logout removes the runtime directory, which the user cannot make again",
		"the same daemon is reached under /tmp, also after the next login",
		logout,
	},
	{
		"L2", "the daemon has no socket and is stopped (SIGSTOP)",
		"named with its PID, exit 8; daemon stop ends it, services and all, once it runs",
		lostDaemon,
	},
	{
		"L3", "down on a full disk, and SIGKILL of the daemon later",
		"said; recorded by itself when there is room; it stays down",
		unrecorded,
	},
	{
		"L4", "commands while the daemon stops, which a service delays",
		"stopping, said; who needs a daemon waits and has the next one",
		whileStopping,
	},
	{
		"L5", "the file system of one project hangs while the daemon starts",
		"the others are served at once; it is named, and restored when it answers",
		hungProject,
	},
	{
		"L6", "50 times forget beside up",
		"each is done or refused with a reason, nobody is told of a shutdown",
		forgetBesideUp,
	},
	{
		"L7", "a panic in one request",
		"that request fails with a sentence, exit 1; counted; the daemon and its services go on",
		panicInRequest,
	},
	{
		"L8", "two contents allowed at once, and two clients that allow beside two that deny",
		"no decision that was answered is lost; the record is that of the last, whole",
		decisionsAtOnce,
	},
	{
		"L9", "daemon.log is nearly full (4 MiB), and the daemon has more to say",
		"the daemon goes on in an emptied file; what was in it is in daemon.log.1",
		cappedLog,
	},
	{
		"L10", "status in ~/downloads/shop, then up in ~/src/shop, then SIGKILL of the daemon",
		"what was started is called shop, and stays so",
		glance,
	},
	{
		"L11", "services are to stop while the daemon has no descriptor to look at processes with",
		"it has kept some back; and if a look fails, nobody is taken for ended who lives",
		stopUnseen,
	},
	{
		"L12", "no descriptor is left to accept clients with",
		"the daemon does not spin; it serves again, and tells whom it can that it cannot",
		noAccept,
	},
}

// ordinary makes the scene's user one to whom something can be forbidden.
func (s *scene) ordinary() { testworld.Ordinary(s.World, "locald", "misbehave") }

// pause stops the daemon until resume.
func (s *scene) pause() (pid int, resume func()) {
	id := s.Daemon()
	s.must(id.Signal(syscall.SIGSTOP))
	resume = func() { _ = id.Signal(syscall.SIGCONT) }
	s.Cleanup(resume)
	return id.PID, resume
}

func logout(s *scene) string {
	s.ordinary()
	session := testworld.NewSession(s.World)
	shop := s.shop()
	s.ok(shop, "up")
	pid, resume := s.pause()
	session.Logout()
	resume()
	for _, when := range []string{"after the logout", "after the next login"} {
		if now := s.status().Daemon.PID; now != pid {
			s.Fatalf("%s PID %d answers, it was %d", when, now, pid)
		}
		if r := s.ok(shop, "daemon", "status"); !strings.Contains(r.Out, testworld.Fallback(s.World)) {
			s.Fatalf("%s: %v", when, r)
		}
		if when == "after the logout" {
			session.Login()
		}
	}
	for _, p := range s.Processes() {
		if p.Daemon && p.PID != pid { // a command started it, and it has found out that there is one
			if id, err := procid.Of(p.PID); err == nil {
				s.AwaitEnd(id)
			}
		}
	}
	return "the same daemon under /tmp, and by the PID file after the login"
}

func lostDaemon(s *scene) string {
	shop := s.shop()
	s.ok(shop, "up")
	pid, resume := s.pause()
	s.must(os.Remove(s.Socket()))
	named := "PID " + strconv.Itoa(pid)
	for _, args := range [][]string{{"daemon", "status"}, {"status"}} {
		if r := s.exits(8, shop, args...); !strings.Contains(r.Err, named) {
			s.Fatalf("%v", r)
		}
	}
	var stopping sync.WaitGroup
	stop := testworld.Result{Code: -1}
	stopping.Go(func() { stop = s.Locald(shop, "daemon", "stop") })
	resume()
	stopping.Wait()
	if stop.Code != 0 {
		s.Fatalf("%v", stop)
	}
	s.none("after the stop", s.Processes())
	return "exit 8 with the PID; ended with its services"
}

func unrecorded(s *scene) string {
	s.smallDisk()
	shop := s.shop()
	s.ok(shop, "up")
	s.fill()
	r := s.ok(shop, "down")
	if !strings.Contains(r.Err, "not recorded: ") || !strings.Contains(r.Err, "no space left") {
		s.Fatalf("down on a full disk: %v", r)
	}
	if note := s.status().Projects[0].Note; !strings.Contains(note, "no space left") {
		s.Fatalf("the note is %q", note)
	}
	s.makeRoom()
	s.await("recorded", func() bool { return s.status().Projects[0].Note == "" })
	s.KillDaemon()
	s.state("shop/web", "stopped", "")
	return "down and status say why; recorded when there was room, and down after the SIGKILL"
}

func whileStopping(s *scene) string {
	shop := s.shop("worker: exec misbehave stubborn")
	s.Write(filepath.Join(shop, "locald.toml"), "services.worker.stop_timeout = \"3s\"\n")
	s.ok(shop, "up")
	id := s.Daemon()
	var waiting sync.WaitGroup
	results := make(chan testworld.Result, 4)
	locald := func(args ...string) {
		waiting.Go(func() { results <- s.Locald(shop, args...) })
	}
	locald("daemon", "stop")
	locald("daemon", "stop")
	s.await("stopping", func() bool {
		return strings.Contains(s.Locald(shop, "daemon", "status").Out, "stopping")
	})
	locald("status")
	locald("up")
	waiting.Wait()
	close(results)
	for r := range results {
		if r.Code != 0 {
			s.Fatalf("%v", r)
		}
	}
	if s.Daemon() == id {
		s.Fatalf("the daemon is still the same")
	}
	return "stopping, said; two stops, status and up: each 0, the last two from the next daemon"
}

func hungProject(s *scene) string {
	if _, err := exec.LookPath("strace"); err != nil {
		s.Skipf("there is no strace")
	}
	shop, far := s.shop(), s.project("far", blocking(1))
	s.ok(shop, "up")
	s.ok(far, "up")
	s.KillDaemon()
	const calls = "newfstatat,openat,statx"
	cmd := s.Command("/", "strace", "-f", "-qq", "-o", "/dev/null",
		"-P", filepath.Join(far, "Procfile"), "-e", "trace="+calls,
		"-e", "inject="+calls+":delay_enter=600s", s.Program("locald"), "daemon", "start")
	out, err := cmd.StdoutPipe()
	s.must(err)
	s.must(cmd.Start())
	answers := sync.OnceFunc(func() {
		_ = cmd.Process.Kill() // by which strace lets go of whom it holds
		_ = cmd.Wait()
	})
	s.Cleanup(answers)
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		s.Skipf("the daemon cannot be traced: %v %s", err, line)
	}
	slowest := s.ok(shop, "up").Took
	for _, args := range [][]string{{"status"}, {"logs"}} {
		slowest = max(slowest, s.ok(shop, args...).Took)
	}
	if r := s.ok(shop, "status", "--all"); !strings.Contains(r.Out, "does not answer") {
		s.Fatalf("%v", r)
	}
	answers()
	s.await("restored", func() bool {
		v, _ := s.status().Find("far", "s0")
		return v.Ready
	})
	return fmt.Sprintf("up, status and logs of the other within %.1f s; named; restored",
		slowest.Seconds())
}

func forgetBesideUp(s *scene) string {
	s.Setenv("LOCALD_DEBUG_ALIVE", "20ms") // who is up, and not when, is the question here
	shop := s.project("shop", blocking(1))
	forgotten := 0
	for range 50 {
		var both sync.WaitGroup
		var forget testworld.Result
		both.Go(func() { forget = s.Locald(shop, "forget", "--yes") })
		up := s.Locald(shop, "up")
		both.Wait()
		if text := up.Err + forget.Err; up.Code != 0 || strings.Contains(text, "shutting down") {
			s.Fatalf("up: %v; forget: %v", up, forget)
		}
		if forget.Code == 0 {
			forgotten++
		}
		s.record()
		s.ok(shop, "down", "--now")
	}
	return fmt.Sprintf("50 times up, %d times forgotten, no record lost", forgotten)
}
