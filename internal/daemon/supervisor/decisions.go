package supervisor

import (
	"maps"
	"slices"
)

// decisions are what holds of services by name, whether or not they are declared: it was said to an
// earlier daemon, or before the files were read.
type decisions struct {
	changes *changes

	heldDown []string // stay down while somebody is there
	// unrestored was wanted when the daemon before us died, and nobody has decided about it since:
	// true where entering had started it.
	unrestored map[string]bool
}

func inheritedDecisions(c *changes, inherited Inherited) *decisions {
	d := &decisions{
		changes: c, heldDown: slices.Clone(inherited.HeldDown),
		unrestored: make(map[string]bool),
	}
	for _, name := range inherited.Wanted {
		d.unrestored[name] = slices.Contains(inherited.Entered, name)
	}
	return d
}

// settle is for a service that somebody wants up: nobody holds it down any more, and no restore is
// due.
func (d *decisions) settle(name string) {
	delete(d.unrestored, name)
	d.heldDown = slices.DeleteFunc(d.heldDown, func(held string) bool { return held == name })
	d.changes.keep()
}

// toRestore reports whether a service is to be restored, and whether entering had started it.
func (d *decisions) toRestore(name string) (entered, was bool) {
	entered, was = d.unrestored[name]
	return entered, was
}

// dropRestore is for what has been decided about: the named services, all where none is named, are
// not restored any more.
func (d *decisions) dropRestore(names []string) {
	for name := range d.unrestored {
		if len(names) == 0 || slices.Contains(names, name) {
			delete(d.unrestored, name)
			d.changes.keep()
		}
	}
}

// hold keeps a service down until somebody wants it up, or everybody has left.
func (d *decisions) hold(name string) {
	if !slices.Contains(d.heldDown, name) {
		d.heldDown = append(d.heldDown, name)
		d.changes.keep()
	}
}

// holding reports whether anything is held down.
func (d *decisions) holding() bool { return len(d.heldDown) > 0 }

// letGo is for when the last one has left: a down was said to those who were there.
func (d *decisions) letGo() {
	d.heldDown = nil
	d.changes.keep()
}

// holdOnly lets go what is not among the declared services.
func (d *decisions) holdOnly(declared list) {
	d.heldDown = slices.DeleteFunc(d.heldDown, func(name string) bool {
		return declared.find(name) == nil
	})
	d.changes.show()
}

// fill says in a snapshot what holds.
func (d *decisions) fill(out *Snapshot) {
	out.HeldDown = slices.Sorted(slices.Values(d.heldDown))
	out.Unrestored = slices.Sorted(maps.Keys(d.unrestored))
	for name, entered := range d.unrestored {
		if entered {
			out.Entered = append(out.Entered, name)
		}
	}
}
