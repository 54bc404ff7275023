package main

import (
	"fmt"
	"net"
	"os/exec"
	"strings"
	"time"
)

// ups compares `up` until everything listens with a shell that puts the same programs into the
// background. There they report by connecting to us, so that the reference waits for nothing but
// them.
func (b *bench) ups() (rows []row) {
	for _, n := range []int{10, 50} {
		var ours, reference []time.Duration
		dir := b.project(fmt.Sprintf("n%d", n), listeners(n)...)
		for range 7 {
			ours = append(ours, b.locald(dir, "up"))
			b.locald(dir, "down")
			reference = append(reference, b.backgrounded(n))
		}
		what := fmt.Sprintf("%d services, up → all listening", n)
		remark := fmt.Sprintf("a shell that backgrounds them, %v; 7 rounds",
			median(reference).Round(time.Millisecond))
		rows = append(rows, atMost(what, ratio(ours, reference), 2, remark))
	}
	return rows
}

func listeners(n int) (lines []string) {
	for i := range n {
		lines = append(lines, fmt.Sprintf("s%d: exec misbehave listen # $PORT", i))
	}
	return lines
}

func (b *bench) backgrounded(n int) time.Duration {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	b.must(err)
	defer l.Close()
	one := fmt.Sprintf("sh -c 'exec misbehave report %s' & ", l.Addr())
	cmd := exec.Command("sh", "-c", strings.Repeat(one, n)+"wait")
	cmd.Env = b.Environ()
	begin := time.Now()
	b.must(cmd.Start())
	var conns []net.Conn
	for range n {
		c, err := l.Accept()
		b.must(err)
		conns = append(conns, c)
	}
	took := time.Since(begin)
	for _, c := range conns { // which ends the listener
		c.Close()
	}
	b.must(cmd.Wait())
	return took
}
