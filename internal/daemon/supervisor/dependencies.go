package supervisor

import "slices"

// list is the services of a project, and what follows from how they depend on each other. It
// answers, and changes nothing.
type list []*service

func (l list) find(name string) *service {
	for _, s := range l {
		if s.name == name {
			return s
		}
	}
	return nil
}

// pick returns the named services, all but the idle where none is named, without those that are
// only waiting to be forgotten.
func (l list) pick(names []string) list {
	var out list
	for _, s := range l {
		all := len(names) == 0 && (!s.idle || s.wanted)
		if !s.gone && (all || slices.Contains(names, s.name)) {
			out = append(out, s)
		}
	}
	return out
}

// wanted reports whether any should be up.
func (l list) wanted() bool {
	return slices.ContainsFunc(l, func(s *service) bool { return s.wanted })
}

// inUse names those of which something is under way or about to be.
func (l list) inUse() (names []string) {
	for _, s := range l {
		if s.inUse() {
			names = append(names, s.name)
		}
	}
	return names
}

// dependencies are the services that s needs. A name that is not declared is left out: the files
// were checked when the plan was made, and a service that is only waiting to be forgotten may still
// name it.
func (l list) dependencies(s *service) list {
	var out list
	for _, name := range s.needs {
		if d := l.find(name); d != nil {
			out = append(out, d)
		}
	}
	return out
}

// dependents are the services that need s and are themselves about to end.
func (l list) dependents(s *service) []string {
	var out []string
	for _, o := range l {
		if slices.Contains(o.needs, s.name) && (o.toStop || o.machine.phase == stopping) {
			out = append(out, o.name)
		}
	}
	return out
}

// missing names what a service still waits for, and says why it would wait for ever, where it
// would: a dependency that is at rest, and is not about to start, never becomes ready.
func (l list) missing(s *service) (names []string, hopeless string) {
	if was := l.find(s.follows); was != nil && was.gone {
		names = append(names, was.name)
	}
	for _, d := range l.dependencies(s) {
		if d.machine.satisfied() && !d.toStop && !d.toStart {
			continue
		}
		names = append(names, d.name)
		if d.toStart || d.machine.live() || d.machine.phase == waiting {
			continue
		}
		hopeless = "it needs " + d.name + ", which is " + string(d.machine.state())
		if d.machine.state() == Failed {
			hopeless = "it needs " + d.name + ", which has failed"
		}
	}
	return names, hopeless
}

// needed reports whether a service that is wanted for its own sake depends on s, directly or by way
// of others.
func (l list) needed(s *service, forItself func(*service) bool) bool {
	return slices.ContainsFunc(l, func(o *service) bool {
		needs := o.wanted && slices.Contains(o.needs, s.name)
		return needs && (forItself(o) || l.needed(o, forItself))
	})
}
