package api

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/locald/locald/internal/project"
	"github.com/locald/locald/internal/wire"
)

// part is what an order means for one project of the model.
type part struct {
	p         *modelled
	name      string
	typed     []string // services and lines
	counts    map[string]int
	formation map[string]int // that it leads to
	services  []string       // of the Procfile, with that
	idle      map[string]bool
	names     []string // that it is about
	noop      bool
}

// order does an order in the world and in the model, which first plans all of it.
func (m *model) order(s step) (refused bool, wrong string) {
	k := map[string]kind{"up": up, "down": down, "restart": restart, "changed": restart}[s.What]
	parts, ok := m.parts(s, k)
	for _, t := range parts {
		ok = ok && t.plan(k, s.What == "changed")
	}
	reply, err := m.w.order(k, wire.OrderRequest{
		Scope: here(m.projects[s.In].root, s.Targets...), Wait: true, Changed: s.What == "changed",
	})
	if !ok || err != nil {
		return true, unlike(!ok, err)
	}
	noop := true
	for _, t := range parts {
		t.commit(k)
		noop = noop && t.noop
	}
	return noop, unlikeOutcomes(k, parts, reply)
}

// parts are those of the projects that the targets name, false where one of them is not known.
func (m *model) parts(s step, k kind) (out []*part, ok bool) {
	of := func(name string) *part {
		for _, t := range out {
			if t.name == name {
				return t
			}
		}
		out = append(out, &part{p: m.projects[name], name: name, counts: map[string]int{}})
		return out[len(out)-1]
	}
	if len(s.Targets) == 0 {
		of(s.In)
		m.projects[s.In].known = true
		return out, true
	}
	for _, target := range s.Targets {
		count, counted := 0, false
		if k == up {
			var number string
			target, number, counted = strings.Cut(target, "=")
			_, _ = fmt.Sscan(number, &count)
		}
		name, service, elsewhere := strings.Cut(target, "/")
		if !elsewhere {
			name, service = s.In, target
			m.projects[name].known = true
		} else if !m.projects[name].known {
			return out, false
		}
		if t := of(name); counted {
			t.counts[service] = count
		} else {
			t.typed = append(t.typed, service)
		}
	}
	return out, true
}

// plan reports whether nothing is wrong with it.
func (t *part) plan(k kind, changed bool) bool {
	if k == down {
		t.services, t.idle = t.p.formed(t.p.formation)
		have := slices.Concat(t.services, slices.Collect(maps.Keys(t.p.declared)))
		return t.expand(t.typed, have)
	}
	if len(t.p.lines) == 0 {
		return false
	}
	t.formation = maps.Clone(t.p.formation)
	_, idle := t.p.formed(t.p.formation)
	for line, count := range t.counts {
		if line == allLines {
			for _, l := range t.p.lines {
				if _, said := t.counts[l]; !said {
					t.formation[l] = count
				}
			}
			continue
		}
		if !slices.Contains(t.p.lines, line) {
			return false
		}
		t.formation[line] = count
	}
	for _, name := range t.typed {
		if idle[name] {
			t.formation[name] = 1
		}
	}
	t.services, t.idle = t.p.formed(t.formation)
	asked := slices.Clone(t.typed)
	for line := range t.counts {
		if line != allLines {
			asked = append(asked, line)
		}
	}
	if !t.expand(asked, t.services) {
		return false
	}
	if _, all := t.counts[allLines]; all || len(asked) == 0 {
		t.names = t.services
	}
	t.names = slices.DeleteFunc(slices.Clone(t.names), func(name string) bool {
		line, lives := t.p.runs[name]
		return t.idle[name] || changed && (!lives || line == t.p.command(lineOf(name)))
	})
	t.noop = changed && len(t.names) == 0
	return true
}

func (t *part) expand(typed, have []string) bool {
	for _, name := range typed {
		found := project.Instances(name, have)
		if len(found) == 0 {
			return false
		}
		t.names = append(t.names, found...)
	}
	return true
}

func (t *part) commit(k kind) {
	p := t.p
	switch {
	case t.noop:
	case k == down:
		if p.stopped() && len(p.lines) > 0 {
			p.declare(t.idle)
		}
		if len(t.names) == 0 {
			clear(p.formation)
		}
		for name, idle := range p.declared {
			all := len(t.names) == 0 && (!idle || p.wanted[name])
			if !all && !slices.Contains(t.names, name) {
				continue
			}
			p.drop(name)
			if len(p.here) > 0 {
				p.held[name] = true
			}
		}
	default:
		p.formation, p.consent = t.formation, p.edit
		p.use(t.services)
		p.declare(t.idle)
		if k == restart {
			for _, name := range t.names {
				delete(p.runs, name)
			}
		}
		p.start(t.names)
	}
}

func (p *modelled) stopped() bool { return len(p.wanted) == 0 }

// unlikeOutcomes says what of an answer is not as it must be.
func unlikeOutcomes(k kind, parts []*part, reply wire.OrderReply) string {
	if reply.Code != "" {
		return fmt.Sprintf("the order ends with %s: %s", reply.Code, reply.Message)
	}
	got := outcomes(reply)
	for _, t := range parts {
		for _, name := range t.names {
			want := wire.OutcomeReady
			if k == down {
				want = wire.OutcomeStopped
			}
			if _, declared := t.p.declared[name]; !declared { // known to the files alone
				continue
			}
			if o := got[t.name+"/"+name]; o != want {
				return fmt.Sprintf("%s/%s: %q, want %q", t.name, name, o, want)
			}
		}
	}
	return ""
}
