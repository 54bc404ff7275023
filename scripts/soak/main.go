// Soak takes random steps, commands of people and faults of machines, through
// one world, and compares what is with a model after each. The seed is printed,
// so that a walk can be taken again.
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/locald/locald/scripts/internal/world"
)

func main() {
	steps := flag.Int("n", 200, "how many `steps`")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano())%1_000_000, "where chance begins")
	verbose := flag.Bool("v", false, "print each step")
	flag.Parse()
	if err := soak(*steps, *seed, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func soak(steps int, seed uint64, verbose bool) (err error) {
	programs, err := world.Build("./cmd/locald", "./scripts/misbehave")
	if err != nil {
		return err
	}
	defer os.RemoveAll(programs)
	w, err := world.New(programs)
	if err != nil {
		return err
	}
	fmt.Printf("%d steps, seed %d\n", steps, seed)
	walk, err := newWalk(w, rand.New(rand.NewPCG(seed, 0)))
	if err != nil {
		return err
	}
	begin := time.Now()
	taken := map[string]int{}
	for i := range steps {
		name, wrong := walk.step()
		taken[name]++
		if verbose {
			fmt.Printf("%4d %s\n", i+1, name)
		}
		if len(wrong) > 0 {
			err = fmt.Errorf("seed %d, step %d, %s:\n  %s", seed, i+1, name, strings.Join(wrong, "\n  "))
			break
		}
	}
	walk.end()
	if err == nil {
		if wrong := w.Quiet(); len(wrong) > 0 {
			err = fmt.Errorf("seed %d, at the end: %s", seed, strings.Join(wrong, "; "))
		}
	}
	if left := w.Close(); err == nil && len(left) > 0 {
		err = fmt.Errorf("seed %d, left behind: %s", seed, strings.Join(left, "; "))
	}
	fmt.Printf("%v in %s; invariants after each\n", taken, time.Since(begin).Round(time.Second))
	return err
}
