package project

import (
	"bytes"
	"slices"
)

// Drift returns what of a service is other now than in the files that it was started from:
// "command", "PORT", "locald.toml" for its settings, and the names of variables whose values the
// files have changed. base is the shell's environment with which it was started and in what was
// injected: where only those would differ, nothing has changed. It is empty for a service that is
// in one of the two only.
func (s *Spec) Drift(then *Spec, base []string, in Injection) (changed []string) {
	before, had := then.Service(in.Service)
	now, has := s.Service(in.Service)
	if !had || !has || s.files.same(then.files) {
		return nil
	}
	if before.Command != now.Command {
		changed = append(changed, "command")
	}
	if then.PortWishes()[in.Service] != s.PortWishes()[in.Service] {
		changed = append(changed, portName)
	}
	if !s.Settings(in.Service).runsLike(then.Settings(in.Service)) {
		changed = append(changed, tomlName)
	}
	return append(changed, differingNames(then.filesSay(base, in), s.filesSay(base, in))...)
}

// filesSay returns the values of the variables that the files set, none if they cannot be expanded:
// then every one of them differs from what runs.
func (s *Spec) filesSay(base []string, in Injection) map[string]string {
	env, err := s.Environ(base, in)
	if err != nil {
		return nil
	}
	return env.fromFiles()
}

// runsLike reports whether a run would be the same with other settings. The others take effect
// without a restart.
func (s Settings) runsLike(o Settings) bool {
	return s.TTY == o.TTY && s.Ready == o.Ready &&
		s.StopSignal == o.StopSignal && s.StopTimeout == o.StopTimeout
}

// fromFiles returns the values of the variables that neither the shell nor locald has set.
func (e Environment) fromFiles() map[string]string {
	out := map[string]string{}
	for _, v := range e.Vars {
		if v.Source != sourceShell && v.Source != sourceLocald {
			out[v.Name] = v.Value
		}
	}
	return out
}

func differingNames(a, b map[string]string) (names []string) {
	for name, value := range a {
		if other, ok := b[name]; !ok || other != value {
			names = append(names, name)
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// same reports whether two readings of a project found the same bytes.
func (f *Files) same(o *Files) bool {
	if f == o || f == nil || o == nil {
		return f == o
	}
	equal := func(a, b source) bool {
		return a.name == b.name && a.present == b.present && bytes.Equal(a.text, b.text)
	}
	return slices.EqualFunc(f.manifest, o.manifest, equal) &&
		slices.EqualFunc(f.env, o.env, func(a, b dotenv) bool { return equal(a.source, b.source) })
}
