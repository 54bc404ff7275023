package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/daemon/trust"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/project"
)

// opAllow shows what would be allowed, or allows exactly what was shown: the
// second call names the digest, so that an edit in between is not approved
// unseen.
func (d *Daemon) opAllow(ctx context.Context, s *ipc.Session, q ipc.Request) error {
	var req ipc.Allow
	if err := q.Decode(&req); err != nil {
		return err
	}
	p, err := d.here(string(req.Dir))
	if err != nil {
		return err
	}
	c := p.read()
	if c.problem != nil && c.files == nil {
		return p.refuse("allow", c.problem)
	}
	spec, err := p.parse(c.files)
	if err != nil {
		return p.refuse("allow", err)
	}
	reply := p.describe(c, spec)
	if req.Digest == "" {
		return s.OK(reply)
	}
	if req.Digest != c.digest {
		return &ipc.Error{Code: ipc.CodeNotAllowed, Msg: fmt.Sprintf("cannot allow %s: its files changed while you were reading", p.name), Hint: "look again: locald allow"}
	}
	if reply.Started, err = p.allow(ctx, c, spec, bytestr.Strings(req.Env)); err != nil {
		return err
	}
	return s.OK(reply)
}

// allow records the approval and, where somebody is in the project, starts it:
// entering it is what they did before.
func (p *resident) allow(ctx context.Context, c content, spec *project.Spec, env []string) ([]string, error) {
	services := make(map[string]string, len(spec.Lines()))
	for _, s := range spec.Lines() {
		services[s.Name] = s.Command
	}
	approval := trust.Approval{Digest: c.digest, Time: time.Now().UTC(), Services: services, Dangers: c.files.DangerousEntries()}
	if err := p.d.trust.Allow(project.Hash(p.root), p.root, approval); err != nil {
		return nil, err
	}
	snapshot, _ := p.actor.Snapshot()
	if len(snapshot.Unrestored) > 0 {
		p.use(spec, env, "")
		return snapshot.Unrestored, p.actor.Restore(ctx, p.plan(spec))
	}
	if len(snapshot.Shells) == 0 || len(snapshot.HeldDown) > 0 || p.lives() {
		return nil, nil
	}
	p.use(spec, env, "")
	return p.actor.Enter(ctx, snapshot.Shells[0], p.plan(spec), true)
}

func (p *resident) describe(c content, spec *project.Spec) ipc.AllowReply {
	return ipc.AllowReply{
		Project: p.name, Root: bytestr.String(p.root), Trust: c.trustWord(), Digest: c.digest,
		File: spec.Procfile, Services: compare(spec, c.last),
		EnvNames: c.files.EnvNames(), Dangers: c.files.DangerousEntries(), Warnings: warnings(spec.Warnings),
	}
}

func (d *Daemon) opDeny(_ context.Context, s *ipc.Session, q ipc.Request) error {
	var req ipc.Deny
	if err := q.Decode(&req); err != nil {
		return err
	}
	p, err := d.here(string(req.Dir))
	if err != nil {
		return err
	}
	if err := d.trust.Deny(project.Hash(p.root), p.root); err != nil {
		return err
	}
	reply := ipc.DenyReply{Project: p.name, Root: bytestr.String(p.root)}
	snapshot, _ := p.actor.Snapshot()
	for _, v := range snapshot.Services {
		if v.Live != nil {
			reply.Up = append(reply.Up, v.Name)
		}
	}
	return s.OK(reply)
}

// refuse turns what is wrong with a project's files into the error of a verb.
func (p *resident) refuse(verb string, err error) error {
	e := &ipc.Error{Code: ipc.CodeFailure, Msg: fmt.Sprintf("cannot %s %s: %v", verb, p.name, err)}
	if parse, ok := errors.AsType[*project.ParseError](err); ok {
		e.Hint = parse.Hint
	}
	switch {
	case errors.Is(err, project.ErrUnsafe):
		e.Code, e.Msg, e.Hint = ipc.CodeNotAllowed, err.Error(), "run: "+project.Remedy(err)
	case errors.Is(err, project.ErrNoProcfile):
		e.Code = ipc.CodeNoProject
	}
	return e
}

func warnings(list []project.Warning) []string {
	var out []string
	for _, w := range list {
		out = append(out, w.String())
	}
	return out
}
