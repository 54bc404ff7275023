// Misbehave is a service that does what services do to those who supervise
// them: "misbehave MODE ARGS…". Each mode is one way in which a process gets
// away, will not die, or dies too soon.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

var modes = map[string]func(args []string){
	"block":      block,
	"listen":     listen,
	"share":      share,
	"stubborn":   stubborn,
	"escape":     escape,
	"leave":      leave,
	"keep":       keep,
	"spawner":    spawner,
	"storm":      storm,
	"flap":       flap,
	"orphans":    orphans,
	"nostdio":    noStdio,
	"group":      group,
	"exclusive":  exclusive,
	"inherited":  inherited,
	"signals":    signals,
	"descendant": descendant,
}

func main() {
	if len(os.Args) < 2 || modes[os.Args[1]] == nil {
		fail(fmt.Errorf("no such mode: %q", os.Args[1:]))
	}
	modes[os.Args[1]](os.Args[2:])
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "misbehave:", err)
	os.Exit(1)
}

// block lives until it is killed.
func block([]string) {
	say("up")
	never := make(chan os.Signal, 1)
	signal.Notify(never, syscall.SIGUSR2)
	for range never {
	}
}

// say prints a word with the PID, so that who waits for it knows of whom.
func say(word string) { fmt.Println(word, os.Getpid()) }

// listen serves on addresses such as "127.0.0.1:8080", "[::1]:$PORT" or, where
// none is given, on $PORT everywhere.
func listen(addresses []string) {
	if len(addresses) == 0 {
		addresses = []string{":$PORT"}
	}
	for _, a := range addresses {
		l, err := net.Listen("tcp", os.ExpandEnv(a))
		if err != nil {
			fail(err)
		}
		go serve(l)
	}
	block(nil)
}

// share listens on $PORT in two processes at once, as servers with a worker for each core do.
func share(args []string) {
	if len(args) == 0 {
		self := exec.Command(os.Args[0], "share", "worker")
		self.Stdout, self.Stderr = os.Stdout, os.Stderr
		if err := self.Start(); err != nil {
			fail(err)
		}
	}
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var refused error
		err := c.Control(func(fd uintptr) {
			refused = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
		})
		return errors.Join(err, refused)
	}}
	l, err := config.Listen(context.Background(), "tcp", os.ExpandEnv("127.0.0.1:$PORT"))
	if err != nil {
		fail(err)
	}
	fmt.Println("sharing as", os.Getpid())
	serve(l)
}

func serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		c.Close()
	}
}

// stubborn ignores whatever asks it to end.
func stubborn([]string) {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT)
	block(nil)
}

// escape starts "descendant" in a session of its own and lives on: "escape
// [blank] [stubborn] [port N]".
func escape(args []string) {
	start(args)
	block(nil)
}

// leave is escape, but ends at once.
func leave(args []string) { start(args) }

func start(args []string) {
	cmd := exec.Command(self(), append([]string{"descendant"}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if has(args, "blank") {
		cmd.Env = []string{"PORT=" + os.Getenv("PORT")}
	}
	if has(args, "terminal") { // it keeps what it was given
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	}
	if err := cmd.Start(); err != nil {
		fail(err)
	}
}

// descendant is what escaped: it forks once more, so that nobody is its parent.
func descendant(args []string) {
	if !has(args, "again") {
		start(append(args, "again"))
		return
	}
	if has(args, "stubborn") {
		signal.Ignore(syscall.SIGTERM, syscall.SIGHUP)
	}
	for i, a := range args {
		if a == "port" {
			listen([]string{"127.0.0.1:" + args[i+1]})
		}
	}
	block(nil)
}

func has(args []string, word string) bool {
	for _, a := range args {
		if a == word {
			return true
		}
	}
	return false
}

// keep ends while a child in its session holds its terminal: "keep STATUS".
func keep(args []string) {
	cmd := exec.Command(self(), "stubborn")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		fail(err)
	}
	os.Exit(number(args))
}

// spawner has a child, and another one for each that is killed.
func spawner([]string) {
	signal.Ignore(syscall.SIGTERM)
	say("up")
	for {
		cmd := exec.Command(self(), "block")
		if err := cmd.Start(); err != nil {
			fail(err)
		}
		_ = cmd.Wait() // it was killed: that is when the next one comes
	}
}

// storm has N children, each of which has one too.
func storm(args []string) {
	for range number(args) {
		cmd := exec.Command(self(), "escape", "terminal")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		if err := cmd.Start(); err != nil {
			fail(err)
		}
	}
	block(nil)
}

// flap lives for a while and then fails: "flap 1.3s".
func flap(args []string) {
	d, err := time.ParseDuration(args[0])
	if err != nil {
		fail(err)
	}
	say("flapping")
	<-time.After(d)
	fmt.Println("last words")
	os.Exit(3)
}

// orphans leaves N processes behind that end at once, and says when it has.
func orphans(args []string) {
	for range number(args) {
		if err := exec.Command("/bin/sh", "-c", "true & exit 0").Run(); err != nil {
			fail(err)
		}
	}
	block(nil)
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

// group is in a process group of its own.
func group([]string) {
	cmd := exec.Command(self(), "stubborn")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		fail(err)
	}
	block(nil)
}

// exclusive binds $PORT without SO_REUSEADDR, and leaves a connection in
// TIME_WAIT behind when it has served one.
func exclusive([]string) {
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		_ = c.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 0) })
		return err
	}}
	l, err := config.Listen(context.Background(), "tcp4", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		fail(err)
	}
	go serve(l)
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
		if fd, err := strconv.Atoi(e.Name()); err == nil {
			if flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0); errno == 0 && flags&syscall.FD_CLOEXEC == 0 {
				open = append(open, e.Name())
			}
		}
	}
	fmt.Println("descriptors", strings.Join(open, " "))
	block(nil)
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

func self() string {
	exe, err := os.Executable()
	if err != nil {
		fail(err)
	}
	return exe
}

func number(args []string) int {
	if len(args) == 0 {
		return 0
	}
	n, err := strconv.Atoi(args[0])
	if err != nil {
		fail(err)
	}
	return n
}
