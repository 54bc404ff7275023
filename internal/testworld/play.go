package testworld

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"
)

// Outcome is how a part that was played ended.
type Outcome struct {
	Failures []string
	Skipped  string // why it could not be played, "" where it was
}

// Play is to a program what a test's run is to `go test`: it plays a part, ends it early where it
// fails for good or cannot be played, and then cleans up. What is logged goes to log.
func Play(log io.Writer, part func(TB)) Outcome {
	p := &player{log: log}
	playing.Store(p, true)
	defer playing.Delete(p)
	p.run(func() { part(p) })
	p.cleanUp()
	return p.outcome
}

// playing are the players of this program, for one that is interrupted.
var playing sync.Map

// Main plays the only part of a program. Where that is interrupted, it cleans up first: a goroutine
// waits for that until the program ends.
func Main(part func(TB)) {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-interrupted
		for p := range playing.Range {
			p.(*player).cleanUp()
		}
		os.Exit(130)
	}()
	outcome := Play(os.Stderr, part)
	for _, f := range slices.Concat(outcome.Failures, []string{outcome.Skipped}) {
		if f != "" {
			fmt.Fprintln(os.Stderr, f)
		}
	}
	if len(outcome.Failures) > 0 || outcome.Skipped != "" {
		os.Exit(1)
	}
}

type player struct {
	log      io.Writer
	mu       sync.Mutex
	outcome  Outcome
	cleanups []func()

	cleaning sync.Mutex // held meanwhile: the order counts, also for one who is interrupted
}

// ended is the panic with which a part ends early.
type ended struct{}

func (p *player) cleanUp() {
	p.cleaning.Lock()
	defer p.cleaning.Unlock()
	for {
		p.mu.Lock()
		last := len(p.cleanups) - 1
		if last < 0 {
			p.mu.Unlock()
			return
		}
		cleanup := p.cleanups[last]
		p.cleanups = p.cleanups[:last]
		p.mu.Unlock()
		p.run(cleanup)
	}
}

func (p *player) run(f func()) {
	defer func() {
		if r := recover(); r != nil && r != (ended{}) {
			p.Errorf("panic: %v\n%s", r, debug.Stack()) // what there is to clean up comes after it
		}
	}()
	f()
}

func (p *player) Helper() {}

func (p *player) Cleanup(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cleanups = append(p.cleanups, f)
}

func (p *player) Logf(format string, args ...any) { fmt.Fprintf(p.log, format+"\n", args...) }

func (p *player) Errorf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.outcome.Failures = append(p.outcome.Failures, fmt.Sprintf(format, args...))
}

func (p *player) Fatalf(format string, args ...any) {
	p.Errorf(format, args...)
	panic(ended{})
}

func (p *player) Skipf(format string, args ...any) {
	p.outcome.Skipped = fmt.Sprintf(format, args...)
	panic(ended{})
}

func (p *player) Failed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.outcome.Failures) > 0
}

func (p *player) TempDir() string {
	dir, err := os.MkdirTemp("", "locald")
	if err != nil {
		p.Fatalf("%v", err)
	}
	p.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
