package api

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/engine/enginetest"
	"github.com/locald/locald/internal/daemon/proc"
	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/wire"
)

// world is an API over an engine with fakes.
type world struct {
	*enginetest.World
	t   *testing.T
	api *API
}

func newWorld(t *testing.T, configure ...func(*engine.Deps)) *world {
	t.Helper()
	w := &world{World: enginetest.New(t, configure...), t: t}
	w.api = New(w.Engine, nil, "")
	return w
}

// inWorld runs a test in a bubble of time, in a world of its own.
func inWorld(t *testing.T, test func(*testing.T, *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newWorld(t)) })
}

// reborn is World.Reborn, with an API for the new engine.
func (w *world) reborn() {
	w.t.Helper()
	w.Reborn()
	w.api = New(w.Engine, nil, "")
}

func here(dir string, targets ...string) wire.Scope {
	return wire.Scope{Dir: bytestr.String(dir), Targets: targets}
}

func unheard(wire.OrderEvent) error { return nil }

// order gives an order and waits until nothing moves any more.
func (w *world) order(k kind, req wire.OrderRequest) (wire.OrderReply, error) {
	reply, err := w.api.order(k)(context.Background(), req, unheard)
	synctest.Wait()
	return reply, err
}

// must gives an order that is not refused.
func (w *world) must(k kind, dir string, targets ...string) wire.OrderReply {
	w.t.Helper()
	reply, err := w.order(k, wire.OrderRequest{Scope: here(dir, targets...), Wait: true})
	if err != nil {
		w.t.Fatalf("%s %v in %s: %v", k.verb(), targets, dir, err)
	}
	return reply
}

// enter says that a shell is in a project, as its hook does.
func (w *world) enter(shell procid.Identity, root string) wire.AtReply {
	w.t.Helper()
	reply, err := w.api.at(context.Background(), wire.AtRequest{
		PID: shell.PID, Start: shell.Start, Root: bytestr.String(root),
		Env: wire.Environ{"PATH=/bin"},
	})
	if err != nil {
		w.t.Fatalf("entering %s: %v", root, err)
	}
	synctest.Wait()
	return reply
}

// shown is the only project of a status.
func (w *world) shown(dir string) wire.Project {
	w.t.Helper()
	reply, err := w.api.status(context.Background(), here(dir))
	if err != nil || len(reply.Projects) != 1 {
		w.t.Fatalf("status of %s: %+v, %v", dir, reply, err)
	}
	return reply.Projects[0]
}

// states are those of the services of a project.
func (w *world) states(dir string) map[string]wire.State {
	w.t.Helper()
	out := make(map[string]wire.State)
	for _, v := range w.shown(dir).Services {
		out[v.Name] = v.State
	}
	return out
}

func (w *world) wantStates(dir string, want map[string]wire.State) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.states(dir)); diff != "" {
		w.t.Fatalf("states (-want +got):\n%s", diff)
	}
}

// outcomes of a reply, by "project/service".
func outcomes(reply wire.OrderReply) map[string]wire.Outcome {
	out := make(map[string]wire.Outcome)
	for _, r := range reply.Results {
		out[r.Project+"/"+r.Service.Name] = r.Outcome
	}
	return out
}

// codeOf is the code of an error of the wire, "" for none.
func codeOf(err error) wire.Code {
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return e.Code
	}
	return ""
}

// hintOf is what an error says to type next.
func hintOf(err error) string {
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return e.Hint
	}
	return ""
}

// failed is how a program ends that has failed.
var failed = proc.Exit{Code: 1}

// pass lets a minute go by, until nothing moves any more.
func pass() {
	time.Sleep(time.Minute)
	synctest.Wait()
}
