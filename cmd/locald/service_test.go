package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
)

// roles are the parts that a service plays. Each takes the rest of its command line.
var roles = map[string]func(args []string){
	"listen":     listen,
	"print":      printLines,
	"count":      countLines,
	"block":      block,
	"exitson":    exitsOn,
	"ignoreterm": ignoreTerm,
	"escape":     escape,
	"escaped":    escaped,
	"wait":       waitForEOF,
	"printenv":   printEnvironment,
	"exec":       replace,
}

// service plays a role: "service ROLE ARGS…".
func service() {
	if len(os.Args) < 2 || roles[os.Args[1]] == nil {
		fmt.Fprintf(os.Stderr, "service: no such role: %q\n", os.Args[1:])
		os.Exit(2)
	}
	roles[os.Args[1]](os.Args[2:])
}

func die(err error) {
	fmt.Fprintln(os.Stderr, "service:", err)
	os.Exit(1)
}

// listen serves HTTP on the ports named, or on $PORT. "GET /env/NAME" answers with a variable, "GET /crash" ends the
// program with status 3, everything else tells who answers.
func listen(args []string) {
	if len(args) == 0 {
		args = []string{os.Getenv("PORT")}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/env/{name}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, os.Getenv(r.PathValue("name")))
	})
	mux.HandleFunc("/crash", func(http.ResponseWriter, *http.Request) {
		fmt.Println("crashing as asked")
		os.Exit(3)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "%s/%s from PID %d\n", os.Getenv("LOCALD_PROJECT"), os.Getenv("LOCALD_SERVICE"), os.Getpid())
	})
	failed := make(chan error)
	for _, port := range args {
		l, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err != nil {
			die(err)
		}
		fmt.Println("listening on", port)
		go func() { failed <- http.Serve(l, mux) }()
	}
	die(<-failed)
}

// printLines prints "line 1" to "line N" and then blocks.
func printLines(args []string) {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		die(err)
	}
	w := bufio.NewWriter(os.Stdout)
	for i := range n {
		fmt.Fprintf(w, "line %d\n", i+1)
	}
	w.Flush()
	block(nil)
}

// countLines prints numbered lines as fast as they are taken, and then ends: "count N exit", in the middle of a line by a
// signal: "count N killed", or stays: "count N blocked".
func countLines(args []string) {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		die(err)
	}
	const padding = "the quick brown fox jumps over the lazy dog"
	w := bufio.NewWriterSize(os.Stdout, 8<<10)
	for i := 1; i <= n; i++ {
		fmt.Fprintf(w, "%d %s\n", i, padding)
	}
	if args[1] == "killed" {
		fmt.Fprintf(w, "%d the quick", n+1)
	}
	w.Flush()
	if args[1] == "killed" {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	if args[1] != "exit" {
		block(nil)
	}
}

// block waits for a signal that nobody sends; with a bare select the runtime would call it a deadlock.
func block([]string) {
	never := make(chan os.Signal, 1)
	signal.Notify(never, syscall.SIGUSR2)
	for range never {
	}
}

// exitsOn ends with a status on SIGINT alone: "exitson INT STATUS".
func exitsOn(args []string) {
	status, err := strconv.Atoi(args[1])
	if err != nil {
		die(err)
	}
	signal.Ignore(syscall.SIGTERM)
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGINT)
	fmt.Println("waiting for it")
	<-asked
	os.Exit(status)
}

// ignoreTerm listens on $PORT and does not end on the signals that ask for it.
func ignoreTerm([]string) {
	signal.Ignore(syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT)
	listen(nil)
}

// escape listens on the port named in a session of its own, holding nothing of its parent, as a program does that
// makes itself a daemon: "escape marked PORT" with the environment that it was given, "escape blank PORT" with none. With PORT "nowhere" it ends itself and
// leaves a process that listens nowhere.
func escape(args []string) {
	self, err := os.Executable()
	if err != nil {
		die(err)
	}
	env := os.Environ()
	if args[0] == "blank" {
		env = []string{}
	}
	_, err = os.StartProcess(self, append([]string{"service", "escaped"}, args[1:]...), &os.ProcAttr{
		Env: env, Files: []*os.File{nil, nil, nil}, Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		die(err)
	}
	if args[1] == "nowhere" {
		return // an orphan is no descendant
	}
	block(nil)
}

func escaped(args []string) {
	if args[0] == "nowhere" {
		block(nil)
	}
	signal.Ignore(syscall.SIGTERM, syscall.SIGHUP)
	listen(args)
}

// waitForEOF stands for a shell: it says its PID and ends with its input.
func waitForEOF([]string) {
	fmt.Println(os.Getpid())
	_, _ = io.Copy(io.Discard, os.Stdin)
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

// replace prints its arguments one a line, bracketed, and ends in the way the first one says: "status N" or
// "signal N".
func replace(args []string) {
	for _, a := range args[2:] {
		fmt.Printf("[%s]\n", a)
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		die(err)
	}
	if strings.HasPrefix(args[0], "signal") {
		_ = syscall.Kill(os.Getpid(), syscall.Signal(n))
		block(nil)
	}
	os.Exit(n)
}
