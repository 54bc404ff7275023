package main

import (
	"fmt"
	"net"
	"os/exec"
	"strings"
	"time"
)

// ups compares `up` until everything listens with a shell that puts the same
// programs into the background. Its listeners report by connecting to us, so
// that the reference waits for nothing but them.
func (b *bench) ups() ([]row, error) {
	var rows []row
	for _, n := range []int{10, 50} {
		var ours, reference []time.Duration
		dir, err := b.project(fmt.Sprintf("n%d", n), b.lines(n)...)
		if err != nil {
			return nil, err
		}
		for range 7 {
			d, err := timed(b.command(dir, b.locald, "up"))
			if err != nil {
				return nil, err
			}
			ours = append(ours, d)
			if _, err := timed(b.command(dir, b.locald, "down")); err != nil {
				return nil, err
			}
			if d, err = b.backgrounded(n); err != nil {
				return nil, err
			}
			reference = append(reference, d)
		}
		rows = append(rows, atMost(fmt.Sprintf("%d services, up → all listening", n), ratio(ours, reference), 2,
			fmt.Sprintf("a shell that backgrounds them, %v; 7 rounds", median(reference).Round(time.Millisecond))))
	}
	return rows, nil
}

func (b *bench) lines(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("s%d: exec %s # $PORT", i, b.listener))
	}
	return out
}

func (b *bench) backgrounded(n int) (time.Duration, error) {
	report, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer report.Close()
	script := strings.Repeat("sh -c 'exec "+b.listener+"' & ", n) + "wait"
	cmd := exec.Command("sh", "-c", script)
	cmd.Env = append(b.command("/", "x").Env, "PORT=0", "REPORT="+report.Addr().String())
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	var conns []net.Conn
	for range n {
		c, err := report.Accept()
		if err != nil {
			return 0, err
		}
		conns = append(conns, c)
	}
	took := time.Since(begin)
	for _, c := range conns { // which ends the listener
		c.Close()
	}
	return took, cmd.Wait()
}
