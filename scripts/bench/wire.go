package main

import (
	"fmt"
	"net"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/locald/locald/internal/ipc/hostile"
)

// patience is how long an answer may take before something is wrong.
const patience = 30 * time.Second

// frames is what the worst of all requests that fit into one frame costs the daemon. Each is sent
// several times, and the least is taken: what else goes on in the daemon is not the frame's.
func (b *bench) frames() []row {
	if runtime.GOOS != "linux" {
		return nil // the time of a thread is in /proc
	}
	dir := b.Project("hostile",
		"Procfile", "web: exec misbehave listen # $PORT\nworker: exec sleep 1000\n",
		".env", "A=$HOME/a\nB=${A}${A}\nC=${B}${B}${NOT_THERE:-$A}\n")
	b.locald(dir, "up")
	pid := b.Daemon().PID
	const bar, rounds = 50 * time.Millisecond, 5
	worst, name, count := time.Duration(0), "", 0
	for _, f := range hostile.Frames(dir) {
		least := time.Hour
		for range rounds {
			before, _ := hostile.Spent(pid)
			_, err := hostile.Send(b.Socket(), f, patience)
			b.must(err)
			after, _ := hostile.Spent(pid)
			least = min(least, after-before)
		}
		if count++; least > worst {
			worst, name = least, f.Name
		}
	}
	b.locald(dir, "down", "--now")
	return []row{{
		"one frame of 1 MiB, whatever it holds: CPU", worst.Round(100 * time.Microsecond).String(),
		"≤ " + bar.String(), worst <= bar, fmt.Sprintf("the worst of %d: %s", count, name),
	}}
}

// crowds is what clients cost that are there and do nothing.
func (b *bench) crowds() []row {
	if runtime.GOOS != "linux" {
		return nil // RSS is in /proc
	}
	dir := b.Project("crowd", "Procfile", "p: exec misbehave flood 2000000000 64\n", "locald.toml", "services.p.tty = false\n")
	b.locald(dir, "status")
	idle := b.crowd("2,000 clients after their hello, of which 256 may stay", 2000, 16, hostile.Hello, 2*time.Second)
	half := hostile.Hello + `{"op":"status","body":{"dir":"` + strings.Repeat("x", 900_000)
	halves := b.crowd("1,500 clients with half a frame of 900 KB", 1500, 160, half, 2*time.Second)
	b.locald(dir, "up")
	follow := hostile.Hello + fmt.Sprintf(`{"op":"logs","body":{"dir":%q,"tail":10,"follow":true}}`, dir) + "\n"
	followers := b.crowd("200 followers that never read", 200, 64, follow, 5*time.Second)
	b.locald(dir, "down", "--now")
	return slices.Concat(idle, halves, followers)
}

// crowd is what n clients add to the daemon's memory while each has said the same, and what is left
// of it some time after they have gone.
func (b *bench) crowd(what string, n, bar int, said string, while time.Duration) []row {
	pid := strconv.Itoa(b.Daemon().PID)
	rss := func() int { return statusField(pid, "VmRSS:") / 1024 }
	before := rss()
	var conns []net.Conn
	for range n {
		c, err := net.Dial("unix", b.Socket())
		b.must(err)
		conns = append(conns, c)
		_, _ = c.Write([]byte(said)) // one that has to go need not hear all of it
	}
	<-time.After(while)
	grown := rss() - before
	for _, c := range conns {
		c.Close()
	}
	kept := rss() - before
	const giveBack = 15 * time.Second
	for begin := time.Now(); kept > bar/2 && time.Since(begin) < giveBack; kept = rss() - before {
		<-time.After(time.Second)
	}
	mib := func(n int) string { return fmt.Sprintf("%d MiB", n) }
	return []row{
		{what + ": RSS", "+" + mib(grown), "≤ " + mib(bar), grown <= bar, mib(before) + " before"},
		{what + ": left of it when they have gone", "+" + mib(kept), "≤ " + mib(bar/2), kept <= bar/2, ""},
	}
}
