// Command test is `make test`: go test over all packages, with the race detector where a C compiler
// makes that possible. It shows what fails and, at the end, what was skipped and why. In CI a skip
// is a failure.
//
// It starts no goroutine.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
)

func main() {
	strict := os.Getenv("CI") != ""
	args := []string{"test", "-json", "-timeout=10m"}
	if why := raceTrouble(); why == "" {
		args = append(args, "-race")
	} else {
		fmt.Println("without the race detector:", why)
		if strict {
			os.Exit(1)
		}
	}
	args = append(args, os.Args[1:]...)
	if len(os.Args) == 1 {
		args = append(args, "./...")
	}
	r, err := run(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot run the tests:", err)
		os.Exit(1)
	}
	if !r.summarize(os.Stdout, strict) {
		os.Exit(1)
	}
}

// raceTrouble says why the race detector cannot be used, "" where it can. Having a compiler is not
// enough: without the C library's headers nothing links.
func raceTrouble() string {
	out, err := exec.Command("go", "build", "-race", "runtime/cgo").CombinedOutput()
	if err == nil {
		return ""
	}
	last := strings.Split(strings.TrimSpace(string(out)), "\n")
	return last[len(last)-1] + " (install a C compiler)"
}

// event is a line of `go test -json` (go doc test2json).
type event struct {
	Action, Package, ImportPath, Test, Output string
}

// report collects what a run of the tests tells.
type report struct {
	out            map[string][]string // by package and test, while it may still be needed
	passed, failed int
	failedPackages int
	skipped        map[string][]string // reason → tests
}

func run(args []string) (*report, error) {
	cmd := exec.Command("go", args...)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	r := &report{out: map[string][]string{}, skipped: map[string][]string{}}
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadString('\n')
		var ev event
		if json.Unmarshal([]byte(line), &ev) == nil {
			r.take(ev)
		} else {
			fmt.Print(line)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if err := cmd.Wait(); err != nil && r.failed+r.failedPackages == 0 {
		return nil, err
	}
	return r, nil
}

func (r *report) take(ev event) {
	key := ev.Package + "." + ev.Test
	switch ev.Action {
	case "build-output":
		fmt.Print(ev.Output)
	case "output":
		r.out[key] = append(r.out[key], ev.Output)
	case "pass", "fail", "skip":
		r.end(ev, r.out[key])
		delete(r.out, key)
	}
}

// end books a test, or with ev.Test empty a package, whose last line is the one that go test prints
// of it.
func (r *report) end(ev event, out []string) {
	switch {
	case ev.Test == "":
		if ev.Action == "fail" {
			r.failedPackages++
			fmt.Print(strings.Join(out, ""))
		} else if len(out) > 0 && ev.Action == "pass" {
			fmt.Print(out[len(out)-1])
		}
	case ev.Action == "fail":
		r.failed++
		fmt.Print(strings.Join(out, ""))
	case ev.Action == "skip":
		why := reason(out)
		r.skipped[why] = append(r.skipped[why], path.Base(ev.Package)+"."+ev.Test)
	default:
		r.passed++
	}
}

// reason is what a test said when it skipped itself: the line before the verdict, without file and
// line.
func reason(out []string) string {
	for _, line := range slices.Backward(out) {
		if at, text, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && strings.Contains(at, ".go:") {
			return text
		}
	}
	return "it does not say why"
}

func (r *report) summarize(to io.Writer, strict bool) bool {
	skipped := 0
	for _, why := range slices.Sorted(maps.Keys(r.skipped)) {
		tests := r.skipped[why]
		skipped += len(tests)
		fmt.Fprintf(to, "skipped %3d: %s (%s)\n", len(tests), why, strings.Join(tests[:min(2, len(tests))], ", "))
	}
	fmt.Fprintf(to, "%d passed, %d failed, %d skipped\n", r.passed, r.failed, skipped)
	if strict && skipped > 0 {
		fmt.Fprintln(to, "in CI nothing may be skipped")
		return false
	}
	return r.failed+r.failedPackages == 0
}
