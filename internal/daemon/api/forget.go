package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/wire"
)

// forget drops projects with all that is kept of them: record, ports, decision, logs. It first says
// which, and does it when it is called again by somebody who is sure.
func (a *API) forget(ctx context.Context, req wire.ForgetRequest) (wire.ForgetReply, error) {
	reply := wire.ForgetReply{Projects: []wire.Forgotten{}}
	chosen, err := a.toForget(ctx, req)
	if err != nil {
		return reply, err
	}
	for _, p := range chosen {
		if used := inUse(p); len(used) > 0 {
			return reply, stillUp(p, used)
		}
		reply.Projects = append(
			reply.Projects,
			wire.Forgotten{Name: p.Name(), Root: bytestr.String(p.Root), Gone: gone(p)},
		)
	}
	if !req.Sure {
		return reply, nil
	}
	for _, p := range chosen {
		if err := notForgotten(p, p.Forget(ctx)); err != nil {
			return reply, err
		}
	}
	return reply, nil
}

// notForgotten explains a refusal: somebody started the project meanwhile. One that somebody else
// has forgotten is forgotten.
func notForgotten(p *engine.Project, err error) error {
	if used, ok := errors.AsType[*supervisor.InUseError](err); ok {
		return stillUp(p, used.Services)
	}
	if errors.Is(err, supervisor.ErrForgotten) {
		return nil
	}
	return err
}

func stillUp(p *engine.Project, up []string) error {
	return &wire.Error{
		Code: wire.CodeFailure,
		Msg:  fmt.Sprintf("cannot forget %s: still up: %s", p.Name(), plain.List(up)),
		Hint: fmt.Sprintf(
			"stop it first: locald down %s/%s", p.Name(), strings.Join(up, " "+p.Name()+"/"),
		),
	}
}

// inUse names the services for which a project is not forgotten: those that are up or on their way.
// What has failed or finished is at rest, wanted or not.
func inUse(p *engine.Project) (names []string) {
	for _, v := range p.Snapshot().Services {
		if v.Live != nil || finalOutcome(v) == "" {
			names = append(names, v.Name)
		}
	}
	return names
}

func gone(p *engine.Project) bool { return trustOf(p.Read()) == wire.TrustGone }

// toForget are the projects named, those that are gone, or the one around a directory.
func (a *API) toForget(
	ctx context.Context, req wire.ForgetRequest,
) (out []*engine.Project, err error) {
	switch {
	case req.Gone:
		for _, p := range a.e.All() {
			// What is gone here may be there for who has a run of it elsewhere.
			if len(inUse(p)) == 0 && len(p.Elsewhere()) == 0 && gone(p) {
				out = append(out, p)
			}
		}
		return out, nil
	case len(req.Names) == 0:
		p, err := a.around(ctx, string(req.Dir))
		return []*engine.Project{p}, err
	}
	if n := len(req.Names); n > maxTargets {
		return nil, wire.Usagef(
			"cannot take %d names of projects at once: at most %d", n, maxTargets,
		)
	}
	if err := nameable(req.Names); err != nil {
		return nil, err
	}
	for _, name := range req.Names {
		p, ok := a.e.Named(name)
		if !ok {
			return nil, noProject(a.e, name)
		}
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out, nil
}
