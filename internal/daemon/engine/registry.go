package engine

import (
	"cmp"
	"slices"
	"sync"

	"github.com/locald/locald/internal/daemon/state"
	"github.com/locald/locald/internal/project"
)

// registry is the set of projects, and what they are called. A project is made under its lock, so
// that nobody ever sees two of one root.
type registry struct {
	e  *Engine
	mu sync.Mutex
	// byRoot is keyed by canonical root.
	byRoot   map[string]*Project
	changed  chan struct{} // closed at the next change of the set, of a name or of a decision
	revision int64         // one more with each
	looks    int64         // how often somebody has looked at a project
}

// maxGlances is how many projects are remembered that somebody has only looked at: what status
// calls them has to be good for the next command, and not for ever.
const maxGlances = 100

func newRegistry(e *Engine) *registry {
	return &registry{e: e, byRoot: make(map[string]*Project), changed: make(chan struct{})}
}

// recall adds the projects of the records, those that have a name first: one that was only looked
// at takes a name that is left, and must not take one that a record has for good.
func (g *registry) recall(records []state.Record) {
	slices.SortFunc(records, func(a, b state.Record) int {
		return cmp.Or(
			-cmp.Compare(min(len(a.Name), 1), min(len(b.Name), 1)), cmp.Compare(a.Root, b.Root),
		)
	})
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range records {
		p := g.add(string(r.Root), r)
		p.noticed = true
		// A run that is in the record has ended with its daemon, or after it. Without this line its
		// log would have no end, and look as if it still ran.
		for service, run := range r.Runs {
			p.Runs.Note(service, run.Number, "stopped: the daemon had crashed")
		}
	}
}

// enter returns the project at a canonical root and creates it where it is new.
func (g *registry) enter(root string) *Project {
	g.mu.Lock()
	defer g.mu.Unlock()
	p, ok := g.byRoot[root]
	if !ok {
		p = g.add(root, state.Record{})
	}
	g.looks++
	p.looked = g.looks
	return p
}

// keep holds a project in the set until it is released.
func (g *registry) keep(p *Project) (release func()) {
	count := func(n int) {
		g.mu.Lock()
		defer g.mu.Unlock()
		p.holders += n
	}
	count(1)
	return sync.OnceFunc(func() { count(-1) })
}

// superfluous is the project at which nobody has looked for the longest time, of those that are no
// more than looked at; nil while there are few of them.
func (g *registry) superfluous() (oldest *Project) {
	g.mu.Lock()
	defer g.mu.Unlock()
	glances := 0
	for _, p := range g.byRoot {
		if p.claimed || p.holders > 0 || p.inhabited() {
			continue
		}
		if glances++; oldest == nil || p.looked < oldest.looked {
			oldest = p
		}
	}
	if glances <= maxGlances {
		return nil
	}
	return oldest
}

// drop is remove for a project that has not been given its name meanwhile; else it reports false.
func (g *registry) drop(p *Project) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p.claimed {
		return false
	}
	delete(g.byRoot, p.Root)
	g.tell()
	return true
}

// add makes a project. The lock is held.
func (g *registry) add(root string, r state.Record) *Project {
	p := newProject(g.e, root, r)
	p.noticed = len(p.Snapshot().Shells) > 0 // of one that was forgotten under their feet
	if p.name == "" {
		p.name = g.freeName(p, func(*Project) bool { return true })
	}
	g.byRoot[root] = p
	g.tell()
	return p
}

// notice puts the project at a root on the list of those that there are.
func (g *registry) notice(root string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p, ok := g.byRoot[root]; ok && !p.noticed {
		p.noticed = true
		g.tell()
	}
}

// touch tells that a decision about a project has changed.
func (g *registry) touch() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tell()
}

// tell wakes whoever follows the set. The lock is held. A closed channel wakes all of them, however
// many, and one that is slow finds the latest state and not a queue.
func (g *registry) tell() {
	g.revision++
	close(g.changed)
	g.changed = make(chan struct{})
}

func (g *registry) next() (<-chan struct{}, int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.changed, g.revision
}

func (g *registry) at(root string) (*Project, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p, ok := g.byRoot[root]
	return p, ok
}

func (g *registry) nameOf(p *Project) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return p.name
}

// claimed returns a project's name, and whether it is the project's for good.
func (g *registry) claimed(p *Project) (name string, forGood bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return p.name, p.claimed
}

// claim gives a project its name for good: it has been allowed or started, and not just looked at.
// Whatever becomes of other projects it keeps that name, which its record has. A project that was
// only looked at and shows the same one is called something else from now on. It reports whether
// the project is still in the daemon's care: otherwise whoever asked has to take the one that is at
// its root by now.
func (g *registry) claim(p *Project) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	there := g.byRoot[p.Root] == p
	if p.claimed || !there {
		return there
	}
	p.claimed, p.noticed = true, true
	defer g.tell()
	p.name = g.freeName(p, func(o *Project) bool { return o.claimed })
	for _, o := range g.byRoot {
		if o != p && o.name == p.name {
			o.name = g.freeName(o, func(*Project) bool { return true })
		}
	}
	return true
}

// freeName is the root's last element, or that with the beginning of the root's hash where another
// project that counts has the name. The lock is held.
func (g *registry) freeName(p *Project, counts func(*Project) bool) string {
	// Four digits tell two roots apart nearly always, and can still be typed.
	name, hash := project.Name(p.Root), project.Hash(p.Root)
	for n := 0; n <= len(hash); n += 4 {
		candidate := name
		if n > 0 {
			candidate += "~" + hash[:n]
		}
		taken := false
		for _, o := range g.byRoot {
			taken = taken || o != p && o.name == candidate && counts(o)
		}
		if !taken {
			return candidate
		}
	}
	return name + "~" + hash
}

// replace puts a new project, made of the record of one that has been retired, in its place. An
// actor that has ended cannot be started again, and a project without one would refuse every order.
func (g *registry) replace(p *Project, r state.Record) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.byRoot, p.Root)
	g.add(p.Root, r).noticed = true
}

// remove takes a project out of the daemon's care, unless another one is at its root by now.
func (g *registry) remove(p *Project) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.byRoot[p.Root] == p {
		delete(g.byRoot, p.Root)
		g.tell()
	}
}

// all returns the projects in the order of their names.
func (g *registry) all() []*Project {
	return g.those(func(*Project) bool { return true })
}

// listed are those that somebody has entered, decided about or started, or that were on record: to
// look at a directory must not put it on everybody's list.
func (g *registry) listed() []*Project {
	return g.those(func(p *Project) bool { return p.noticed })
}

func (g *registry) those(count func(*Project) bool) []*Project {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]*Project, 0, len(g.byRoot))
	for _, p := range g.byRoot {
		if count(p) {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b *Project) int { return cmp.Compare(a.name, b.name) })
	return out
}
