package misbehave

import (
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"
)

// escape starts a descendant that gets away, and lives on: "escape [blank] [stubborn] [terminal]
// [port N]".
func escape(args []string) {
	start(descending(args))
	block(nil)
}

// leave is escape, but ends once the descendant has got away.
func leave(args []string) {
	cmd := descending(args)
	start(cmd)
	_ = cmd.Wait() // it has forked by then, and says nothing
}

// descending is a process in a session of its own. It keeps the environment but where it is to be
// blank, and its standard streams only where it is to have the terminal.
func descending(args []string) *exec.Cmd {
	cmd := self(append([]string{"descendant"}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if slices.Contains(args, "blank") {
		cmd.Env = []string{"PORT=" + os.Getenv("PORT")}
	}
	if slices.Contains(args, "terminal") {
		inheriting(cmd)
	}
	return cmd
}

// descendant is what escaped: it forks once more, so that nobody is its parent.
func descendant(args []string) {
	if !slices.Contains(args, "again") {
		start(descending(append(args, "again")))
		return
	}
	if slices.Contains(args, "stubborn") {
		signal.Ignore(syscall.SIGTERM, syscall.SIGHUP)
	}
	if i := slices.Index(args, "port"); i >= 0 {
		listen([]string{args[i+1]})
	}
	block(nil)
}

// group has a stubborn child in a process group of its own.
func group([]string) {
	cmd := self("stubborn")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	start(cmd)
	block(nil)
}

// spawner has a child, and another one for each that is killed.
func spawner([]string) {
	signal.Ignore(syscall.SIGTERM)
	say("up")
	for {
		cmd := self("block")
		start(cmd)
		_ = cmd.Wait() // it was killed: that is when the next one comes
	}
}

// storm has N children, each of which has one too: "storm N".
func storm(args []string) {
	for range number(args) {
		start(inheriting(self("escape", "terminal")))
	}
	block(nil)
}

// orphans leaves N processes behind that end at once, and says when it has: "orphans N".
func orphans(args []string) {
	for range number(args) {
		if err := exec.Command("/bin/sh", "-c", "true & exit 0").Run(); err != nil {
			fail(err)
		}
	}
	say("up")
	block(nil)
}
