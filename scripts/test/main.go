// Command test is `make test`: go test over all packages, with the race detector where a C compiler
// makes that possible. It shows what fails and, at the end, what was skipped and why. In CI a skip
// is a failure: there everything is installed that a test asks for.
//
// It starts no goroutine.
package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
)

func main() {
	strict := os.Getenv("CI") != ""
	args := []string{"test", "-json", "-timeout=10m"}
	// To have a compiler is not enough: without the C library's headers nothing links.
	if out, err := exec.Command("go", "build", "-race", "runtime/cgo").CombinedOutput(); err == nil {
		args = append(args, "-race")
	} else {
		fmt.Printf("without the race detector (install a C compiler): %s", out)
		if strict {
			os.Exit(1)
		}
	}
	if args = append(args, os.Args[1:]...); len(os.Args) == 1 {
		args = append(args, "./...")
	}
	passed, skipped := run(args)
	if strict && skipped > 0 {
		fmt.Fprintln(os.Stderr, "in CI nothing may be skipped")
		passed = false
	}
	if !passed {
		os.Exit(1)
	}
}

// event is a line of `go test -json` (go doc test2json). Without a Test it is about the package.
type event struct{ Action, Package, Test, Output string }

func run(args []string) (passed bool, skipped int) {
	cmd := exec.Command("go", args...)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	said := map[string][]string{} // by package and test, while it may still be needed
	reasons := map[string]int{}
	counts := map[string]int{}
	for events := json.NewDecoder(stdout); err == nil; {
		var ev event
		if err = events.Decode(&ev); err != nil {
			break
		}
		key := ev.Package + " " + ev.Test
		switch ev.Action {
		case "build-output":
			fmt.Print(ev.Output)
		case "output":
			said[key] = append(said[key], ev.Output)
		case "pass", "fail", "skip":
			end(ev, said[key], reasons)
			if delete(said, key); ev.Test != "" {
				counts[ev.Action]++
			}
		}
	}
	err = cmd.Wait() // after an output that is no JSON too, it says how the tests went
	for _, why := range slices.Sorted(maps.Keys(reasons)) {
		fmt.Printf("skipped %3d: %s\n", reasons[why], why)
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", counts["pass"], counts["fail"], counts["skip"])
	return err == nil, counts["skip"]
}

// end shows what of a test's or a package's output is worth it: all of a failure, of a package's
// success the line that go test prints of it, of a skip the reason that was given.
func end(ev event, said []string, reasons map[string]int) {
	switch {
	case ev.Action == "fail":
		fmt.Print(strings.Join(said, ""))
	case ev.Test == "" && ev.Action == "pass" && len(said) > 0:
		fmt.Print(said[len(said)-1])
	case ev.Test != "" && ev.Action == "skip":
		why := "it does not say why"
		for _, line := range slices.Backward(said) {
			file, text, ok := strings.Cut(strings.TrimSpace(line), ".go:")
			if ok && !strings.Contains(file, " ") {
				_, why, _ = strings.Cut(text, ": ")
				break
			}
		}
		reasons[why]++
	}
}
