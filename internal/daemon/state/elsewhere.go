package state

import (
	"cmp"
	"maps"
	"slices"

	"github.com/locald/locald/internal/procid"
)

// Elsewhere is a run that only a daemon of its own place can find and end, or one of a daemon that
// lives: this directory is then a copy. It stays on record until its daemon, or the next one there,
// has ended it.
type Elsewhere struct {
	Service string `json:"service"`
	Run
	Wanted  bool `json:"wanted,omitempty"`
	Entered bool `json:"entered,omitempty"`
}

// place is where it was started.
func (r Run) place() procid.Place {
	return procid.Place{Boot: r.Leader.Boot, Machine: r.Machine, Host: r.Host}
}

// From is the record as a daemon here can use it: runs of another place or of another daemon that
// lives, and that they are wanted, are put aside, and those that were put aside are taken back if
// they are neither.
func (r Record) From(here procid.Place, lives func(daemon procid.Identity) bool) Record {
	ours := func(run Run) bool { return here.Sees(run.place()) && !lives(run.Daemon) }
	aside, runs := []Elsewhere(nil), map[string]Run{}
	for _, service := range slices.Sorted(maps.Keys(r.Runs)) {
		run := r.Runs[service]
		if ours(run) {
			runs[service] = run
			continue
		}
		e := Elsewhere{Service: service, Run: run}
		r.Wanted, e.Wanted = without(r.Wanted, service)
		r.Entered, e.Entered = without(r.Entered, service)
		aside = append(aside, e)
	}
	for _, e := range r.Elsewhere {
		switch _, taken := runs[e.Service]; {
		case e.Service == "" || e.Leader.Boot == "":
			continue // names nothing
		// A damaged record may name two; the next daemon takes this one.
		case taken, !ours(e.Run):
			aside = append(aside, e)
			continue
		}
		runs[e.Service] = e.Run
		r.Wanted = with(r.Wanted, e.Service, e.Wanted)
		r.Entered = with(r.Entered, e.Service, e.Entered)
	}
	slices.SortStableFunc(aside, func(a, b Elsewhere) int {
		return cmp.Compare(a.Service, b.Service)
	})
	r.Runs, r.Elsewhere = runs, aside
	return r
}

func without(names []string, name string) (rest []string, had bool) {
	rest = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name })
	return rest, len(rest) < len(names)
}

func with(names []string, name string, add bool) []string {
	if !add || slices.Contains(names, name) {
		return names
	}
	return append(slices.Clone(names), name)
}
