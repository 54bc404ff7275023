package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/locald/locald/internal/client"
	"github.com/locald/locald/internal/term"
	"github.com/locald/locald/internal/wire"
)

// foreground is foreman's habit: it starts services, follows what they print,
// and takes them down when it is told to end or when one of them has failed.
//
// Two goroutines: one follows the logs, one waits for the services to end.
func foreground(a *app, order wire.OrderRequest) error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	// Who reads the logs may go; to die of it would leave the services up.
	signal.Ignore(syscall.SIGPIPE)
	began := time.Now().Truncate(time.Millisecond) // as stamps are
	order.Wait = false
	reply, err := callQuietly(a, wire.Up, order)
	if err != nil {
		return err
	}
	for _, w := range reply.Warnings {
		fmt.Fprintf(a.err, "locald: %s\n", w)
	}
	shown := make(chan error, 1)
	go func() {
		shown <- showLogs(a, wire.LogsRequest{
			Scope: order.Scope, Tail: -1, Since: began, Follow: true, WhileUp: true,
		}, term.NewLogs(a.out))
	}()
	ended := make(chan outcome, 1)
	waiting, stopWaiting := context.WithCancel(context.Background())
	defer stopWaiting()
	go func() { ended <- awaitEnd(a, waiting, order.Scope) }()
	var end outcome
	select {
	case end = <-ended:
	case err := <-shown:
		switch {
		case err == errAbandoned:
			return takeDown(a, order.Scope, signals)
		case err != nil:
			return errors.Join(err, takeDown(a, order.Scope, signals))
		}
		shown <- nil // all have ended, and the other goroutine says so
		end = <-ended
	case <-signals:
		fmt.Fprintln(a.err, "locald: stopping; Ctrl-C again kills")
	}
	if err := takeDown(a, order.Scope, signals); err != nil {
		return err
	}
	if err := <-shown; err != nil && err != errAbandoned {
		return err
	}
	return end.status(a)
}

// takeDown stops what was started. One more signal gives no more grace.
func takeDown(a *app, scope wire.Scope, signals <-chan os.Signal) error {
	done := make(chan error, 1)
	down := func(hurry bool) {
		_, err := callQuietly(a, wire.Down,
			wire.OrderRequest{Scope: scope, Wait: true, Hurry: hurry})
		done <- err
	}
	go down(false)
	for pending := 1; ; {
		select {
		case err := <-done:
			if pending--; err != nil || pending == 0 {
				return err
			}
		case <-signals:
			pending++
			go down(true)
		}
	}
}

// outcome is how the services ended by themselves; the zero value if somebody stopped them.
type outcome struct {
	reply wire.OrderReply
	err   error
}

func awaitEnd(a *app, ctx context.Context, scope wire.Scope) outcome {
	var o outcome
	c, err := a.connect()
	if err != nil {
		return outcome{err: err}
	}
	stop := context.AfterFunc(ctx, c.Close)
	defer stop()
	defer c.Close()
	o.reply, o.err = client.Stream(c, wire.Wait, wire.WaitRequest{Scope: scope, For: wire.WaitExit},
		ignore)
	return o
}

// status is the exit status of the first service that failed, as a shell gives it. A service that
// has none (a signal, a taken port) leaves that of the failure.
func (o outcome) status(a *app) error {
	if o.err != nil {
		return o.err
	}
	for _, r := range o.reply.Results {
		if r.Outcome != wire.OutcomeFailed {
			continue
		}
		fmt.Fprintf(a.err, "locald: %s failed: %s\n", r.Service.Name, r.Service.Note)
		if e := r.Service.Exit; e != nil && e.Code != nil && *e.Code != 0 {
			return exitStatus(*e.Code)
		}
		return exitStatus(o.reply.Code.ExitStatus())
	}
	return nil
}

// callQuietly makes a request whose progress is of no interest.
func callQuietly(a *app, op orderOp, req wire.OrderRequest) (wire.OrderReply, error) {
	c, err := a.connect()
	if err != nil {
		return wire.OrderReply{}, err
	}
	defer c.Close()
	return client.Stream(c, op, req, ignore)
}

func ignore(wire.OrderEvent) error { return nil }
