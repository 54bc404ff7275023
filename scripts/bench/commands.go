package main

import (
	"fmt"
	"os"
	"time"
)

// commands compares what a prompt and a person wait for with an empty program.
func (b *bench) commands() ([]row, error) {
	dir, err := b.project("shop", "web: exec "+b.listener, "worker: exec "+b.listener+" # $PORT")
	if err != nil {
		return nil, err
	}
	for _, args := range [][]string{{"allow", "--yes"}, {"up"}} {
		if _, err := timed(b.command(dir, b.locald, args...)); err != nil {
			return nil, err
		}
	}
	const rounds = 300
	pid := fmt.Sprint(os.Getpid())
	var empty, at, status []time.Duration
	for range rounds {
		for into, cmd := range map[*[]time.Duration][]string{
			&empty: {b.empty}, &at: {b.locald, "at", pid, dir}, &status: {b.locald, "status"},
		} {
			d, err := timed(b.command(dir, cmd[0], cmd[1:]...))
			if err != nil {
				return nil, err
			}
			*into = append(*into, d)
		}
	}
	_, err = timed(b.command(dir, b.locald, "down"))
	remark := fmt.Sprintf("an empty Go program, %v; %d rounds", median(empty).Round(time.Microsecond), rounds)
	return []row{
		atMost("entering a project whose services are up", ratio(at, empty), 2.5, remark),
		atMost("locald status", ratio(status, empty), 2.5, remark),
	}, err
}
