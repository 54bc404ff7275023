// Command bench measures locald against a reference in the same run: for each
// row both are run in turn, and the medians are compared, because an absolute
// time says little about another machine. It builds what it needs into a
// directory of its own, with a home of its own, and leaves neither.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// bench is one run: where everything lives.
type bench struct {
	dir, locald, empty, listener, printer string
}

// row is one line of the result.
type row struct {
	what   string
	got    string
	bar    string
	met    bool
	remark string
}

func main() {
	b, err := prepare()
	if err != nil {
		fail(err)
	}
	rows, err := b.run()
	b.clean()
	if err != nil {
		fail(err)
	}
	fmt.Println("Ratios of medians; locald and its reference run in turn, in a home of their own.")
	for _, r := range rows {
		verdict := "met"
		if !r.met {
			verdict = "MISSED"
		}
		fmt.Printf("%-52s %10s   bar %-10s %-6s %s\n", r.what, r.got, r.bar, verdict, r.remark)
	}
	fmt.Println("The prompt with and without the hook: go test -run '^$' -bench 'Prompt|Move' ./internal/shellhook")
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "bench:", err)
	os.Exit(1)
}

func (b *bench) run() ([]row, error) {
	var rows []row
	for _, measure := range []func() ([]row, error){
		b.commands, b.ups, b.idle, b.ingest, b.latency, b.frames, b.crowds,
	} {
		more, err := measure()
		if err != nil {
			return rows, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

func prepare() (*bench, error) {
	dir, err := os.MkdirTemp("/tmp", "lb")
	if err != nil {
		return nil, err
	}
	b := &bench{
		dir: dir, locald: filepath.Join(dir, "locald"), empty: filepath.Join(dir, "empty"),
		listener: filepath.Join(dir, "listener"), printer: filepath.Join(dir, "printer"),
	}
	for out, pkg := range map[string]string{
		b.locald: "./cmd/locald", b.empty: "./scripts/bench/empty",
		b.listener: "./scripts/bench/listener", b.printer: "./scripts/bench/printer",
	} {
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if text, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", pkg, err, text)
		}
	}
	return b, os.Mkdir(filepath.Join(dir, "run"), 0o700)
}

func (b *bench) clean() {
	// Without a daemon there is nothing to stop.
	_ = b.command(b.dir, b.locald, "daemon", "stop").Run()
	os.RemoveAll(b.dir)
}

// command prepares a program in the bench's home.
func (b *bench) command(dir, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"HOME=" + b.dir, "XDG_RUNTIME_DIR=" + filepath.Join(b.dir, "run"), "PWD=" + dir,
		"PATH=" + os.Getenv("PATH"), "TERM=dumb",
	}
	return cmd
}

// project makes a directory with a Procfile.
func (b *bench) project(name string, lines ...string) (string, error) {
	dir := filepath.Join(b.dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, "Procfile"), []byte(strings.Join(lines, "\n")+"\n"), 0o644)
}

// timed runs a command and says how long it took.
func timed(cmd *exec.Cmd) (time.Duration, error) {
	begin := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return time.Since(begin), nil
}

func median(of []time.Duration) time.Duration {
	slices.Sort(of)
	return of[len(of)/2]
}

func ratio(a, b []time.Duration) float64 { return float64(median(a)) / float64(median(b)) }

func atMost(what string, got, bar float64, remark string) row {
	return row{what, fmt.Sprintf("%.2f ×", got), fmt.Sprintf("≤ %.2f ×", bar), got <= bar, remark}
}
