package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// intake is one way in which services print flat out.
type intake struct {
	services, perWrite int
	tty                bool
}

// ingest compares services that print flat out with the same programs piped
// into cat into a file and, on terminals, under script(1).
func (b *bench) ingest() ([]row, error) {
	var rows []row
	for _, in := range []intake{{1, 1, true}, {1, 64, true}, {10, 1, true}, {1, 1, false}, {1, 64, false}, {10, 1, false}} {
		r, err := b.compare(in)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func (b *bench) compare(in intake) (row, error) {
	lines := 300_000
	if !in.tty {
		lines = 1_000_000 // a pipe is faster: the start must not count
	}
	line := fmt.Sprintf("%s %d %d", b.printer, lines/in.services, in.perWrite)
	dir, err := b.printing(in, line)
	if err != nil {
		return row{}, err
	}
	reference, bar, remark := line+" | cat > out$i", 1/0.85, "time of a pipe into cat > file"
	if in.perWrite > 1 {
		bar = 1 / 0.6
	}
	if in.tty {
		reference, bar, remark = fmt.Sprintf("script -qc '%s' /dev/null > /dev/null", line), 1.15, "time of script -q"
		if _, err := exec.LookPath("script"); err != nil {
			return row{"terminal", "-", "-", true, "script(1) is not installed"}, nil
		}
	}
	var ours, theirs []time.Duration
	for range 5 {
		d, err := b.printed(dir)
		if err != nil {
			return row{}, err
		}
		ours = append(ours, d)
		all := fmt.Sprintf("i=0; while [ $i -lt %d ]; do %s & i=$((i+1)); done; wait", in.services, reference)
		if d, err = timed(b.command(b.dir, "sh", "-c", all)); err != nil {
			return row{}, err
		}
		theirs = append(theirs, d)
	}
	kind := map[bool]string{true: "terminal", false: "pipe"}[in.tty]
	what := fmt.Sprintf("%s, %d × flat out, 100-byte lines, %d a write", kind, in.services, in.perWrite)
	return atMost(what, ratio(ours, theirs), bar, remark), nil
}

// printing is the project of an intake.
func (b *bench) printing(in intake, line string) (string, error) {
	var lines []string
	var settings strings.Builder
	for i := range in.services {
		lines = append(lines, fmt.Sprintf("p%d: exec %s", i, line))
		fmt.Fprintf(&settings, "services.p%d.tty = %t\n", i, in.tty)
	}
	dir, err := b.project(fmt.Sprintf("print-%d-%d-%t", in.services, in.perWrite, in.tty), lines...)
	if err != nil {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, "locald.toml"), []byte(settings.String()), 0o644)
}

// printed is the time from the start of the services to their end, with all
// they printed in the log.
func (b *bench) printed(dir string) (time.Duration, error) {
	begin := time.Now()
	if _, err := timed(b.command(dir, b.locald, "up", "--no-wait")); err != nil {
		return 0, err
	}
	if _, err := timed(b.command(dir, b.locald, "wait", "--for", "exit")); err != nil {
		return 0, err
	}
	return time.Since(begin), nil
}

// latency is from a service's write to the line printed by `logs -f`, while
// nothing else happens and while another service prints flat out.
func (b *bench) latency() ([]row, error) {
	flood, err := b.project("flood", "f: exec "+b.printer+" 2000000000 1")
	if err != nil {
		return nil, err
	}
	quiet, err := b.delays()
	if err != nil {
		return nil, err
	}
	if _, err := timed(b.command(flood, b.locald, "up")); err != nil {
		return nil, err
	}
	busy, err := b.delays()
	if err != nil {
		return nil, err
	}
	if _, err := timed(b.command(flood, b.locald, "down", "--now")); err != nil {
		return nil, err
	}
	within := func(what string, got, bar time.Duration) row {
		return row{"written → printed by logs -f, " + what, got.Round(time.Microsecond).String(), "≤ " + bar.String(), got <= bar, "1,000 lines, one every 3 ms"}
	}
	return []row{
		within("p50", quiet[len(quiet)/2], 250*time.Microsecond),
		within("p99", quiet[len(quiet)*99/100], time.Millisecond),
		within("beside a flood, p99", busy[len(busy)*99/100], 2*time.Millisecond),
	}, nil
}

// delays are a thousand of them, sorted.
func (b *bench) delays() ([]time.Duration, error) {
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
	return delays, nil
}
