package engine

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/locald/locald/internal/project"
	"github.com/locald/locald/internal/userconfig"
)

// vouchedFor reports whether a project lies in a directory that the user trusts with all that is in
// it. Each is looked at again every time: it may have been opened to others since. The directory
// itself is not in it: a Procfile there would otherwise be allowed, and be the project of all below
// that has none of its own.
func (e *Engine) vouchedFor(root string) bool {
	for _, prefix := range e.Config.Prefixes {
		if dir, err := e.prefix(prefix); err == nil && root != dir && within(root, dir) {
			return true
		}
	}
	return false
}

// BadPrefixes says which of the trusted prefixes vouch for nothing, and why. One that does not
// exist yet is left out: the same configuration may be used on a machine that has no such
// directory.
func (e *Engine) BadPrefixes() (out []string) {
	for _, prefix := range e.Config.Prefixes {
		if _, err := e.prefix(prefix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			say := fmt.Sprintf("trust.prefixes: %s is ignored: %v", prefix, err)
			if mend := project.Remedy(err); mend != "" {
				say += "; run: " + mend
			}
			out = append(out, say)
		}
	}
	return out
}

// prefix is the directory that is meant by what the configuration says. The home, and what it lies
// in, is where downloads land: not a place where everything is the user's own.
func (e *Engine) prefix(written string) (string, error) {
	named := userconfig.PrefixDir(written, e.Home)
	dir, err := project.Canonical(named)
	if err != nil {
		return "", err
	}
	if home, err := project.Canonical(e.Home); err == nil && within(home, dir) {
		return "", errors.New(
			"your home is in it, downloads included; " +
				"name the directory that holds nothing but projects of yours",
		)
	}
	return dir, project.CheckPrivate(named, e.UID)
}
