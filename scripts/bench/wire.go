package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/locald/locald/internal/ipc/hostile"
)

// patience is how long an answer may take before something is wrong.
const patience = 30 * time.Second

// frames is what the worst of all requests that fit into one frame costs the daemon. Each is sent
// several times, and the least is taken: what else goes on in the daemon is not the frame's.
func (b *bench) frames() ([]row, error) {
	if runtime.GOOS != "linux" {
		return nil, nil // the time of a thread is in /proc
	}
	dir, err := b.project("hostile", "web: exec "+b.listener+" # $PORT", "worker: exec sleep 1000")
	if err != nil {
		return nil, err
	}
	env := "A=$HOME/a\nB=${A}${A}\nC=${B}${B}${NOT_THERE:-$A}\n"
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(env), 0o644); err != nil {
		return nil, err
	}
	if _, err := timed(b.command(dir, b.locald, "up")); err != nil {
		return nil, err
	}
	pid, err := b.daemon()
	if err != nil {
		return nil, err
	}
	const bar, rounds = 50 * time.Millisecond, 5
	worst, name, count := time.Duration(0), "", 0
	for _, f := range hostile.Frames(dir) {
		least := time.Hour
		for range rounds {
			before, _ := hostile.Spent(pid)
			if _, err := hostile.Send(b.socket(), f, patience); err != nil {
				return nil, err
			}
			after, _ := hostile.Spent(pid)
			least = min(least, after-before)
		}
		if count++; least > worst {
			worst, name = least, f.Name
		}
	}
	_, err = timed(b.command(dir, b.locald, "down", "--now"))
	return []row{{
		"one frame of 1 MiB, whatever it holds: CPU", worst.Round(100 * time.Microsecond).String(),
		"≤ " + bar.String(), worst <= bar, fmt.Sprintf("the worst of %d: %s", count, name),
	}}, err
}

// crowds is what clients cost that are there and do nothing.
func (b *bench) crowds() ([]row, error) {
	if runtime.GOOS != "linux" {
		return nil, nil // RSS is in /proc
	}
	dir, err := b.project("crowd", "p: exec "+b.printer+" 2000000000 64")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "locald.toml"), []byte("services.p.tty = false\n"), 0o644); err != nil {
		return nil, err
	}
	if _, err := timed(b.command(dir, b.locald, "status")); err != nil {
		return nil, err
	}
	idle, err := b.crowd("2,000 clients after their hello", 2000, 32, hostile.Hello, 2*time.Second)
	if err != nil {
		return nil, err
	}
	if _, err := timed(b.command(dir, b.locald, "up")); err != nil {
		return nil, err
	}
	follow := hostile.Hello + fmt.Sprintf(`{"op":"logs","body":{"dir":%q,"tail":10,"follow":true}}`, dir) + "\n"
	followers, err := b.crowd("200 followers that never read", 200, 64, follow, 5*time.Second)
	if err != nil {
		return nil, err
	}
	_, err = timed(b.command(dir, b.locald, "down", "--now"))
	return append(idle, followers...), err
}

// crowd is what n clients add to the daemon's memory while each has said the same, and what is left
// of it some time after they have gone.
func (b *bench) crowd(what string, n, bar int, said string, while time.Duration) ([]row, error) {
	pid, err := b.daemon()
	if err != nil {
		return nil, err
	}
	rss := func() int { return statusField(strconv.Itoa(pid), "VmRSS:") / 1024 }
	before := rss()
	var conns []net.Conn
	for range n {
		c, err := net.Dial("unix", b.socket())
		if err != nil {
			return nil, err
		}
		conns = append(conns, c)
		if _, err := c.Write([]byte(said)); err != nil {
			return nil, err
		}
	}
	time.Sleep(while)
	grown := rss() - before
	for _, c := range conns {
		c.Close()
	}
	kept := rss() - before
	const giveBack = 3 * time.Minute // the runtime collects what is garbage after two, at the latest
	for begin := time.Now(); kept > bar/2 && time.Since(begin) < giveBack; kept = rss() - before {
		time.Sleep(time.Second)
	}
	mib := func(n int) string { return fmt.Sprintf("%d MiB", n) }
	return []row{
		{what + ": RSS", "+" + mib(grown), "≤ " + mib(bar), grown <= bar, mib(before) + " before"},
		{what + ": left of it when they have gone", "+" + mib(kept), "≤ " + mib(bar/2), kept <= bar/2, ""},
	}, nil
}

func (b *bench) socket() string { return filepath.Join(b.dir, "run", "locald.sock") }

// daemon is its PID.
func (b *bench) daemon() (int, error) {
	text, err := os.ReadFile(filepath.Join(b.dir, ".local/share/locald/daemon.pid"))
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return strconv.Atoi(line)
}
