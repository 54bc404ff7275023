// Package landmark says by what a project is recognised on disk: the names of its Procfile, and
// which directories are never one. The daemon, the client and the hooks have to agree on both. It
// starts no goroutine.
package landmark

import (
	"path"
	"slices"
)

var procfiles = []string{"Procfile.dev", "Procfile"}

// Procfiles are the names of the file that makes a directory a project, in the order in which they
// win.
func Procfiles() []string { return slices.Clone(procfiles) }

// shared directories hold many people's or many projects' files: a Procfile that lies there must
// not make everything below it one project.
var shared = []string{
	"/",
	"/tmp", "/var/tmp",
	"/home", "/Users",
	"/mnt", // disks are mounted below it
	"/net", // the automounter's: to look for a file in it is to look for a host of that name

	// What some of them are called where they are links: on macOS, and where the system's own files
	// cannot be written.
	"/private/tmp", "/private/var/tmp",
	"/var/home", "/var/mnt",
}

// SharedDirs are the directories that are never a project themselves, while those below them can
// be.
func SharedDirs() []string { return slices.Clone(shared) }

// IsShared reports whether a directory is one of SharedDirs.
func IsShared(dir string) bool { return slices.Contains(shared, path.Clean(dir)) }
