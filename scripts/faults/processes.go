package main

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/locald/locald/internal/testworld"
)

var processRows = []row{
	{
		"P1", "double fork and setsid, listens elsewhere",
		"ended with its service, and by the sweep",
		func(s *scene) string {
			return escaped(s, "exec misbehave escape port $PORT")
		},
	},
	{
		"P1b", "the same, with a blanked environment",
		"ended with its service, and by the sweep",
		func(s *scene) string {
			return escaped(s, "exec misbehave escape blank port $PORT")
		},
	},
	{
		"P1c", "the same, and it ignores SIGTERM",
		"killed",
		func(s *scene) string {
			return escaped(s, "exec misbehave escape blank stubborn port $PORT")
		},
	},
	{
		"P1d", "a child that leaves the session and keeps the terminal",
		"ended with its service, and by the sweep",
		func(s *scene) string {
			return escaped(s, "exec misbehave escape terminal")
		},
	},
	{
		"P1e", "nohup and &, in the session",
		"ended with its service, and by the sweep",
		func(s *scene) string {
			return escaped(s, "nohup misbehave descendant again & exec misbehave block")
		},
	},
	{
		"P1f", "a program that holds nothing of ours and listens nowhere",
		"left alive, and named by down and in the log",
		func(s *scene) string {
			return detached(s, "exec misbehave escape")
		},
	},
	{
		"P1h", "one that listens on a port of its own, as an editor that a dev server opened",
		"the same",
		func(s *scene) string {
			return detached(s, "exec misbehave escape port 0")
		},
	},
	{
		"P1g", "a real redis-server --daemonize yes",
		"ended with its service, and by the sweep",
		redis,
	},
	{
		"P2", "five services ignore SIGTERM, stop_timeout 1 s",
		"all gone within one grace and a second",
		stubbornFive,
	},
	{
		"P4", "the leader ends while a child keeps its terminal",
		"the child is ended, the state is that of the leader",
		leaderFirst,
	},
	{
		"P5", "a storm of 50 processes, each escaped with a child of its own",
		"all gone after down",
		func(s *scene) string {
			return storm(s, "exec misbehave storm 50")
		},
	},
	{
		"P6", "children that are born while others are killed",
		"all gone after down",
		func(s *scene) string {
			return storm(s, "exec misbehave spawner")
		},
	},
	{
		"P7", "a service that fails at once, again and again",
		"failed after 5 runs, with status and last words",
		func(s *scene) string {
			return flapper(s, "echo last words; exit 3")
		},
	},
	{
		"P7b", "one that fails after 1.3 s",
		"the same",
		func(s *scene) string {
			return flapper(s, "exec misbehave flap 1.3s")
		},
	},
	{
		"P7c", "one that fails after 9 s",
		"the same, within 60 s",
		func(s *scene) string {
			return flapper(s, "exec misbehave flap 9s")
		},
	},
	{
		"P8", "exit 0 under each restart policy",
		"exited, exited, and under always failed after 5",
		exitZero,
	},
	{
		"P9", "no such program, not executable, a bad interpreter, a directory that is not there",
		"failed at once, with the reason and the shell's words",
		execErrors,
	},
	{
		"P10", "a child in a process group of its own ignores SIGTERM",
		"killed with the service",
		func(s *scene) string {
			return storm(s, "exec misbehave group")
		},
	},
	{
		"P11", "up, down and restart 100 times at once",
		"one answer for each, one run at the end",
		races,
	},
	{
		"P12", "the PID of a dead service is a stranger's when the daemon comes back",
		"the stranger lives",
		reusedPID,
	},
	{
		"P13", "a service that is stopped (SIGSTOP) is to stop",
		"stopped within its grace",
		stopped,
	},
	{
		"P15", "a service closes its descriptors and opens its terminal again",
		"it runs, its words are in the log",
		noStdio,
	},
	{
		"P16", "which descriptors a service inherits",
		"0, 1 and 2",
		inherited,
	},
	{
		"P17", "which signals are ignored or blocked in a service",
		"none",
		signalMask,
	},
	{
		"P18", "1,000 orphans end",
		"no zombie is left",
		orphans,
	},
}

// escaped starts a service, ends it by down, by a crash of its own, and by the
// sweep after a crash of the daemon, and wants its escapee gone each time.
func escaped(s *scene, line string) string {
	shop := s.project("shop", []string{"job: " + line})
	descendants := func() []testworld.Process { return s.with("misbehave descendant") }
	begin := func() {
		s.ok(shop, "up")
		if line := "descendant"; len(descendants()) == 0 { // it forks twice, which takes its time
			s.awaitProcess(line)
		}
	}
	begin()
	s.ok(shop, "down")
	s.none("after down", descendants())
	begin()
	old := s.identity(s.service("shop/job").PID)
	s.Kill(old, syscall.SIGKILL)
	s.log(shop, "job", "killed by SIGKILL")
	s.ok(shop, "down")
	s.none("after a crash of the service", descendants())
	begin()
	s.KillDaemon()
	s.outlived() // or the sweep would have nothing to do
	s.ok(shop, "down")
	s.none("after the sweep", descendants())
	return "gone after down, after a crash of the service, after the sweep"
}

// outlived wants processes of a service while no daemon runs.
func (s *scene) outlived() {
	if len(s.with("misbehave")) == 0 {
		s.Fatalf("nothing of the service outlived the daemon")
	}
}

func (s *scene) awaitProcess(word string) {
	s.await("a process with "+word, func() bool { return len(s.with(word)) > 0 })
}

// detached is a browser that an editor's service opened: nobody wants it killed with that.
func detached(s *scene, line string) string {
	shop := s.project("shop", []string{"job: " + line})
	s.ok(shop, "up")
	s.awaitProcess(" again")
	browser := s.with(" again")[0]
	s.Cleanup(func() { _ = syscall.Kill(browser.PID, syscall.SIGKILL) })
	named := "left alive: PID " + strconv.Itoa(browser.PID)
	if r := s.ok(shop, "down"); !strings.Contains(r.Err, named) {
		s.Fatalf("down says %v", r)
	}
	s.log(shop, "job", named)
	id := s.identity(browser.PID)
	s.Kill(id, syscall.SIGKILL) // so that the row leaves nothing
	return "left alive and named"
}

func redis(s *scene) string {
	if _, err := exec.LookPath("redis-server"); err != nil {
		s.Skipf("redis-server is not installed")
	}
	line := "db: redis-server --port $PORT --save '' --daemonize yes; exec misbehave block"
	shop := s.project("shop", []string{line})
	s.ok(shop, "up")
	servers := func() []testworld.Process { return s.with("redis-server") }
	if len(servers()) == 0 {
		s.Fatalf("redis does not run")
	}
	s.ok(shop, "down")
	s.none("after down", servers())
	s.ok(shop, "up")
	s.KillDaemon()
	s.ok(shop, "down")
	s.none("after the sweep", servers())
	return "gone after down and after the sweep"
}

func stubbornFive(s *scene) string {
	var lines []string
	var settings strings.Builder
	for i := range 5 {
		lines = append(lines, fmt.Sprintf("s%d: exec misbehave stubborn", i))
		fmt.Fprintf(&settings, "services.s%d.stop_timeout = \"1s\"\n", i)
	}
	shop := s.project("shop", lines, "locald.toml", settings.String())
	s.ok(shop, "up")
	r := s.ok(shop, "down")
	if r.Took > 2*time.Second {
		s.Fatalf("it took %v", r.Took)
	}
	s.none("after down", s.with("misbehave"))
	return fmt.Sprintf("all gone after %.2f s", r.Took.Seconds())
}

// leaderFirst has no end of output to go by: the child holds the terminal.
func leaderFirst(s *scene) string {
	shop := s.project("shop", []string{"job: exec misbehave keep 0"},
		"locald.toml", `services.job.ready = "alive"`)
	s.ok(shop, "up")
	s.state("shop/job", "exited", "")
	s.none("after the leader's end", s.with("misbehave"))
	return "exited; the child is gone"
}

func storm(s *scene, line string) string {
	shop := s.project("shop", []string{"job: " + line},
		"locald.toml", `services.job.stop_timeout = "1s"`)
	s.ok(shop, "up")
	n := len(s.with("misbehave"))
	r := s.ok(shop, "down")
	s.none("after down", s.with("misbehave"))
	return fmt.Sprintf("%d processes, all gone after %.1f s", n, r.Took.Seconds())
}

// flapper is waited for until it listens, which it never does: else one that lives long enough
// would be ready first.
func flapper(s *scene, line string) string {
	shop := s.project("shop", []string{"job: " + line},
		"locald.toml", `services.job.ready = "port"`)
	r := s.exits(5, shop, "up", "--timeout", "85s")
	v := s.state("shop/job", "failed", "exited with 3; it failed 5 times")
	if v.Run != 5 || !strings.Contains(r.Out+r.Err, "last words") {
		s.Fatalf("run %d, %q", v.Run, r.Out)
	}
	return fmt.Sprintf("failed after %.0f s and 5 runs, last words shown", r.Took.Seconds())
}

func exitZero(s *scene) string {
	shop := s.project("shop", []string{"a: true", "b: true", "c: true"}, "locald.toml",
		"services.a.restart = \"on-failure\"\n"+
			"services.b.restart = \"no\"\nservices.c.restart = \"always\"\n")
	s.Locald(shop, "up")
	s.state("shop/a", "exited", "")
	s.state("shop/b", "exited", "")
	s.state("shop/c", "failed", "it failed 5 times")
	return "exited, exited, failed after 5 runs"
}

func execErrors(s *scene) string {
	shop := s.project("shop", []string{
		"missing: exec no-such-program", "plain: ./Procfile", "interpreter: ./script",
		"directory: cd nowhere && true",
	}, "script", "#!/no/such/interpreter\n")
	s.must(exec.Command("chmod", "+x", shop+"/script").Run())
	r := s.exits(5, shop, "up")
	s.state("shop/missing", "failed", "exited with 127")
	s.state("shop/plain", "failed", "exited with 126")
	s.state("shop/interpreter", "failed", "exited with 12") // 126 or 127, as the shell sees it
	s.state("shop/directory", "failed", "exited with ")
	if s.service("shop/missing").Run != 1 || s.service("shop/plain").Run != 1 {
		s.Fatalf("what cannot be run was tried again")
	}
	said := strings.ToLower(r.Out)
	if !strings.Contains(said, "not found") || !strings.Contains(said, "permission denied") {
		s.Fatalf("the shell's words are not shown: %q", r.Out)
	}
	return "126 and 127 after one run, with the shell's words"
}

func races(s *scene) string {
	shop := s.shop("worker: exec misbehave block")
	orders := [][]string{{"up"}, {"down"}, {"restart"}, {"restart", "web"}, {"up", "--no-wait"}}
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() { s.Locald(shop, orders[i%len(orders)]...) })
	}
	wg.Wait()
	s.ok(shop, "up")
	for _, name := range []string{"shop/web", "shop/worker"} {
		if n := len(s.alive(name)); n != 1 {
			s.Fatalf("%s runs %d times", name, n)
		}
	}
	return "100 answers, one run of each"
}

// reusedPID plays in a PID namespace, where the next PID can be chosen.
func reusedPID(s *scene) string {
	shop := s.project("shop", []string{"job: exec misbehave block"})
	r := s.Run(shop, nil, "unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", `
locald up >/dev/null || exit 20
pid=$(locald status --json | sed -n 's/.*"pid": \([0-9]*\),*/\1/p' | tail -n 1)
kill -9 "$(head -n 1 "$HOME/.local/share/locald/daemon.pid")" "$pid"
wait
while kill -0 "$pid" 2>/dev/null; do :; done
echo $((pid - 1)) > /proc/sys/kernel/ns_last_pid || exit 21
sleep 1000 & [ $! = "$pid" ] || exit 22
locald status >/dev/null || exit 23
kill -0 "$pid" || exit 24
locald daemon stop >/dev/null
kill -0 "$pid" || exit 24
kill "$pid"`)
	switch r.Code {
	case 0:
		return "the same number, another start time: no signal"
	case 24:
		s.Fatalf("the stranger was killed")
	}
	s.Skipf("no PID namespace in which a number can be chosen (%v)", r)
	return ""
}

func stopped(s *scene) string {
	shop := s.project("shop", []string{"job: exec misbehave block"})
	s.ok(shop, "up")
	s.must(syscall.Kill(s.service("shop/job").PID, syscall.SIGSTOP))
	r := s.ok(shop, "down")
	if r.Took > 5*time.Second {
		s.Fatalf("it took %v", r.Took)
	}
	return fmt.Sprintf("stopped after %.2f s", r.Took.Seconds())
}

func noStdio(s *scene) string {
	shop := s.project("shop", []string{"job: exec misbehave nostdio"})
	s.ok(shop, "up")
	s.log(shop, "job", "up ")
	return "ready; its words are in the log"
}

// inherited looks for the daemon's own files and sockets in a service.
func inherited(s *scene) string {
	shop := s.project("shop", []string{"job: exec misbehave inherited"})
	s.ok(shop, "up")
	s.log(shop, "job", "descriptors 0 1 2")
	r := s.ok(shop, "logs", "job")
	if !strings.Contains(r.Out, "descriptors 0 1 2\n") {
		s.Fatalf("%q", r.Out)
	}
	return "0 1 2"
}

func signalMask(s *scene) string {
	shop := s.project("shop", []string{"job: exec misbehave signals"})
	s.ok(shop, "up")
	s.log(shop, "job", "SigIgn")
	for line := range strings.Lines(s.ok(shop, "logs", "job").Out) {
		_, mask, found := strings.Cut(line, "SigIgn:")
		if !found {
			continue
		}
		ignored, err := strconv.ParseUint(strings.TrimSpace(mask), 16, 64)
		if err != nil || ignored&^internalSignals != 0 {
			s.Fatalf("%s", line)
		}
	}
	return "none ignored"
}

// internalSignals are 32 and 33, which the C library keeps to itself: what make spawns ignores one
// of them.
const internalSignals = 1<<31 | 1<<32

// orphans become the daemon's children where it is their subreaper, and nobody else would reap
// them.
func orphans(s *scene) string {
	shop := s.project("shop", []string{"job: exec misbehave orphans 1000"})
	s.ok(shop, "up")
	s.log(shop, "job", "up ")
	id := s.Daemon()
	out, err := exec.Command("ps", "-o", "stat=", "--ppid", strconv.Itoa(id.PID)).Output()
	if err != nil {
		s.Fatalf("ps: %v", err)
	}
	if n := strings.Count(string(out), "Z"); n > 0 {
		s.Fatalf("%d zombies", n)
	}
	return "no zombie"
}
