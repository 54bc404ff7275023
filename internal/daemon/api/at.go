package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/daemon/trust"
	"github.com/locald/locald/internal/landmark"
	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/project"
	"github.com/locald/locald/internal/wire"
)

// at hears from a hook where a shell is. It answers at once: services are started behind its back.
func (a *API) at(ctx context.Context, at wire.AtRequest) (wire.AtReply, error) {
	shell, err := environ(at.Env)
	if err != nil {
		return wire.AtReply{}, err
	}
	if at.Namespace != a.e.Place.Namespace() {
		return elsewhere(at), nil
	}
	id, err := a.e.Host.Identify(at.PID)
	if err != nil || id.Start != at.Start {
		return wire.AtReply{}, wire.Usagef(
			"cannot register the shell: no process %d with that start time is alive", at.PID,
		)
	}
	if at.Root == "" {
		a.e.MoveShell(id, "")
		return wire.AtReply{}, nil
	}
	canonical, err := project.Canonical(string(at.Root))
	if err != nil || landmark.IsShared(canonical) { // just removed, or nobody's project
		a.e.MoveShell(id, "")
		return wire.AtReply{}, nil
	}
	p := a.e.At(canonical)
	a.e.MoveShell(id, canonical)
	say, err := a.enter(ctx, p, id, shell)
	for errors.Is(err, supervisor.ErrForgotten) && ctx.Err() == nil {
		p = p.Again()
		say, err = a.enter(ctx, p, id, shell)
	}
	if err != nil || say == "" || a.e.Config.Silent {
		return wire.AtReply{}, err
	}
	return wire.AtReply{Say: []string{say}}, nil
}

// elsewhere is what a shell of another container is told: its number is a stranger's here, and what
// it sees as the project's directory and programs need not be what we see.
func elsewhere(at wire.AtRequest) wire.AtReply {
	if at.Root == "" {
		return wire.AtReply{}
	}
	return wire.AtReply{Say: []string{
		"locald: the daemon runs outside of this shell's container, so that nothing starts by " +
			"itself · locald up",
	}}
}

// enter registers a shell and starts what is allowed. It returns what to tell the person: nothing,
// when nothing is new.
func (a *API) enter(
	ctx context.Context, p *engine.Project, shell procid.Identity, env []string,
) (string, error) {
	c := p.Read()
	if c.Problem == nil && c.Decision == trust.Allowed {
		return a.enterAllowed(ctx, p, shell, env, c)
	}
	if _, err := p.Actor.Enter(ctx, shell, supervisor.Plan{}, false); err != nil {
		return "", err
	}
	return a.once(p, shell, c, a.hint(p, c)), nil
}

// once is what to tell a shell about a content, "" where it has been told.
func (a *API) once(p *engine.Project, shell procid.Identity, c engine.Content, say string) string {
	if say == "" || !a.e.TellOnce(shell, p.Root, c.Digest+say) {
		return ""
	}
	return say
}

func (a *API) enterAllowed(
	ctx context.Context, p *engine.Project, shell procid.Identity, env []string, c engine.Content,
) (string, error) {
	spec, err := p.Parse(c.Files)
	if err != nil {
		if _, err := p.Actor.Enter(ctx, shell, supervisor.Plan{}, false); err != nil {
			return "", err
		}
		return a.once(
			p, shell, c, fmt.Sprintf("locald: cannot start %s: %v · locald check", p.Name(), err),
		), nil
	}
	if !p.Lives() {
		p.Use(spec, env, "")
	}
	started, err := p.Actor.Enter(ctx, shell, p.Plan(spec), true)
	if err != nil || len(started) == 0 {
		return "", err
	}
	return fmt.Sprintf(
		"locald: starting %s (%s) · locald status", plain.List(started), p.Name(),
	), nil
}

// hint says in one line what keeps a project from starting. A denied one is passed over in silence:
// that is what deny is for.
func (a *API) hint(p *engine.Project, c engine.Content) string {
	switch {
	case errors.Is(c.Problem, project.ErrUnsafe):
		return fmt.Sprintf(
			"locald: %s is not safe to start: %v · locald check", a.where(p), c.Problem,
		)
	case c.Problem != nil:
		return fmt.Sprintf("locald: %v", c.Problem)
	case c.Decision == trust.Unknown:
		return fmt.Sprintf(
			"locald: Procfile in %s is not allowed yet · review: locald allow", a.where(p),
		)
	case c.Decision == trust.Changed:
		return fmt.Sprintf(
			"locald: %s changed since you allowed it%s · review: locald allow", p.Name(),
			changes(p, c),
		)
	}
	return ""
}

// where is the project's directory, for a person.
func (a *API) where(p *engine.Project) string {
	return plain.Visible(plain.Tilde(p.Root, a.e.Home), "")
}

// changes names, briefly, which services, entries and keys differ from what was allowed.
func changes(p *engine.Project, c engine.Content) string {
	spec, err := p.Parse(c.Files)
	if err != nil {
		return ""
	}
	var parts []string
	for _, ch := range compare(spec, c.Last) {
		if ch.Change != wire.MarkSame {
			parts = append(parts, string(ch.Change)+ch.Name)
		}
	}
	for _, e := range compareEntries(c.Files.Approved(), c.Last) {
		if e.Change != wire.MarkSame {
			parts = append(parts, plain.Text(string(e.Change)+cmp.Or(e.Name, e.File)))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + plain.List(parts) + ")"
}
