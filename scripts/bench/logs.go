package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ingest compares a service that prints flat out on its terminal with the same
// program under script(1), and with cat into a file.
func (b *bench) ingest() ([]row, error) {
	const lines = 300_000
	var rows []row
	for _, perWrite := range []int{1, 64} {
		line := fmt.Sprintf("%s %d %d", b.printer, lines, perWrite)
		dir, err := b.project(fmt.Sprintf("print%d", perWrite), "p: "+line)
		if err != nil {
			return nil, err
		}
		var ours, cat, script []time.Duration
		for range 5 {
			d, err := b.printed(dir)
			if err != nil {
				return nil, err
			}
			ours = append(ours, d)
			if d, err = timed(b.command(b.dir, "sh", "-c", line+" | cat > out")); err != nil {
				return nil, err
			}
			cat = append(cat, d)
			if _, err := exec.LookPath("script"); err == nil {
				if d, err = timed(b.command(b.dir, "script", "-qc", line, "/dev/null")); err != nil {
					return nil, err
				}
				script = append(script, d)
			}
		}
		what := fmt.Sprintf("terminal, 100-byte lines, %d a write", perWrite)
		if script != nil {
			rows = append(rows, atMost(what, ratio(ours, script), 1.15, "time of script -q"))
		}
		rows = append(rows, row{what, fmt.Sprintf("%.2f ×", ratio(ours, cat)), "-", true, "time of a pipe into cat > file, for orientation"})
	}
	return rows, nil
}

// printed is the time from the start of the service to its end, with all it
// printed in the log: it ends by itself, and `up` waits for that.
func (b *bench) printed(dir string) (time.Duration, error) {
	begin := time.Now()
	if _, err := timed(b.command(dir, b.locald, "up")); err != nil {
		return 0, err
	}
	cmd := b.command(dir, b.locald, "logs", "-f", "-n", "1", "--json")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.Contains(lines.Text(), `"line":"exited with 0"`) {
	}
	took := time.Since(begin)
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // it was killed
	return took, nil
}

// latency is from a service's write to the line printed by `logs -f`.
func (b *bench) latency() ([]row, error) {
	dir, err := b.project("clock", "c: exec "+b.printer+" stamps")
	if err != nil {
		return nil, err
	}
	if _, err := timed(b.command(dir, b.locald, "up")); err != nil {
		return nil, err
	}
	cmd := b.command(dir, b.locald, "logs", "-f", "-n", "0", "--json")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	var delays []time.Duration
	for lines := bufio.NewScanner(out); len(delays) < 1000 && lines.Scan(); {
		now := time.Now().UnixNano()
		var record struct {
			Line string `json:"line"`
		}
		if json.Unmarshal(lines.Bytes(), &record) != nil {
			continue
		}
		if sent, err := strconv.ParseInt(record.Line, 10, 64); err == nil {
			delays = append(delays, time.Duration(now-sent))
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // it was killed
	if _, err := timed(b.command(dir, b.locald, "down")); err != nil {
		return nil, err
	}
	slices.Sort(delays)
	p50, p99 := delays[len(delays)/2], delays[len(delays)*99/100]
	return []row{
		{"written → printed by logs -f, p50", p50.Round(time.Microsecond).String(), "≤ 250µs", p50 <= 250*time.Microsecond, "1,000 lines, one every 3 ms"},
		{"written → printed by logs -f, p99", p99.Round(time.Microsecond).String(), "≤ 1ms", p99 <= time.Millisecond, ""},
	}, nil
}
