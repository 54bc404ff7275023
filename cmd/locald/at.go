package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/procid"
)

const (
	// atBudget is what of the hook's 50 ms is left to this process: starting
	// it costs a few.
	atBudget = 45 * time.Millisecond
	// stallPause is how long hooks leave a daemon alone that did not answer.
	stallPause = 10 * time.Second
	// undelivered is the exit status that tells the hook to try again at the next
	// prompt (EX_TEMPFAIL of sysexits.h). Any other but 0 tells it to try again
	// when the directory changes next.
	undelivered = 75
)

// at is the hook's call: "at PID ROOT" says that the shell PID is now in ROOT,
// or in no project where ROOT is empty. It prints at most what a person at the
// prompt must know. "at --detached PID ROOT" is the same without the haste: it
// starts the daemon first, and tells descriptor 3 instead of stderr.
func (a *app) at(args []string) int {
	deadline := time.Now().Add(budget())
	detached := len(args) > 0 && args[0] == "--detached"
	if detached {
		args = args[1:]
	}
	if len(args) != 2 {
		return a.fail(usage("cannot register the shell: want: locald at PID ROOT"))
	}
	pid, err := strconv.Atoi(args[0])
	if err != nil {
		return a.fail(usage("cannot register the shell: %q is no PID", args[0]))
	}
	p, err := paths.Discover()
	if err != nil {
		return undelivered
	}
	start, err := procid.StartTime(pid)
	if err != nil {
		return 0 // the shell has gone; the daemon knows by itself
	}
	call := ipc.At{PID: pid, Start: start, Root: bytestr.String(args[1])}
	if call.Root != "" { // nobody starts anything on the way out
		call.Env = a.environment()
	}
	if detached {
		return a.atDetached(p, call)
	}
	return a.atPrompt(p, call, args, deadline)
}

// budget is atBudget, but for tests that are about what is said and not about
// when: on a machine that also compiles, 45 ms are over soon.
func budget() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("LOCALD_DEBUG_AT_BUDGET")); err == nil {
		return d
	}
	return atBudget
}

func (a *app) atPrompt(p paths.Paths, call ipc.At, args []string, deadline time.Time) int {
	if info, err := os.Stat(p.Stalled()); err == nil && time.Since(info.ModTime()) < stallPause {
		return undelivered
	}
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	var reply ipc.AtReply
	c, err := ipc.Dial(ctx, p)
	if err == nil {
		defer c.Close()
		err = c.Call(ipc.OpAt, call, &reply)
	}
	switch {
	case err == nil:
		for _, line := range reply.Say {
			fmt.Fprintln(a.err, line)
		}
		return 0
	case errors.Is(err, ipc.ErrAbsent) && call.Root == "":
		return 0
	case errors.Is(err, ipc.ErrAbsent):
		return a.atAbsent(args, deadline)
	case errors.Is(err, ipc.ErrSilent):
		// A stamp that cannot be written costs the next prompt its 50 ms.
		_ = os.WriteFile(p.Stalled(), nil, 0o600)
		fmt.Fprintln(a.err, "locald: the daemon does not answer; trying again later · locald daemon status")
		return undelivered
	}
	return a.fail(err) // said once: the next prompt would be told the same
}

// atAbsent leaves the start of the daemon to a process of its own and waits
// for what it has to say only as long as the prompt can.
func (a *app) atAbsent(args []string, deadline time.Time) int {
	say, child, err := os.Pipe()
	if err != nil {
		return undelivered
	}
	defer say.Close()
	err = detach(append([]string{"locald", "at", "--detached"}, args...), child)
	child.Close()
	if err != nil {
		return undelivered
	}
	_ = say.SetReadDeadline(deadline)
	text, err := io.ReadAll(say)
	if err != nil {
		text = []byte("locald: starting the daemon · locald status\n")
	}
	_, _ = a.err.Write(text)
	return 0
}

func detach(argv []string, say *os.File) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	ipc.SealDescriptors()
	process, err := os.StartProcess(exe, argv, &os.ProcAttr{
		Dir: "/", Env: os.Environ(), Files: []*os.File{null, null, null, say},
		Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return err
	}
	return process.Release()
}

func (a *app) atDetached(p paths.Paths, call ipc.At) int {
	say := os.NewFile(3, "say")
	syscall.CloseOnExec(3) // or the daemon would keep the prompt waiting
	var reply ipc.AtReply
	c, err := ipc.Connect(context.Background(), p)
	if err == nil {
		defer c.Close()
		err = c.Call(ipc.OpAt, call, &reply)
	}
	if err != nil {
		reply.Say = []string{"locald: " + explain(err).Msg}
	}
	for _, line := range reply.Say {
		fmt.Fprintln(say, line) // the prompt may have stopped listening
	}
	return 0
}
