// Package misbehave is a service that does what services do to those who supervise them: "misbehave
// ROLE ARGS…". A role is one way in which a process serves, prints, gets away, will not die, or
// dies too soon.
//
// A role that listens starts a goroutine for each listener and one for each connection; they end
// with the program.
package misbehave

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

var roles = map[string]func(args []string){
	// Serving.
	"listen":    listen,
	"share":     share,
	"exclusive": exclusive,
	"report":    report,
	// Printing.
	"print":    printLines,
	"count":    countLines,
	"flood":    flood,
	"stamps":   stamps,
	"printenv": printEnvironment,
	// What it was given.
	"inherited": inherited,
	"signals":   signals,
	"nostdio":   noStdio,
	// Ending, or not.
	"block":   block,
	"wait":    waitForEOF,
	"exec":    replace,
	"exitson": exitsOn,
	"flap":    flap,
	"keep":    keep,
	// Getting away.
	"escape":     escape,
	"leave":      leave,
	"descendant": descendant,
	"group":      group,
	"spawner":    spawner,
	"storm":      storm,
	"orphans":    orphans,
}

func init() { roles["stubborn"] = stubborn } // which plays another one

// Main plays the role that the first argument names, with the others for its arguments, and ends
// the program. It does so as the system can: what the runtime does at an end would be a word about
// coverage in a service's log, where the environment does not say what to do with it, or a second's
// sleep for the race detector.
func Main(args []string) {
	if len(args) == 0 || roles[args[0]] == nil {
		fmt.Fprintf(os.Stderr, "misbehave: no such role: %q\n", args)
		syscall.Exit(2)
	}
	roles[args[0]](args[1:])
	syscall.Exit(0)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "misbehave:", err)
	syscall.Exit(1)
}

// say prints a word with the PID, so that who waits for it knows of whom.
func say(word string) { fmt.Println(word, os.Getpid()) }

// self prepares another process of this program.
func self(args ...string) *exec.Cmd {
	exe, err := os.Executable()
	if err != nil {
		fail(err)
	}
	return exec.Command(exe, args...)
}

func start(cmd *exec.Cmd) {
	if err := cmd.Start(); err != nil {
		fail(err)
	}
}

// inheriting gives a process the standard streams of this one.
func inheriting(cmd *exec.Cmd) *exec.Cmd {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd
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

// block waits for a signal that nobody sends; with a bare select the runtime would call it a
// deadlock.
func block([]string) {
	never := make(chan os.Signal, 1)
	signal.Notify(never, syscall.SIGUSR2)
	for range never {
	}
}

// stubborn ignores whatever asks it to end, and plays another role: "stubborn [ROLE ARGS…]".
func stubborn(args []string) {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT)
	if len(args) == 0 {
		block(nil)
	}
	Main(args)
}

// exitsOn ends with a status on SIGINT alone: "exitson INT STATUS".
func exitsOn(args []string) {
	signal.Ignore(syscall.SIGTERM)
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGINT)
	fmt.Println("waiting for it")
	<-asked
	syscall.Exit(number(args[1:]))
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
	syscall.Exit(3)
}

// keep ends while a child in its session holds its terminal: "keep STATUS".
func keep(args []string) {
	start(inheriting(self("stubborn")))
	syscall.Exit(number(args))
}
