package main

import (
	"bufio"
	"encoding/json"
	"fmt"
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

// ingest compares services that print flat out with the same programs piped into cat into a file
// and, on terminals, under script(1).
func (b *bench) ingest() (rows []row) {
	for _, in := range []intake{
		{1, 1, true}, {1, 64, true}, {10, 1, true}, {1, 1, false}, {1, 64, false}, {10, 1, false},
	} {
		rows = append(rows, b.compare(in))
	}
	return rows
}

func (b *bench) compare(in intake) row {
	lines := 300_000
	if !in.tty {
		lines = 1_000_000 // a pipe is faster: the start must not count
	}
	line := fmt.Sprintf("misbehave flood %d %d", lines/in.services, in.perWrite)
	kind, reference, bar, remark := "pipe", line+" | cat > out$i", 1/0.85, "time of a pipe into cat > file"
	if in.perWrite > 1 {
		bar = 1 / 0.6
	}
	if in.tty {
		kind, bar, remark = "terminal", 1.15, "time of script -q"
		reference = fmt.Sprintf("script -qc '%s' /dev/null > /dev/null", line)
		if _, err := exec.LookPath("script"); err != nil {
			return row{"terminal", "-", "-", true, "script(1) is not installed"}
		}
	}
	dir := b.printing(in, line)
	all := fmt.Sprintf("i=0; while [ $i -lt %d ]; do %s & i=$((i+1)); done; wait", in.services, reference)
	var ours, theirs []time.Duration
	for range 5 {
		ours = append(ours, b.printed(dir))
		theirs = append(theirs, b.timed(b.Command(b.Home, "sh", "-c", all)))
	}
	what := fmt.Sprintf("%s, %d × flat out, 100-byte lines, %d a write", kind, in.services, in.perWrite)
	return atMost(what, ratio(ours, theirs), bar, remark)
}

// printing is the project of an intake.
func (b *bench) printing(in intake, line string) (dir string) {
	var lines []string
	var settings strings.Builder
	for i := range in.services {
		lines = append(lines, fmt.Sprintf("p%d: exec %s", i, line))
		fmt.Fprintf(&settings, "services.p%d.tty = %t\n", i, in.tty)
	}
	dir = b.project(fmt.Sprintf("print-%d-%d-%t", in.services, in.perWrite, in.tty), lines...)
	b.Write(filepath.Join(dir, "locald.toml"), settings.String())
	return dir
}

// printed is the time from the start of the services to their end, with all they printed in the
// log.
func (b *bench) printed(dir string) time.Duration {
	return b.locald(dir, "up", "--no-wait") + b.locald(dir, "wait", "--for", "exit")
}

// latency is from a service's write to the line printed by `logs -f`, while nothing else happens
// and while another service prints flat out.
func (b *bench) latency() []row {
	flood := b.project("flood", "f: exec misbehave flood 2000000000 1")
	quiet := b.delays()
	b.locald(flood, "up")
	busy := b.delays()
	b.locald(flood, "down", "--now")
	within := func(what string, got, bar time.Duration) row {
		return row{
			"written → printed by logs -f, " + what, got.Round(time.Microsecond).String(),
			"≤ " + bar.String(), got <= bar, "1,000 lines, one every 3 ms",
		}
	}
	return []row{
		within("p50", quiet[len(quiet)/2], 250*time.Microsecond),
		within("p99", quiet[len(quiet)*99/100], time.Millisecond),
		within("beside a flood, p99", busy[len(busy)*99/100], 2*time.Millisecond),
	}
}

// delays are a thousand of them, sorted.
func (b *bench) delays() (delays []time.Duration) {
	dir := b.project("clock", "c: exec misbehave stamps")
	b.locald(dir, "up")
	cmd := b.Command(dir, "locald", "logs", "-f", "-n", "0", "--json")
	out, err := cmd.StdoutPipe()
	b.must(err)
	b.must(cmd.Start())
	for lines := bufio.NewScanner(out); len(delays) < 1000 && lines.Scan(); {
		now := time.Now().UnixNano()
		var record struct{ Line string }
		if json.Unmarshal(lines.Bytes(), &record) != nil {
			continue
		}
		if sent, err := strconv.ParseInt(record.Line, 10, 64); err == nil {
			delays = append(delays, time.Duration(now-sent))
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // it was killed
	b.locald(dir, "down")
	if len(delays) < 1000 {
		b.Fatalf("the log ended after %d lines", len(delays))
	}
	slices.Sort(delays)
	return delays
}
