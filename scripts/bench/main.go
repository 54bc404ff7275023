// Command bench measures locald against a reference in the same run: for each
// row both are run in turn, and the medians are compared, because an absolute
// time says little about another machine. It builds what it needs into a
// directory of its own, with a home of its own, and leaves neither.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/locald/locald/internal/testworld"
)

// bench is one measure's world. There the program empty does nothing: what it takes is what any Go
// program takes.
type bench struct{ *testworld.World }

// row is one line of the result.
type row struct {
	what   string
	got    string
	bar    string
	met    bool
	remark string
}

func main() {
	testworld.Main(func(t testworld.TB) {
		programs := testworld.Build(t,
			"./cmd/locald", "./scripts/bench/empty", "./scripts/misbehave")
		var rows []row
		for _, measure := range []func(*bench) []row{
			(*bench).commands, (*bench).ups, (*bench).idle, (*bench).ingest, (*bench).latency,
			(*bench).frames, (*bench).crowds,
		} {
			outcome := testworld.Play(os.Stderr, func(t testworld.TB) {
				b := &bench{testworld.New(t, "")}
				b.Programs = programs
				b.Setenv("LOCALD_DEBUG_ALIVE", "1s") // as everywhere but in tests
				rows = append(rows, measure(b)...)
			})
			if len(outcome.Failures) > 0 {
				t.Fatalf("%s", strings.Join(outcome.Failures, "\n"))
			}
		}
		show(rows)
	})
}

func show(rows []row) {
	fmt.Println("Ratios of medians; locald and its reference run in turn, in a home of their own.")
	for _, r := range rows {
		verdict := "met"
		if !r.met {
			verdict = "MISSED"
		}
		fmt.Printf("%-52s %10s   bar %-10s %-6s %s\n", r.what, r.got, r.bar, verdict, r.remark)
	}
	fmt.Println("The prompt with and without the hook: " +
		"go test -run '^$' -bench 'Prompt|Move' ./internal/shellhook")
}

func (b *bench) must(err error) {
	if err != nil {
		b.Fatalf("%v", err)
	}
}

// project makes a directory with a Procfile.
func (b *bench) project(name string, lines ...string) (dir string) {
	return b.Project(name, "Procfile", strings.Join(lines, "\n")+"\n")
}

// locald says how long a command of it took, which must succeed.
func (b *bench) locald(dir string, args ...string) time.Duration {
	return b.timed(b.Command(dir, "locald", args...))
}

// timed runs a command and says how long it took.
func (b *bench) timed(cmd *exec.Cmd) time.Duration {
	begin := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return time.Since(begin)
}

func median(of []time.Duration) time.Duration {
	slices.Sort(of)
	return of[len(of)/2]
}

func ratio(a, b []time.Duration) float64 { return float64(median(a)) / float64(median(b)) }

func atMost(what string, got, bar float64, remark string) row {
	return row{what, fmt.Sprintf("%.2f ×", got), fmt.Sprintf("≤ %.2f ×", bar), got <= bar, remark}
}
