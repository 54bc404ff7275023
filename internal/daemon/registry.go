package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/locald/locald/internal/daemon/state"
	"github.com/locald/locald/internal/project"
)

// registry holds the projects in the daemon's care. Its lock is held to get,
// create and remove only, never while anything is called.
type registry struct {
	d  *Daemon
	mu sync.Mutex
	// byRoot is keyed by canonical root.
	byRoot map[string]*resident
}

func newRegistry(d *Daemon) *registry {
	return &registry{d: d, byRoot: make(map[string]*resident)}
}

// recall adds a project from its record.
func (g *registry) recall(slug string, r state.Record) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := newResident(g.d, string(r.Root), r.Name, slug, r)
	g.byRoot[p.root] = p
	for service, run := range r.Runs {
		p.Note(service, run.Number, "ended with the daemon, which had died")
	}
}

// enter returns the project at a canonical root and creates it where it is new.
func (g *registry) enter(root string) *resident {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r, ok := g.byRoot[root]; ok {
		return r
	}
	r := newResident(g.d, root, g.freeName(root), project.FileSlug(root), state.Record{})
	g.byRoot[root] = r
	return r
}

// freeName is the root's last element, or that with the beginning of the
// root's hash where another project has the name already. It is recorded and
// stays, whatever becomes of the other one.
func (g *registry) freeName(root string) string {
	name, hash := project.Name(root), project.Hash(root)
	for n := 0; n <= len(hash); n += 4 {
		candidate := name
		if n > 0 {
			candidate += "~" + hash[:n]
		}
		if !g.hasName(candidate) {
			return candidate
		}
	}
	return name + "~" + hash
}

func (g *registry) hasName(name string) bool {
	for _, r := range g.byRoot {
		if r.name == name {
			return true
		}
	}
	return false
}

// remove takes a project out of the daemon's care.
func (g *registry) remove(p *resident) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.byRoot, p.root)
}

// all returns the projects in order of their names.
func (g *registry) all() []*resident {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]*resident, 0, len(g.byRoot))
	for _, r := range g.byRoot {
		out = append(out, r)
	}
	return sortedBy(out)
}

func (g *registry) named(name string) (*resident, bool) {
	for _, r := range g.all() {
		if r.name == name {
			return r, true
		}
	}
	return nil, false
}

// around returns the project in or above dir, if it is one the daemon knows or
// one on disk. A project whose Procfile has gone is still found: it may have
// services to stop.
func (g *registry) around(dir, home string) (*resident, bool) {
	if root, ok := project.Find(dir, home); ok {
		if canonical, err := project.Canonical(root); err == nil {
			return g.enter(canonical), true
		}
	}
	if canonical, err := project.Canonical(dir); err == nil {
		dir = canonical
	}
	for _, r := range g.all() {
		if within(dir, r.root) && r.lives() {
			return r, true
		}
	}
	return nil, false
}

func within(dir, root string) bool {
	return dir == root || strings.HasPrefix(dir, root+string(filepath.Separator))
}

// tilde shortens a path for a person.
func tilde(path, home string) string {
	if home != "" && home != "/" && within(path, home) {
		path = "~" + strings.TrimPrefix(path, home)
	}
	return printablePath(path)
}

func printablePath(path string) string {
	var b strings.Builder
	for i, part := range strings.Split(path, string(os.PathSeparator)) {
		if i > 0 {
			b.WriteByte(os.PathSeparator)
		}
		if part != "" && part != "~" {
			part = project.Name("/" + part)
		}
		b.WriteString(part)
	}
	return b.String()
}
