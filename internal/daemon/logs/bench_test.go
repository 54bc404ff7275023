package logs

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// floodVariable makes the test binary a program that floods its standard output: "LINES LINES-PER-WRITE".
const floodVariable = "LOGS_TEST_FLOOD"

func TestMain(m *testing.M) {
	if order := os.Getenv(floodVariable); order != "" {
		var lines, perWrite int
		fmt.Sscan(order, &lines, &perWrite)
		payload := bytes.Repeat(append(bytes.Repeat([]byte("x"), 99), '\n'), perWrite)
		for n := 0; n < lines; n += perWrite {
			if _, err := os.Stdout.Write(payload); err != nil {
				os.Exit(1)
			}
		}
		os.Exit(0)
	}
	// A model's every step makes files, so that a hundred histories take most of a minute. Who runs
	// the tests can still say otherwise: the flags come after this.
	_ = flag.Set("rapid.checks", "30")
	os.Exit(m.Run())
}

func flood(b *testing.B, out *os.File, lines, perWrite int) *exec.Cmd {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), floodVariable+"="+strconv.Itoa(lines)+" "+strconv.Itoa(perWrite))
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	return cmd
}

// BenchmarkIngest compares a log with programs that only copy: from a process that prints lines of 100 bytes, until all
// of them are written. An operation is a line.
func BenchmarkIngest(b *testing.B) {
	stores := []struct {
		name  string
		start func(b *testing.B, dir string, r *os.File) (wait func())
	}{
		{"cat", startCat},
		{"go-copy", startCopy},
		{"log", startLog},
	}
	for _, channel := range []string{"pipe", "pty"} {
		for _, perWrite := range []int{1, 64} {
			for _, store := range stores {
				b.Run(fmt.Sprintf("%s/%d-a-write/%s", channel, perWrite, store.name), func(b *testing.B) {
					dir := b.TempDir()
					e := channels[channel](b)
					b.ReportAllocs()
					wait := store.start(b, dir, e.read)
					b.ResetTimer()
					writer := flood(b, e.write, b.N, perWrite)
					e.write.Close()
					if err := writer.Wait(); err != nil {
						b.Fatal(err)
					}
					wait()
				})
			}
		}
	}
}

func startCat(b *testing.B, dir string, r *os.File) func() {
	cmd := exec.Command("cat")
	cmd.Stdin, cmd.Stdout = r, create(b, dir)
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	r.Close()
	return func() { cmd.Wait() } // of a terminal it ends with EIO
}

func startCopy(b *testing.B, dir string, r *os.File) func() {
	file, done := create(b, dir), make(chan struct{})
	go func() {
		defer close(done)
		io.Copy(struct{ io.Writer }{file}, struct{ io.Reader }{r}) // without splice
	}()
	return func() { <-done }
}

func startLog(b *testing.B, dir string, r *os.File) func() {
	p := OpenProject(dir, DefaultLimits())
	c := p.Service("web").Capture(1, Output, r)
	return func() {
		<-c.done
		c.Finish()
		p.Close()
	}
}

func create(b *testing.B, dir string) *os.File {
	f, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Close() })
	return f
}

// BenchmarkLatency is from a line's write into a pipe to its arrival at a follower.
func BenchmarkLatency(b *testing.B) {
	for _, flooded := range []bool{false, true} {
		b.Run(map[bool]string{false: "alone", true: "beside-a-flood"}[flooded], func(b *testing.B) {
			p := OpenProject(b.TempDir(), DefaultLimits())
			defer p.Close()
			if flooded {
				e := channels["pipe"](b)
				noisy := p.Service("noisy").Capture(1, Output, e.read)
				writer := flood(b, e.write, math.MaxInt, 1)
				defer func() {
					writer.Process.Kill()
					writer.Wait()
					noisy.Finish()
				}()
				e.write.Close()
			}
			e := channels["pipe"](b)
			c := p.Service("web").Capture(1, Output, e.read)
			arrived := make(chan struct{})
			ctx, cancel := context.WithCancel(b.Context())
			ended := make(chan error)
			go func() {
				ended <- read(ctx, p, Query{From: []Part{{Services: []string{"web"}}}, Tail: 0, Follow: true}, func([]Line) error {
					arrived <- struct{}{}
					return nil
				})
			}()
			e.write.WriteString("begin\n")
			<-arrived
			var took []time.Duration
			for b.Loop() {
				from := time.Now()
				e.write.WriteString("line\n")
				<-arrived
				took = append(took, time.Since(from))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
			cancel()
			<-ended
			e.write.Close()
			c.Finish()
		})
	}
}

func BenchmarkSplitter(b *testing.B) {
	for name, line := range map[string]string{
		"plain":    "2026/11/23 22:59:40 GET /products/1234?page=2 200 12.345ms from 127.0.0.1, all of it plain text, 100 bytes\n",
		"coloured": "\x1b[32mINFO\x1b[0m 22:59:40 GET /products/1234 \x1b[1m200\x1b[0m 12.345ms from 127.0.0.1, some colours in it\n",
	} {
		b.Run(name, func(b *testing.B) {
			input := bytes.Repeat([]byte(line), 600)
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			var s splitter
			var to longest
			for n := 0; n < b.N; n += 600 {
				s.write(input, &to)
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	p := OpenProject(b.TempDir(), DefaultLimits())
	defer p.Close()
	const lines = 100_000
	for i := range lines {
		l := p.Service([]string{"api", "db", "web"}[i/100%3])
		if err := put(l, epoch+int64(i), 1, Output, whole, "the quick brown fox jumps over the lazy dog, and back again"); err != nil {
			b.Fatal(err)
		}
	}
	for name, q := range map[string]Query{
		"everything": {Tail: -1},
		"tail-1000":  {Tail: 1000},
		"since":      {Tail: -1, Since: time.UnixMilli(epoch + lines - 1000)},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := read(b.Context(), p, q, func([]Line) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
