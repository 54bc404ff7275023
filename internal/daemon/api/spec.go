package api

import (
	"context"
	"fmt"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/project"
	"github.com/locald/locald/internal/wire"
)

// spec describes a project as its files do, without any value of a variable. It changes nothing.
func (a *API) spec(ctx context.Context, req wire.SpecRequest) (wire.SpecReply, error) {
	p, err := a.around(ctx, string(req.Dir))
	if err != nil {
		return wire.SpecReply{}, err
	}
	c, spec, err := p.ReadSpec()
	if err != nil {
		return wire.SpecReply{}, refuse(p, "describe", err)
	}
	base, _ := engine.SplitUmask(bytestr.Strings(req.Env))
	injection := project.Injection{Project: p.Name(), Ports: p.Runs.PreviewPorts(spec)}
	reply := wire.SpecReply{
		Project: p.Name(), Root: bytestr.String(p.Root), File: spec.Procfile, Trust: trustOf(c),
		Services: []wire.SpecService{}, Warnings: warnings(spec.Warnings),
	}
	for i, s := range spec.Services {
		shown, err := specService(spec, s, base, injection)
		if err != nil {
			return wire.SpecReply{}, refuse(p, "describe", err)
		}
		if i == 0 && len(spec.Services)*len(shown.Variables)*aVariable > ipc.MaxFrame {
			return wire.SpecReply{}, tooMuchToDescribe(p, len(spec.Services), len(shown.Variables))
		}
		reply.Services = append(reply.Services, shown)
	}
	return reply, nil
}

// aVariable is how many bytes of an answer the shortest variable takes.
const aVariable = len(`{"name":"A","source":".env:1"},`)

// tooMuchToDescribe is known after the first service: to find it out when all are encoded would
// take seconds.
func tooMuchToDescribe(p *engine.Project, services, variables int) error {
	return &wire.Error{
		Code: wire.CodeFailure, Hint: "ask with fewer variables in env",
		Msg: fmt.Sprintf("cannot describe %s: %d services with %d variables each are too much "+
			"for one answer", p.Name(), services, variables),
	}
}

func specService(
	spec *project.Spec, s project.Service, base []string, in project.Injection,
) (wire.SpecService, error) {
	settings := spec.Settings(s.Name)
	out := wire.SpecService{
		Name: s.Name, Of: s.Of, Number: s.Number, Line: s.Line, Command: s.Command,
		Port: in.Ports[s.Name], Idle: s.Idle, DependsOn: spec.Requires(s.Name),
		Restart: settings.Restart, Ready: settings.Ready,
		TTY: settings.TTY, StopSignal: supervisor.SignalName(settings.StopSignal),
		StopTimeoutMS: settings.StopTimeout.Milliseconds(), Variables: []wire.SpecVar{},
	}
	in.Service = s.Name
	env, err := spec.Environ(base, in)
	for _, v := range env.Vars {
		out.Variables = append(out.Variables, wire.SpecVar{
			Name: v.Name, Source: v.Source, Overrode: v.Overrode,
		})
	}
	return out, err
}
