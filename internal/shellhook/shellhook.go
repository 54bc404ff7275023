// Package shellhook owns the code that a shell evaluates so that locald hears where it is: one
// prompt function per shell, kept as a real file in that shell's own language. It starts no
// goroutine and runs nothing; the shells do.
//
// At a prompt whose directory differs from the last one, the hook looks for the nearest project,
// and where that is another than the one last delivered it runs
//
//	BINARY at PID ROOT
//
// with standard input and output on /dev/null and standard error inherited. PID is the interactive
// shell's own; ROOT is the project's directory as the shell sees it (bash may end it in "/.."
// elements, which the kernel resolves), or empty. Any exit status but 0 means "not delivered": the
// next change of directory tries again, after 75 the next prompt.
package shellhook

import (
	_ "embed"
	"fmt"
	"path/filepath"
	"strings"
)

// Placeholders stand in each hook file, once: for the path of the binary, and for the directories
// that are never a project. What takes their place is quoted.
const (
	binaryPlace = "@BINARY@"
	sharedPlace = "@SHARED@"
)

//go:embed hook.bash
var bashHook string

//go:embed hook.zsh
var zshHook string

//go:embed hook.fish
var fishHook string

type shell struct {
	name  string
	hook  string
	quote func(string) string
	or    string // between the shared directories: a list of words, or a pattern
}

var shells = []shell{
	{"bash", bashHook, quotePOSIX, " "},
	{"zsh", zshHook, quotePOSIX, "|"},
	{"fish", fishHook, quoteFish, " "},
}

// Shells names the shells that have a hook.
func Shells() []string {
	names := make([]string, len(shells))
	for i, s := range shells {
		names[i] = s.name
	}
	return names
}

// Script returns the hook for shell. binary is the absolute path that the hook runs; it goes in as
// it is, symlinks unresolved, because the directory of a version disappears at an upgrade while
// shells live on. In the directories called shared, of which there is at least one, the hook looks
// for no Procfile.
func Script(shell, binary string, shared []string) (string, error) {
	if !filepath.IsAbs(binary) || strings.ContainsRune(binary, 0) {
		return "", fmt.Errorf("cannot write a hook that runs %q: not an absolute path", binary)
	}
	for _, s := range shells {
		if s.name == shell {
			put := strings.NewReplacer(binaryPlace, s.quote(binary), sharedPlace, s.words(shared))
			return put.Replace(s.hook), nil
		}
	}
	return "", fmt.Errorf("cannot write a hook for %q: the shells are %s; "+
		"type for example: locald hook %s",
		shell, strings.Join(Shells(), ", "), shells[0].name)
}

func (s shell) words(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = s.quote(text)
	}
	return strings.Join(quoted, s.or)
}

// quotePOSIX quotes for bash and zsh: nothing is special between single quotes but the quote
// itself.
func quotePOSIX(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// quoteFish quotes for fish, where a backslash escapes itself and the quote between single quotes.
func quoteFish(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}
