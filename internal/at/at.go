// Package at is the hook's client: it tells the daemon where a shell is, within what a prompt can
// wait. It links nothing that it does not use. It starts no goroutine.
package at

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
	"github.com/locald/locald/internal/client"
	"github.com/locald/locald/internal/detach"
	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/wire"
)

const (
	// budget is what of the hook's 50 ms is left to this process: starting it costs a few.
	budget = 45 * time.Millisecond
	// stallPause is how long hooks leave a daemon alone that did not answer.
	stallPause = 10 * time.Second
	// undelivered is the exit status that tells the hook to try again at the next prompt
	// (EX_TEMPFAIL of sysexits.h). Any other but 0 tells it to try again when the directory changes
	// next.
	undelivered = 75
)

// caller is one call of the hook: "at PID ROOT" says that the shell PID is now in ROOT, or in no
// project where ROOT is empty.
type caller struct {
	paths    paths.Paths
	args     []string
	request  wire.AtRequest
	deadline time.Time
	out      io.Writer // the prompt
}

// Run prints at most what a person at the prompt must know, and returns the exit status. "at
// --detached PID ROOT" is the same without the haste: it starts the daemon first, and tells
// descriptor 3 instead of out.
func Run(args []string, out io.Writer) int {
	c := caller{deadline: time.Now().Add(patience()), out: out}
	detached := len(args) > 0 && args[0] == "--detached"
	if detached {
		args = args[1:]
	}
	if len(args) != 2 {
		return c.fail(wire.Usagef("cannot register the shell: want: locald at PID ROOT"))
	}
	pid, err := strconv.Atoi(args[0])
	if err != nil {
		return c.fail(wire.Usagef("cannot register the shell: %q is not a PID", args[0]))
	}
	if c.paths, err = paths.Discover(); err != nil {
		return undelivered
	}
	start, err := procid.StartTime(pid)
	if err != nil {
		return 0 // the shell has gone; the daemon knows by itself
	}
	c.args, c.request = args, wire.AtRequest{
		PID: pid, Start: start, Root: bytestr.String(args[1]), Namespace: procid.Namespace(),
	}
	if c.request.Root != "" { // nobody starts anything on the way out
		c.request.Env = client.Environment()
	}
	if detached {
		return c.detached()
	}
	return c.atPrompt()
}

// patience is budget, but for tests that are about what is said and not about when: on a machine
// that also compiles, 45 ms are over soon.
func patience() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("LOCALD_DEBUG_AT_BUDGET")); err == nil {
		return d
	}
	return budget
}

// fail says what is wrong. It is said once, as the next prompt would hear the same.
func (c *caller) fail(err error) int {
	e := client.Explain(err)
	fmt.Fprintf(c.out, "locald: %s\n", e.Msg)
	if e.Hint != "" {
		fmt.Fprintf(c.out, "  %s\n", e.Hint)
	}
	return e.Code.ExitStatus()
}

func (c *caller) atPrompt() int {
	info, err := os.Stat(c.paths.Stalled())
	if err == nil && time.Since(info.ModTime()) < stallPause {
		return undelivered
	}
	ctx, cancel := context.WithDeadline(context.Background(), c.deadline)
	defer cancel()
	reply, err := c.tell(ctx)
	switch {
	case err == nil:
		for _, line := range reply.Say {
			fmt.Fprintln(c.out, line)
		}
		return 0
	case errors.Is(err, client.ErrAbsent) && c.request.Root == "":
		return 0
	case errors.Is(err, client.ErrAbsent):
		return c.leaveToAnother()
	case errors.Is(err, client.ErrSilent), busy(err):
		// A stamp that cannot be written costs the next prompt its 50 ms.
		_ = os.WriteFile(c.paths.Stalled(), nil, 0o600)
		fmt.Fprintln(c.out,
			"locald: the daemon does not answer; trying again later · locald daemon status")
		return undelivered
	}
	return c.fail(err)
}

// busy says that the daemon has no room for one more client: it will have, and must not be asked at
// every prompt until then.
func busy(err error) bool {
	e, ok := errors.AsType[*wire.Error](err)
	return ok && e.Code == wire.CodeBusy
}

// tell makes the call. A daemon that is stopping is as good as none: another one has to be started.
func (c *caller) tell(ctx context.Context) (wire.AtReply, error) {
	conn, err := client.Dial(ctx, c.paths)
	if err != nil {
		return wire.AtReply{}, err
	}
	defer conn.Close()
	if conn.Daemon.Stopping {
		return wire.AtReply{}, client.ErrAbsent
	}
	return client.Call(conn, wire.At, c.request)
}

// leaveToAnother leaves the start of the daemon to a process of its own and waits for what that has
// to say only as long as the prompt can.
func (c *caller) leaveToAnother() int {
	say, child, err := os.Pipe()
	if err != nil {
		return undelivered
	}
	defer say.Close()
	err = detach.Start(detach.Command{
		Args: append([]string{"at", "--detached"}, c.args...), Env: os.Environ(), Extra: child,
	})
	child.Close()
	if err != nil {
		return undelivered
	}
	_ = say.SetReadDeadline(c.deadline)
	text, err := io.ReadAll(say)
	if err != nil {
		text = []byte("locald: starting the daemon · locald status\n")
	}
	_, _ = c.out.Write(text)
	return 0
}

func (c *caller) detached() int {
	say := os.NewFile(3, "say")
	syscall.CloseOnExec(3) // or the daemon would keep the prompt waiting
	var reply wire.AtReply
	conn, err := client.Connect(context.Background(), c.paths)
	if err == nil {
		defer conn.Close()
		reply, err = client.Call(conn, wire.At, c.request)
	}
	if err != nil {
		reply.Say = []string{"locald: " + client.Explain(err).Msg}
	}
	for _, line := range reply.Say {
		fmt.Fprintln(say, line) // the prompt may have stopped listening
	}
	return 0
}
