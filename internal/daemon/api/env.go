package api

import (
	"context"
	"fmt"
	"strings"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/trust"
	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/project"
	"github.com/locald/locald/internal/wire"
)

// env computes what a service would get if it were started now from the caller's shell. It runs
// nothing, so nothing has to be allowed, and changes nothing unless the ports are to be leased.
func (a *API) env(ctx context.Context, req wire.EnvRequest) (wire.EnvReply, error) {
	shell, err := environ(req.Env)
	if err != nil {
		return wire.EnvReply{}, err
	}
	scope := wire.Scope{Dir: req.Dir}
	if req.Target != "" {
		scope.Targets = []string{req.Target}
	}
	chosen, err := a.resolve(ctx, scope)
	if err != nil {
		return wire.EnvReply{}, err
	}
	service := ""
	if c := chosen[0]; len(c.names) > 0 {
		service = c.names[0]
	}
	base, _ := engine.SplitUmask(shell)
	return environment(chosen[0].project, service, base, req.Lease)
}

// maxVariables is how many variables an environment may have: several times what the largest ones
// in use have. Each is sorted, compared and passed on for every service.
const maxVariables = 3000

// maxEntry is how many bytes NAME=value may have: what Linux lets a program have in one string, see
// execve(2). A longer one could reach no service, and its expansion would only cost time.
const maxEntry = 128<<10 - 1

// environ is the environment of the shell that asks.
func environ(env wire.Environ) ([]string, error) {
	if n := len(env); n > maxVariables {
		return nil, wire.Usagef(
			"cannot use an environment of %d variables: at most %d", n, maxVariables,
		)
	}
	entries := bytestr.Strings(env)
	for _, entry := range entries {
		if name, _, _ := strings.Cut(entry, "="); len(entry) > maxEntry {
			return nil, wire.Usagef(
				"cannot use an environment whose %s has %d bytes: at most %d",
				plain.Word(name), len(entry), maxEntry,
			)
		}
	}
	return entries, nil
}

func environment(
	p *engine.Project, service string, base []string, lease bool,
) (wire.EnvReply, error) {
	reply := wire.EnvReply{
		Project: p.Name(), Service: service, Root: bytestr.String(p.Root), Vars: []wire.Var{},
	}
	content, spec, err := p.ReadSpec()
	switch {
	case err != nil:
		return reply, refuse(p, "read the environment of", err)
	case lease && content.Decision == trust.Denied: // to look at it runs nothing
		return reply, &wire.Error{
			Code: wire.CodeNotAllowed, Hint: "to lift that: locald allow",
			Msg: fmt.Sprintf(
				"cannot run anything with the environment of %s: it is denied", p.Name(),
			),
		}
	}
	if service != "" {
		found, err := expand(p, []string{service}, spec.Names())
		if err != nil {
			return reply, err
		}
		reply.Service = found[0]
	}
	leases := p.Runs.PreviewPorts(spec)
	if lease {
		if leases, err = p.Runs.Lease(spec); err != nil {
			return reply, err
		}
		p.Actor.Rewrite() // so that they stay the same
	}
	env, err := spec.Environ(
		base, project.Injection{Project: p.Name(), Service: reply.Service, Ports: leases},
	)
	if err != nil {
		return reply, refuse(p, "read the environment of", err)
	}
	for _, v := range env.Vars {
		reply.Vars = append(reply.Vars, wire.Var{
			Name: v.Name, Value: bytestr.String(v.Value), Source: v.Source, Overrode: v.Overrode,
		})
	}
	reply.Warnings = append(warnings(spec.Warnings), warnings(env.Warnings)...)
	if service != "" && leases[reply.Service] == 0 {
		reply.Warnings = append(
			reply.Warnings, reply.Service+" has no PORT yet: it gets one when it is first started",
		)
	}
	return reply, nil
}
