package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// limit sets how many descriptors the daemon may have. Those that are open stay, whatever it is.
func (s *scene) limit(n int) {
	if _, err := exec.LookPath("prlimit"); err != nil {
		s.Skipf("there is no prlimit")
	}
	s.must(s.Command("/", "prlimit", "--pid", strconv.Itoa(s.Daemon().PID),
		"--nofile="+strconv.Itoa(n)+":").Run())
}

// starve leaves the daemon no descriptor, not even for one that it closes.
func (s *scene) starve() {
	s.Cleanup(s.feed) // or it could not be stopped
	s.limit(3)
}

// scarce leaves it none but those that it keeps back, whose numbers must stay in use: clients that
// watch take what is free below the highest, until one is told that there is no more.
func (s *scene) scarce() {
	s.Cleanup(s.feed)
	limit := slices.Max(s.descriptors()) + 1
	s.limit(limit)
	for range limit {
		c, frames := s.greet()
		if strings.Contains(frames.Text(), "no file descriptors left") {
			return
		}
		_, err := fmt.Fprintf(c, "{\"op\":\"watch\",\"body\":{\"dir\":%q,\"all\":true}}\n", s.Home)
		s.must(err)
		frames.Scan()
	}
	s.Fatalf("there are still free descriptors")
}

func (s *scene) feed() { s.limit(1024) }

// relieve feeds the daemon until it serves: who comes within a second is still told that it cannot.
func (s *scene) relieve() {
	s.feed()
	s.await("an answer", func() bool { return s.Locald(s.Home, "status", "--all").Code == 0 })
}

// descriptors are the numbers of those that the daemon has.
func (s *scene) descriptors() (open []int) {
	entries, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(s.Daemon().PID), "fd"))
	s.must(err)
	for _, e := range entries {
		n, err := strconv.Atoi(e.Name())
		s.must(err)
		open = append(open, n)
	}
	return open
}

// greet returns a connection that the daemon has accepted, and what it says on it.
func (s *scene) greet() (net.Conn, *bufio.Scanner) {
	c := s.dial()
	s.Cleanup(func() { c.Close() })
	_, _ = io.WriteString(c, helloLine) // who is not served hears so before it has said anything
	frames := bufio.NewScanner(c)
	if !frames.Scan() {
		s.Fatalf("the daemon hangs up: %v", frames.Err())
	}
	return c, frames
}

// processorTime is what the daemon has used so far. The kernel counts it in hundredths of a second,
// see proc_pid_stat(5).
func (s *scene) processorTime() time.Duration {
	stat := s.read(filepath.Join("/proc", strconv.Itoa(s.Daemon().PID), "stat"))
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	user, err := strconv.Atoi(fields[11])
	s.must(err)
	system, err := strconv.Atoi(fields[12])
	s.must(err)
	return time.Duration(user+system) * 10 * time.Millisecond
}

// noAccept has clients that cannot be accepted, nor be told so, and then one that can be told.
func noAccept(s *scene) string {
	shop := s.shop()
	s.ok(shop, "up")
	run := s.service("shop/web").Run
	s.starve()
	for range 20 {
		c := s.dial()
		defer c.Close()
	}
	const while = 5 * time.Second
	before := s.processorTime()
	<-time.After(while)
	used := s.processorTime() - before
	s.feed()
	if used > while/10 {
		s.Fatalf("the daemon used %v in %v", used, while)
	}
	s.ok(shop, "status")
	// The usual case: the one that is kept back can be given up.
	s.scarce()
	r := s.exits(1, shop, "status")
	s.relieve()
	if !strings.Contains(r.Err, "no file descriptors left") {
		s.Fatalf("%v", r)
	}
	if now := s.service("shop/web").Run; now != run {
		s.Fatalf("run %d, it was %d", now, run)
	}
	return fmt.Sprintf("%d ms in %v; then served, and one that could not be was told so",
		used.Milliseconds(), while)
}

// stopUnseen stops services while there are no descriptors: first with those that the daemon keeps
// back for this, and then while not even their numbers can be used, so that each look at the
// processes fails, and a process outside of the group of its service cannot be signalled.
func stopUnseen(s *scene) string {
	shop := s.shop(
		"worker: misbehave stubborn & exec misbehave stubborn", "family: exec misbehave group",
	)
	s.Write(filepath.Join(shop, "locald.toml"),
		"services.worker.stop_timeout = \"1s\"\nservices.family.stop_timeout = \"1s\"\n")
	s.ok(shop, "up")
	down := s.client()
	s.scarce()
	if left := down(shop).left(); len(left) > 0 {
		s.Fatalf("left: %v", left)
	}
	s.relieve()
	s.none("after down", s.with("misbehave"))
	s.ok(shop, "up")
	down = s.client()
	s.starve()
	named := down(shop).left()
	s.relieve()
	for _, p := range s.with("misbehave") {
		if !slices.Contains(named, p.PID) {
			s.Fatalf("alive, and not named among %v: %v", named, p)
		}
		s.Kill(s.identity(p.PID), syscall.SIGKILL)
	}
	s.await("a record", func() bool { return s.status().Projects[0].Note == "" })
	return "ended with what is kept back; without even that, groups are, and who left his is named"
}

// downReply is the end of a down.
type downReply struct {
	End *struct {
		Results []struct {
			Outcome string
			Left    []struct{ PID int }
		}
	}
}

func (r downReply) left() (pids []int) {
	for _, result := range r.End.Results {
		for _, p := range result.Left {
			pids = append(pids, p.PID)
		}
	}
	return pids
}

// client is one that the daemon has accepted already, and that brings a project down.
func (s *scene) client() (down func(dir string) downReply) {
	c, frames := s.greet()
	return func(dir string) (r downReply) {
		_, err := fmt.Fprintf(c, "{\"op\":\"down\",\"body\":{\"dir\":%q,\"wait\":true}}\n", dir)
		s.must(err)
		for r.End == nil && frames.Scan() {
			s.must(json.Unmarshal(frames.Bytes(), &r))
		}
		if r.End == nil {
			s.Fatalf("down: %s (%v)", frames.Bytes(), frames.Err())
		}
		for _, result := range r.End.Results {
			if result.Outcome != "stopped" {
				s.Fatalf("%+v", result)
			}
		}
		return r
	}
}
