// Faults injects what goes wrong on real machines into the built binary, one world for each row,
// and writes what it saw to docs/faults-matrix.md. A row that fails stays in the table.
//
// Each row is played in a goroutine, some at a time; they end with the table.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/locald/locald/internal/testworld"
)

func main() {
	only := flag.String("run", "", "only rows whose id matches this `regexp`; then nothing is written")
	out := flag.String("o", "docs/faults-matrix.md", "where the table goes")
	workers := flag.Int("j", 4, "worlds at a time")
	flag.Parse()
	testworld.Main(func(t testworld.TB) { faults(t, *only, *out, *workers) })
}

func faults(t testworld.TB, only, out string, workers int) {
	pattern, err := regexp.Compile(only)
	if err != nil {
		t.Fatalf("%v", err)
	}
	programs := testworld.Build(t, "./cmd/locald", "./scripts/misbehave")
	begin := time.Now()
	rows := slices.Concat(
		daemonRows, lostRows, processRows, fileRows, resourceRows, portRows, timeRows, wireRows)
	rows = slices.DeleteFunc(rows, func(r row) bool { return !pattern.MatchString(r.id) })
	results := runAll(rows, programs, workers)
	failed := 0
	for _, r := range results {
		if r.verdict == failedRow {
			failed++
		}
	}
	fmt.Printf("%d rows, %d failed, %s\n", len(results), failed, time.Since(begin).Round(time.Second))
	if only == "" {
		if err := os.WriteFile(out, []byte(table(results)), 0o644); err != nil {
			t.Fatalf("%v", err)
		}
	}
	if failed > 0 {
		t.Fatalf("%d rows failed", failed)
	}
}

// runAll plays the rows, some at a time, and prints each as it ends.
func runAll(rows []row, programs string, workers int) []result {
	results := make([]result, len(rows))
	turns := make(chan struct{}, workers)
	var wg sync.WaitGroup
	var printing sync.Mutex
	for i, r := range rows {
		turns <- struct{}{}
		wg.Go(func() {
			defer func() { <-turns }()
			results[i] = play(r, programs)
			printing.Lock()
			defer printing.Unlock()
			fmt.Println(results[i])
		})
	}
	wg.Wait()
	return results
}

func (r result) String() string {
	return fmt.Sprintf("%-4s %-8s %5.1f s  %s: %s",
		r.row.id, r.verdict, r.took.Seconds(), r.row.fault, r.observed)
}

func table(results []result) string {
	checks := 0
	var b strings.Builder
	for _, r := range results {
		checks += r.checks
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n",
			r.row.id, cell(r.row.fault), cell(r.row.expected), cell(r.observed), r.verdict)
	}
	return fmt.Sprintf(`# The fault matrix

Written by %s on %s, of commit %s, on %s.
%d rows; after each one the invariants below were checked, %d checks in all. "not here" is a row
that this machine does not let be injected, with the reason.

| row | fault | expected | observed | |
|---|---|---|---|---|
%s
The invariants: no process of a service outside of a run (I1); at most one live run of a service
(I2); exactly one daemon, and it answers (I3); every record can be read (I4); every command ends in
time with a documented exit code (I7); what --json prints is JSON (I8); descriptors and threads of
the daemon return to what they were (I9); after down the ports are free (I12). That no signal reaches
a stranger (I6) is the subject of rows of its own, and of the tests of internal/daemon/proc, which
record every signal.
`, "`make faults`", time.Now().UTC().Format(time.DateOnly),
		"`"+output("git", "rev-parse", "--short", "HEAD")+"`", output("uname", "-sm"),
		len(results), checks, b.String())
}

// worldPath is where a row's directories were; it says nothing to who reads the table.
var worldPath = regexp.MustCompile(`/tmp/lw[0-9]+`)

func cell(text string) string {
	text = worldPath.ReplaceAllString(text, "~")
	return strings.ReplaceAll(strings.ReplaceAll(text, "|", `\|`), "\n", " ")
}

func output(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
