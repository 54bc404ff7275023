package main

import (
	"fmt"
	"os"
	"time"
)

// commands compares what a prompt and a person wait for with an empty program.
func (b *bench) commands() []row {
	dir := b.project("shop", "web: exec misbehave listen", "worker: exec misbehave listen # $PORT")
	b.locald(dir, "allow", "--yes")
	b.locald(dir, "up")
	const rounds = 300
	pid := fmt.Sprint(os.Getpid())
	var empty, at, status []time.Duration
	for range rounds { // in turn, so that what else the machine does meets all of them
		empty = append(empty, b.timed(b.Command(dir, "empty")))
		at = append(at, b.locald(dir, "at", pid, dir))
		status = append(status, b.locald(dir, "status"))
	}
	b.locald(dir, "down")
	remark := fmt.Sprintf("an empty Go program, %v; %d rounds",
		median(empty).Round(time.Microsecond), rounds)
	return []row{
		atMost("entering a project whose services are up", ratio(at, empty), 2.5, remark),
		atMost("locald status", ratio(status, empty), 2.5, remark),
	}
}
