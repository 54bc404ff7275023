// Package api answers the requests of clients: one file for each operation, over the projects of
// package engine. It reads what is asked for, checks all of it, carries it out and says what came
// of it, in the types of package wire. It keeps nothing between two requests.
//
// Goroutines, all of which end with their request: for an order, a wait or a watch one per project
// that is looked at; for a wait one per log that is searched; for an attachment one that takes what
// is typed.
package api

import (
	"context"
	"errors"
	"fmt"

	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/wire"
)

// Daemon is the process that the API is part of.
type Daemon interface {
	// Describe fills in what the process knows of itself.
	Describe() wire.DaemonReply
	// Stop asks it to end. keep leaves what is up wanted, for the next daemon to start again.
	Stop(keep bool)
}

// API answers for one daemon.
type API struct {
	e      *engine.Engine
	daemon Daemon
	// configTrouble is why the user's configuration does not hold, "" where it does.
	configTrouble string
}

// New answers for the projects of e.
func New(e *engine.Engine, d Daemon, configTrouble string) *API {
	return &API{e, d, configTrouble}
}

// Handlers are those of all operations.
func (a *API) Handlers() []ipc.Handler {
	stop := ipc.Answer(wire.StopDaemon, a.stop)
	stop.Holds = true // its close is the proof that the process has ended
	return []ipc.Handler{
		ipc.Answer(wire.At, a.at), ipc.Answer(wire.Allow, a.allow), ipc.Answer(wire.Deny, a.deny),
		ipc.Stream(wire.Up, a.order(up)), ipc.Stream(wire.Down, a.order(down)),
		ipc.Stream(wire.Restart, a.order(restart)), staying(ipc.Stream(wire.Wait, a.wait)),
		statusHandler(a), staying(ipc.Stream(wire.Watch, a.watch)),
		staying(ipc.Stream(wire.Logs, a.logs)), staying(ipc.Converse(wire.Attach, a.attach)),
		ipc.Answer(wire.Env, a.env), ipc.Answer(wire.Check, a.check),
		ipc.Answer(wire.Spec, a.spec), ipc.Answer(wire.Forget, a.forget),
		ipc.Answer(wire.DaemonStatus, a.daemonStatus), stop,
	}
}

func statusHandler(a *API) ipc.Handler {
	return ipc.Either(
		wire.Status, func(q wire.StatusRequest) bool { return q.Stream },
		func(
			ctx context.Context, q wire.StatusRequest, emit func(wire.StatusEvent) error,
		) (wire.StatusReply, error) {
			return answerStatus(ctx, a, q, emit)
		},
	)
}

// staying marks what goes on until its client has had enough of it.
func staying(h ipc.Handler) ipc.Handler {
	h.Stays = true
	return h
}

// ErrStopping says that the daemon is on its way out.
var ErrStopping = supervisor.ErrClosing

// Explain gives an error the words of the operation that it ended.
func Explain(op string, err error) error {
	if errors.Is(err, ErrStopping) {
		return &wire.Error{
			Code: wire.CodeShuttingDown,
			Msg:  fmt.Sprintf("cannot %s: the daemon is stopping", verb(op)),
			Hint: "try again in a moment, when the next one has been started",
		}
	}
	return err
}

// configWarnings is what of the user's configuration does not hold.
func configWarnings(e *engine.Engine, trouble string) []string {
	if trouble != "" {
		return []string{trouble}
	}
	return e.BadPrefixes()
}

// verb is what an operation does, for a sentence.
func verb(op string) string {
	switch op {
	case wire.Up.Name():
		return "start"
	case wire.Down.Name():
		return "stop"
	case wire.At.Name():
		return "register the shell"
	case wire.Wait.Name():
		return "wait"
	case wire.StopDaemon.Name():
		return "stop the daemon"
	case wire.Status.Name(), wire.Watch.Name(), wire.Spec.Name():
		return "look at the project"
	case wire.Logs.Name():
		return "read the logs"
	case wire.Env.Name():
		return "read the environment"
	}
	return op
}
