package misbehave

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// printLines prints "line 1" to "line N" and then blocks: "print N".
func printLines(args []string) {
	w := bufio.NewWriter(os.Stdout)
	for i := range number(args) {
		fmt.Fprintf(w, "line %d\n", i+1)
	}
	w.Flush()
	block(nil)
}

// countLines prints numbered lines as fast as they are taken, and then ends: "count N exit", in the
// middle of a line by a signal: "count N killed", or stays: "count N blocked".
func countLines(args []string) {
	n, end := number(args), args[1]
	const padding = "the quick brown fox jumps over the lazy dog"
	w := bufio.NewWriterSize(os.Stdout, 8<<10)
	for i := 1; i <= n; i++ {
		fmt.Fprintf(w, "%d %s\n", i, padding)
	}
	if end == "killed" {
		fmt.Fprintf(w, "%d the quick", n+1)
	}
	w.Flush()
	switch end {
	case "killed":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		block(nil)
	case "blocked":
		block(nil)
	}
}

// flood prints lines of 100 bytes, some of them in each write: "flood LINES PER-WRITE".
func flood(args []string) {
	lines, perWrite := number(args), number(args[1:])
	some := bytes.Repeat(append(bytes.Repeat([]byte("x"), 99), '\n'), perWrite)
	for range lines / perWrite {
		if _, err := os.Stdout.Write(some); err != nil {
			fail(err)
		}
	}
}

// stamps prints the time in nanoseconds, every 3 ms.
func stamps([]string) {
	for range time.Tick(3 * time.Millisecond) {
		fmt.Println(time.Now().UnixNano())
	}
}

// printEnvironment prints the variables named, as they are.
func printEnvironment(args []string) {
	for _, name := range args {
		value, ok := os.LookupEnv(name)
		if !ok {
			value = "(unset)"
		}
		fmt.Printf("%s=%s\n", name, value)
	}
}

// replace prints its arguments one a line, bracketed, and ends in the way the first one says: "exec
// status N ARGS…" or "exec signal N ARGS…".
func replace(args []string) {
	for _, a := range args[2:] {
		fmt.Printf("[%s]\n", a)
	}
	if args[0] == "signal" {
		_ = syscall.Kill(os.Getpid(), syscall.Signal(number(args[1:])))
		block(nil)
	}
	syscall.Exit(number(args[1:]))
}

// waitForEOF stands for a shell: it says its PID and ends with its input.
func waitForEOF([]string) {
	fmt.Println(os.Getpid())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// noStdio closes what it was given and opens its terminal again.
func noStdio([]string) {
	for fd := range 3 {
		syscall.Close(fd)
	}
	if tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0); err == nil {
		fmt.Fprintln(tty, "up", os.Getpid())
	}
	block(nil)
}

// inherited names the descriptors that it got.
func inherited([]string) {
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		fail(err)
	}
	var open []string
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && !closedOnExec(fd) {
			open = append(open, e.Name())
		}
	}
	fmt.Println("descriptors", strings.Join(open, " "))
	block(nil)
}

// closedOnExec is true of what this program has opened itself, and of what is closed by now.
func closedOnExec(fd int) bool {
	flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0)
	return errno != 0 || flags&syscall.FD_CLOEXEC != 0
}

// signals names what is ignored or blocked in it (proc_pid_status(5)).
func signals([]string) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		fail(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "SigBlk") || strings.HasPrefix(line, "SigIgn") {
			fmt.Print(line)
		}
	}
	block(nil)
}
