package wire

import (
	"github.com/locald/locald/internal/bytestr"
)

// UmaskName stands in an Env for what is not a variable: the shell's umask, in
// octal. Services get it as their umask, and not as a variable.
const UmaskName = "LOCALD_UMASK"

// Environ is an environment, as "NAME=value".
type Environ []bytestr.String

// Scope says what a command is about: the project around Dir, or all of them,
// and in it the named services ("web", or "shop/web" of any project). In an up
// "worker=2" asks for so many instances, and "all=1" of every line that is not named.
type Scope struct {
	Dir     bytestr.String `json:"dir"` // absolute, as the shell sees it
	All     bool           `json:"all,omitempty"`
	Targets []string       `json:"targets,omitempty"`
}
