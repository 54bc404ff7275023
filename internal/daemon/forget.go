package daemon

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/project"
)

// opForget drops projects with all that is kept of them: record, ports,
// decision, logs. It first says which, and does it when it is called again by
// somebody who is sure.
func (d *Daemon) opForget(ctx context.Context, s *ipc.Session, q ipc.Request) error {
	var req ipc.Forget
	if err := q.Decode(&req); err != nil {
		return err
	}
	chosen, err := d.toForget(req)
	if err != nil {
		return err
	}
	reply := ipc.ForgetReply{Projects: []ipc.Forgotten{}}
	for _, p := range chosen {
		if up := p.up(); len(up) > 0 {
			return &ipc.Error{
				Code: ipc.CodeFailure, Msg: fmt.Sprintf("cannot forget %s: %s is up", p.name, enumerate(up)),
				Hint: fmt.Sprintf("stop it first: locald down %s/%s", p.name, strings.Join(up, " "+p.name+"/")),
			}
		}
		reply.Projects = append(reply.Projects, ipc.Forgotten{Name: p.name, Root: bytestr.String(p.root), Gone: p.read().trustWord() == trustGone})
	}
	if !req.Sure {
		return s.OK(reply)
	}
	for _, p := range chosen {
		if err := p.forget(ctx); err != nil {
			return err
		}
		d.log.Info("forgotten", "project", p.name, "root", p.root)
	}
	return s.OK(reply)
}

// toForget are the projects named, those that are gone, or the one around a
// directory.
func (d *Daemon) toForget(req ipc.Forget) ([]*resident, error) {
	var out []*resident
	switch {
	case req.Gone:
		for _, p := range d.registry.all() {
			if p.read().trustWord() == trustGone && len(p.up()) == 0 {
				out = append(out, p)
			}
		}
		return out, nil
	case len(req.Names) == 0:
		p, err := d.here(string(req.Dir))
		return []*resident{p}, err
	}
	for _, name := range req.Names {
		p, ok := d.registry.named(name)
		if !ok {
			return nil, d.noProject(name)
		}
		out = append(out, p)
	}
	return out, nil
}

// up names the services that have processes.
func (p *resident) up() []string {
	snapshot, _ := p.actor.Snapshot()
	var out []string
	for _, v := range snapshot.Services {
		if v.Live != nil {
			out = append(out, v.Name)
		}
	}
	return out
}

// forget ends the actor, whose last word is on disk by then, and removes what
// there is. A project that is still there can be entered again as a new one.
func (p *resident) forget(ctx context.Context) error {
	if err := p.actor.Shutdown(ctx, false); err != nil {
		return err
	}
	p.d.registry.remove(p)
	p.actor.Close()
	p.d.ports.Forget(p.root)
	return errors.Join(
		p.logs.Remove(),
		p.d.records.Delete(p.slug), p.d.trust.Forget(project.Hash(p.root)),
	)
}
