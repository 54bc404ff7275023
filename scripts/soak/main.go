// Soak takes random steps, commands of people and faults of machines, through
// one world, and compares what is with a model after each. The seed is printed,
// so that a walk can be taken again.
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/locald/locald/internal/testworld"
)

func main() {
	steps := flag.Int("n", 200, "how many `steps`")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano())%1_000_000, "where chance begins")
	verbose := flag.Bool("v", false, "print each step")
	flag.Parse()
	fmt.Printf("%d steps, seed %d\n", *steps, *seed)
	testworld.Main(func(t testworld.TB) { soak(t, *steps, *seed, *verbose) })
}

func soak(t testworld.TB, steps int, seed uint64, verbose bool) {
	programs := testworld.Build(t, "./cmd/locald", "./scripts/misbehave")
	w := testworld.New(t, "")
	w.Programs = programs
	walk := newWalk(w, rand.New(rand.NewPCG(seed, 0)))
	begin := time.Now()
	taken := map[string]int{}
	defer func() {
		fmt.Printf("%v in %s; invariants after each\n", taken, time.Since(begin).Round(time.Second))
	}()
	for i := range steps {
		name, wrong := walk.step()
		taken[name]++
		if verbose {
			fmt.Printf("%4d %s\n", i+1, name)
		}
		if len(wrong) > 0 {
			t.Fatalf("seed %d, step %d, %s:\n  %s", seed, i+1, name, strings.Join(wrong, "\n  "))
		}
	}
	if wrong := w.Quiet(); len(wrong) > 0 {
		t.Fatalf("seed %d, at the end: %s", seed, strings.Join(wrong, "; "))
	}
}
