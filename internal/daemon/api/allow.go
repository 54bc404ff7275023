package api

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/daemon/trust"
	"github.com/locald/locald/internal/project"
	"github.com/locald/locald/internal/wire"
)

// allow shows what would be allowed, or allows exactly what was shown: the second call names the
// digest, so that an edit in between is not approved unseen.
func (a *API) allow(ctx context.Context, req wire.AllowRequest) (wire.AllowReply, error) {
	shell, err := environ(req.Env)
	if err != nil {
		return wire.AllowReply{}, err
	}
	p, err := a.around(ctx, string(req.Dir))
	if err != nil {
		return wire.AllowReply{}, err
	}
	c, spec, err := p.ReadSpec()
	if err != nil {
		return wire.AllowReply{}, refuse(p, "allow", err)
	}
	reply := describe(p, c, spec)
	if req.Digest == "" {
		return reply, nil
	}
	if req.Digest != c.Digest {
		return reply, &wire.Error{
			Code: wire.CodeNotAllowed, Hint: "look again: locald allow",
			Msg: fmt.Sprintf("cannot allow %s: its files changed while you were reading", p.Name()),
		}
	}
	reply.Started, err = approve(ctx, p, c, spec, shell)
	for errors.Is(err, supervisor.ErrForgotten) && ctx.Err() == nil {
		p = p.Again()
		reply.Started, err = approve(ctx, p, c, spec, shell)
	}
	reply.Project = p.Name() // which it has only now for good
	return reply, err
}

// approve records the approval and, where somebody is in the project, starts it: entering it is
// what they did before.
func approve(
	ctx context.Context, p *engine.Project, c engine.Content, spec *project.Spec, env []string,
) ([]string, error) {
	services := make(map[string]bytestr.String, len(spec.Lines()))
	for _, s := range spec.Lines() {
		services[s.Name] = bytestr.String(s.Command)
	}
	if err := p.Allow(trust.Approval{
		Digest: c.Digest, Time: time.Now().UTC(), Services: services,
		Dangers: c.Files.DangerousEntries(), Marks: project.Marks(c.Files.Approved()),
	}); err != nil {
		return nil, err
	}
	p.Actor.Rewrite() // its name is on record from now on, whether or not it is ever started
	snapshot := p.Snapshot()
	if len(snapshot.Unrestored) > 0 {
		p.Use(spec, env, "")
		return snapshot.Unrestored, p.Actor.Restore(ctx, p.Plan(spec))
	}
	if len(snapshot.Shells) == 0 || len(snapshot.HeldDown) > 0 || p.Lives() {
		return nil, nil
	}
	p.Use(spec, env, "")
	return p.Actor.Enter(ctx, snapshot.Shells[0], p.Plan(spec), true)
}

func describe(p *engine.Project, c engine.Content, spec *project.Spec) wire.AllowReply {
	return wire.AllowReply{
		Project: p.Name(), Root: bytestr.String(p.Root), Trust: trustOf(c), Digest: c.Digest,
		File: spec.Procfile, Services: compare(spec, c.Last),
		Settings: c.Files.SettingNames(), EnvNames: c.Files.EnvNames(),
		Dangers: c.Files.DangerousEntries(), Warnings: warnings(spec.Warnings),
		Entries:  compareEntries(c.Files.Approved(), c.Last),
		Compared: c.Last != nil && c.Last.Marks != nil,
	}
}

// compareEntries says how the entries and keys differ from an approval that tells, those that
// differ first, and of these those that are gone.
func compareEntries(now []project.Approved, last *trust.Approval) []wire.Entry {
	var before map[string]string
	if last != nil {
		before = last.Marks
	}
	marks := project.Marks(now)
	var differ, same []wire.Entry
	for _, key := range slices.Sorted(maps.Keys(before)) {
		if _, stays := marks[key]; !stays {
			file, name, _ := strings.Cut(key, " ")
			differ = append(differ, wire.Entry{File: file, Name: name, Change: wire.MarkGone})
		}
	}
	for _, a := range now {
		e := wire.Entry{File: a.File, Line: a.Line, Name: a.Name, Reason: a.Reason}
		was, known := before[a.Key()]
		switch {
		case before != nil && !known:
			e.Change = wire.MarkNew
		case before != nil && was != marks[a.Key()]:
			e.Change = wire.MarkOther
		default:
			same = append(same, e)
			continue
		}
		differ = append(differ, e)
	}
	return append(differ, same...)
}

// compare says how the services differ from an approval, in the Procfile's order, with those that
// are gone at the end.
func compare(spec *project.Spec, last *trust.Approval) []wire.Change {
	var out []wire.Change
	for _, s := range spec.Lines() {
		ch := wire.Change{Name: s.Name, Command: bytestr.String(s.Command)}
		if last != nil {
			before, known := last.Services[s.Name]
			switch {
			case !known:
				ch.Change = wire.MarkNew
			case before != ch.Command:
				ch.Change, ch.Was = wire.MarkOther, before
			}
		}
		out = append(out, ch)
	}
	if last == nil {
		return out
	}
	var gone []string
	for name := range last.Services {
		same := func(s project.Service) bool { return s.Name == name }
		if !slices.ContainsFunc(spec.Lines(), same) {
			gone = append(gone, name)
		}
	}
	slices.Sort(gone)
	for _, name := range gone {
		out = append(out, wire.Change{
			Name: name, Command: last.Services[name], Change: wire.MarkGone,
		})
	}
	return out
}

// deny refuses a project for good. It stops nothing.
func (a *API) deny(ctx context.Context, req wire.DenyRequest) (wire.DenyReply, error) {
	p, err := a.around(ctx, string(req.Dir))
	if err != nil {
		return wire.DenyReply{}, err
	}
	return wire.DenyReply{Project: p.Name(), Root: bytestr.String(p.Root), Up: p.Up()}, p.Deny()
}

// refuse turns what is wrong with a project's files into the error of a verb.
func refuse(p *engine.Project, verb string, err error) error {
	e := &wire.Error{
		Code: wire.CodeFailure, Msg: fmt.Sprintf("cannot %s %s: %v", verb, p.Name(), err),
	}
	if parse, ok := errors.AsType[*project.ParseError](err); ok {
		e.Hint = parse.Hint
	}
	switch {
	case errors.Is(err, project.ErrUnsafe):
		e.Code, e.Msg, e.Hint = wire.CodeNotAllowed, err.Error(), "run: "+project.Remedy(err)
	case errors.Is(err, project.ErrNoProcfile):
		e.Code = wire.CodeNoProject
	case errors.Is(err, engine.ErrNoAnswer):
		e.Hint = "its file system may be on a network that is gone; other projects go on"
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
