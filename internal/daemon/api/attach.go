package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/wire"
)

// attach joins a client to a service's terminal until the run ends or the client goes. The log goes
// on meanwhile, and others may be attached too: what they type is mixed, and the last size that one
// of them tells holds.
func (a *API) attach(
	ctx context.Context, req wire.AttachRequest, typed func() (wire.Keys, bool),
	emit func(wire.AttachEvent) error,
) (wire.AttachReply, error) {
	var reply wire.AttachReply
	p, r, err := a.attachable(ctx, req)
	if err != nil {
		return reply, err
	}
	screen := r.Tap()
	defer screen.Close()
	first := wire.AttachEvent{Project: p.Name(), Service: r.Service.Name, Run: r.Number}
	if err := emit(first); err != nil {
		return reply, err
	}
	if req.Size != nil {
		passKeys(a.e.Log, p, r, wire.Keys{Size: req.Size})
	}
	go func() { // ends with the session, whose input then does
		for k, ok := typed(); ok; k, ok = typed() {
			passKeys(a.e.Log, p, r, k)
		}
	}()
	for {
		shown, lost, err := screen.Next(ctx)
		switch {
		case errors.Is(err, io.EOF): // how it ended is known before its terminal is closed
			exit := r.Exit()
			reply.Exit = exitOf(&exit)
			return reply, nil
		case err != nil:
			return reply, err
		}
		if err := emitShown(emit, shown, lost); err != nil {
			return reply, err
		}
	}
}

func emitShown(emit func(wire.AttachEvent) error, shown []byte, lost int) error {
	for len(shown) > 0 {
		part := shown[:min(len(shown), batchBytes)]
		shown = shown[len(part):]
		if err := emit(wire.AttachEvent{Shown: bytestr.String(part), Lost: lost}); err != nil {
			return err
		}
		lost = 0
	}
	return nil
}

// attachable is the live run of the one service that is named.
func (a *API) attachable(
	ctx context.Context, req wire.AttachRequest,
) (*engine.Project, *engine.Run, error) {
	chosen, err := a.resolve(ctx, wire.Scope{Dir: req.Dir, Targets: []string{req.Target}})
	if err != nil {
		return nil, nil, err
	}
	p := chosen[0].project
	shown, err := show(p, chosen[0].names)
	if err != nil {
		return nil, nil, err
	}
	name := shown.Services[0].Name
	if several := shown.Services; len(several) > 1 {
		return nil, nil, &wire.Error{
			Code: wire.CodeUsage, Hint: "name one: locald attach " + name,
			Msg: fmt.Sprintf(
				"cannot attach to %s: it has %d instances", chosen[0].names[0], len(several),
			),
		}
	}
	r := p.Runs.Of(name)
	switch {
	case r == nil:
		return nil, nil, &wire.Error{
			Code: wire.CodeNotReady,
			Msg:  fmt.Sprintf("cannot attach to %s: it is not running", name),
			Hint: "start it: locald up " + name,
		}
	case !r.HasTerminal():
		return nil, nil, &wire.Error{
			Code: wire.CodeFailure,
			Msg:  fmt.Sprintf("cannot attach to %s: it has no terminal (tty = false)", name),
			Hint: "see what it prints: locald logs -f " + name,
		}
	}
	return p, r, nil
}

// passKeys passes on what a client typed, and how large its window is.
func passKeys(log *slog.Logger, p *engine.Project, r *engine.Run, k wire.Keys) {
	var err error
	if k.Size != nil {
		err = r.Resize(k.Size.Rows, k.Size.Cols)
	}
	if len(k.Typed) > 0 {
		err = errors.Join(err, r.Type([]byte(k.Typed)))
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, os.ErrClosed) {
		log.Error("cannot reach a terminal", "service", p.Name()+"/"+r.Service.Name, "error", err)
	}
}
