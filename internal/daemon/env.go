package daemon

import (
	"context"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/project"
)

// opEnv computes what a service would get if it were started now from the
// caller's shell. It runs nothing, so nothing has to be allowed.
func (d *Daemon) opEnv(_ context.Context, s *ipc.Session, q ipc.Request) error {
	var req ipc.EnvOf
	if err := q.Decode(&req); err != nil {
		return err
	}
	scope := ipc.Scope{Dir: req.Dir}
	if req.Target != "" {
		scope.Targets = []string{req.Target}
	}
	chosen, err := d.resolve(scope)
	if err != nil {
		return err
	}
	c := chosen[0]
	service := ""
	if len(c.names) > 0 {
		service = c.names[0]
	}
	reply, err := c.project.env(service, bytestr.Strings(req.Env))
	if err != nil {
		return err
	}
	return s.OK(reply)
}

func (p *resident) env(service string, base []string) (ipc.EnvReply, error) {
	reply := ipc.EnvReply{Project: p.name, Service: service, Root: bytestr.String(p.root), Vars: []ipc.Var{}}
	c := p.read()
	if c.files == nil {
		return reply, p.refuse("read the environment of", c.problem)
	}
	spec, err := p.parse(c.files)
	if err != nil {
		return reply, p.refuse("read the environment of", err)
	}
	if service != "" {
		found, err := p.expand([]string{service}, spec.Names())
		if err != nil {
			return reply, err
		}
		service = found[0]
		reply.Service = service
	}
	leases, err := p.lease(spec)
	if err != nil {
		return reply, err
	}
	base, _ = splitUmask(base)
	env := spec.Environ(base, project.Injection{Project: p.name, Service: service, Ports: leases})
	for _, v := range env.Vars {
		reply.Vars = append(reply.Vars, ipc.Var{Name: v.Name, Value: bytestr.String(v.Value), Source: v.Source, Overrode: v.Overrode})
	}
	reply.Warnings = append(warnings(spec.Warnings), warnings(env.Warnings)...)
	return reply, nil
}
