package view

import "github.com/locald/locald/internal/wire"

// Step is what to do next: the command, and what it is good for.
type Step struct{ Command, Why string }

// Next is what a person most likely wants with a project.
func Next(p wire.Project) Step {
	for _, s := range p.Services {
		if s.State == wire.Failed {
			return Step{"locald logs " + s.Name, "it has failed; then: locald restart " + s.Name}
		}
	}
	switch {
	case p.Trust == wire.TrustUnsafe, p.Trust == wire.TrustGone, p.Trust == wire.TrustUnreadable,
		len(p.Services) == 0:
		return Step{"locald check", "says what is wrong with it"}
	case p.Trust == wire.TrustUnknown:
		return Step{
			"locald allow", "shows what would run, and lets entering the directory start it",
		}
	case p.Trust == wire.TrustChanged:
		return Step{"locald allow", "shows what has changed since it was allowed"}
	case p.Wanted:
		return Step{"locald logs -f", "follows what they print"}
	case p.Trust == wire.TrustDenied:
		return Step{"locald up", "starts them this once; to lift the denial: locald allow"}
	}
	return Step{"locald up", "starts them"}
}
