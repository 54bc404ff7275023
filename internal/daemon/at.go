package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/daemon/trust"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/landmark"
	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/project"
)

// opAt hears from a hook where a shell is. It answers at once: services are
// started behind its back.
func (d *Daemon) opAt(ctx context.Context, s *ipc.Session, q ipc.Request) error {
	var at ipc.At
	if err := q.Decode(&at); err != nil {
		return err
	}
	id, err := procid.Of(at.PID)
	if err != nil || id.Start != at.Start {
		return &ipc.Error{Code: ipc.CodeUsage, Msg: fmt.Sprintf("cannot register the shell: no process %d with that start time is alive", at.PID)}
	}
	if at.Root == "" {
		d.shells.move(id, nil)
		return s.OK(ipc.AtReply{})
	}
	canonical, err := project.Canonical(string(at.Root))
	if err != nil || landmark.IsShared(canonical) { // it was removed a moment ago, or is never a project
		d.shells.move(id, nil)
		return s.OK(ipc.AtReply{})
	}
	r := d.registry.enter(canonical)
	d.shells.move(id, r)
	say, err := r.enter(ctx, id, bytestr.Strings(at.Env))
	if err != nil {
		return err
	}
	if d.config.Silent {
		say = nil
	}
	return s.OK(ipc.AtReply{Say: say})
}

// enter registers a shell and starts what is allowed. It returns what to tell
// the person: nothing, when nothing is new.
func (p *resident) enter(ctx context.Context, shell procid.Identity, env []string) ([]string, error) {
	c := p.read()
	if c.problem == nil && c.decision == trust.Allowed {
		return p.enterAllowed(ctx, shell, env, c)
	}
	if _, err := p.actor.Enter(ctx, shell, supervisor.Plan{}, false); err != nil {
		return nil, err
	}
	hint := p.hint(c)
	if hint == "" || !p.d.shells.once(shell, p.root, c.digest+hint) {
		return nil, nil
	}
	return []string{hint}, nil
}

func (p *resident) enterAllowed(ctx context.Context, shell procid.Identity, env []string, c content) ([]string, error) {
	spec, err := p.parse(c.files)
	if err != nil {
		if _, err := p.actor.Enter(ctx, shell, supervisor.Plan{}, false); err != nil {
			return nil, err
		}
		hint := fmt.Sprintf("locald: cannot start %s: %v · locald check", p.name, err)
		if !p.d.shells.once(shell, p.root, hint) {
			return nil, nil
		}
		return []string{hint}, nil
	}
	if !p.lives() {
		p.use(spec, env, "")
	}
	started, err := p.actor.Enter(ctx, shell, p.plan(spec), true)
	if err != nil || len(started) == 0 {
		return nil, err
	}
	return []string{fmt.Sprintf("locald: starting %s (%s) · locald status", enumerate(started), p.name)}, nil
}

// hint says in one line what keeps a project from starting. A denied one is
// passed over in silence: that is what deny is for.
func (p *resident) hint(c content) string {
	where := tilde(p.root, p.d.paths.Home)
	switch {
	case errors.Is(c.problem, project.ErrUnsafe):
		return fmt.Sprintf("locald: %s is not safe to start: %v · locald check", where, c.problem)
	case c.problem != nil:
		return fmt.Sprintf("locald: %v", c.problem)
	case c.decision == trust.Unknown:
		return fmt.Sprintf("locald: Procfile in %s is not allowed yet · review: locald allow", where)
	case c.decision == trust.Changed:
		return fmt.Sprintf("locald: %s changed since you allowed it%s · review: locald allow", p.name, p.changes(c))
	}
	return ""
}

// changes names, briefly, which services differ from what was allowed.
func (p *resident) changes(c content) string {
	spec, err := p.parse(c.files)
	if err != nil {
		return ""
	}
	var parts []string
	for _, ch := range compare(spec, c.last) {
		if ch.Change != "" {
			parts = append(parts, ch.Change+ch.Name)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// enumerate joins names for a line of 80 columns.
func enumerate(names []string) string {
	const shown = 6
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown-1], ", "), len(names)-shown+1)
}

// compare says how the services differ from an approval, in the Procfile's
// order, with those that are gone at the end.
func compare(spec *project.Spec, last *trust.Approval) []ipc.Change {
	var out []ipc.Change
	for _, s := range spec.Lines() {
		ch := ipc.Change{Name: s.Name, Command: s.Command}
		if last != nil {
			before, known := last.Services[s.Name]
			switch {
			case !known:
				ch.Change = "+"
			case before != s.Command:
				ch.Change = "~"
			}
		}
		out = append(out, ch)
	}
	if last == nil {
		return out
	}
	var gone []string
	for name := range last.Services {
		if !slices.ContainsFunc(spec.Lines(), func(s project.Service) bool { return s.Name == name }) {
			gone = append(gone, name)
		}
	}
	slices.Sort(gone)
	for _, name := range gone {
		out = append(out, ipc.Change{Name: name, Command: last.Services[name], Change: "-"})
	}
	return out
}
