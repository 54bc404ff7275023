package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/ipc"
)

// opAttach joins a client to a service's terminal until the run ends or the
// client goes. The log goes on meanwhile, and others may be attached too: what
// they type is mixed, and the last size that one of them tells holds.
func (d *Daemon) opAttach(ctx context.Context, s *ipc.Session, q ipc.Request) error {
	var req ipc.Attach
	if err := q.Decode(&req); err != nil {
		return err
	}
	p, r, err := d.attachable(req)
	if err != nil {
		return err
	}
	screen := r.captures[0].Tap()
	defer screen.Close()
	if err := s.Event(ipc.AttachEvent{Project: p.name, Service: r.service.Name, Run: r.number}); err != nil {
		return err
	}
	if req.Size != nil {
		p.keys(r, ipc.Keys{Size: req.Size})
	}
	go func() { // ends with the session, whose input then does
		for raw := range s.Input() {
			var k ipc.Keys
			if json.Unmarshal(raw, &k) == nil {
				p.keys(r, k)
			}
		}
	}()
	for {
		shown, lost, err := screen.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			exit := r.process.Exit() // the terminal is closed once this is known
			return s.End(ipc.AttachReply{Exit: showExit(&supervisor.Exit{Code: exit.Code, Signal: exit.Signal})})
		case err != nil:
			return err
		}
		for len(shown) > 0 {
			part := shown[:min(len(shown), batchBytes)]
			shown = shown[len(part):]
			if err := s.Event(ipc.AttachEvent{Shown: bytestr.String(part), Lost: lost}); err != nil {
				return err
			}
			lost = 0
		}
	}
}

// attachable is the live run of the one service that is named.
func (d *Daemon) attachable(req ipc.Attach) (*resident, *run, error) {
	p, name, err := d.resolveTarget(string(req.Dir), req.Target)
	if err != nil {
		return nil, nil, err
	}
	shown, err := p.status([]string{name})
	if err != nil {
		return nil, nil, err
	}
	if several := shown.Services; len(several) > 1 {
		return nil, nil, &ipc.Error{
			Code: ipc.CodeUsage, Msg: fmt.Sprintf("cannot attach to %s: there are %d of it", name, len(several)),
			Hint: "name one: locald attach " + several[0].Name,
		}
	}
	name = shown.Services[0].Name
	p.mu.Lock()
	r := p.runs[name]
	p.mu.Unlock()
	switch {
	case r == nil:
		return nil, nil, &ipc.Error{Code: ipc.CodeNotReady, Msg: fmt.Sprintf("cannot attach to %s: it is not running", name), Hint: "start it: locald up " + name}
	case r.process.Terminal == "":
		return nil, nil, &ipc.Error{Code: ipc.CodeFailure, Msg: fmt.Sprintf("cannot attach to %s: it has no terminal (tty = false)", name), Hint: "see what it prints: locald logs -f " + name}
	}
	return p, r, nil
}

// keys passes on what a client typed, and how large its window is.
func (p *resident) keys(r *run, k ipc.Keys) {
	var err error
	if k.Size != nil {
		err = r.process.Resize(k.Size.Rows, k.Size.Cols)
	}
	if len(k.Typed) > 0 {
		err = errors.Join(err, r.process.Type([]byte(k.Typed)))
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, os.ErrClosed) {
		p.d.log.Error("cannot reach a terminal", "service", p.name+"/"+r.service.Name, "error", err)
	}
}
