// Package scaffold looks at a directory and proposes the lines of a Procfile
// for it, each with the reason. It reads files, runs nothing, writes nothing
// and starts no goroutine.
package scaffold

import (
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/servicename"
)

// Service is one line of the Procfile, and why it is there.
type Service struct {
	Name    string `json:"name"`
	Command string `json:"command"`
	Reason  string `json:"reason"`
}

// Proposal is what was found.
type Proposal struct {
	Services []Service `json:"services"`
	Notes    []string  `json:"notes,omitempty"` // what a person should know, a sentence each
}

// Procfile is the text to write.
func (p Proposal) Procfile() string {
	var b strings.Builder
	b.WriteString("# name: command, one service a line. Each gets a PORT of its own.\n")
	for _, s := range p.Services {
		fmt.Fprintf(&b, "%s: %s\n", s.Name, s.Command)
	}
	return b.String()
}

// finding is what a finder proposes. Names are given when all are known.
type finding struct {
	services []candidate
	notes    []string
}

// candidate is a service without its final name.
type candidate struct {
	web     bool   // answers browsers: it is called web, unless another one is already
	name    string // otherwise
	command string
	reason  string
}

// ignoresPort ends the reason for a line that says $PORT where the program would not read it.
const ignoresPort = "; it ignores PORT, so the command passes it"

// finders know one kind of project each. Of several that would be called web
// the first one is: a server before what only builds its assets.
var finders = []func(tree) finding{
	rails, rack, django, flask, node, jekyll, hugo, golang, rust, runner, compose,
}

// Look proposes services for the project in dir.
func Look(dir fs.FS) Proposal {
	var out Proposal
	names := naming{}
	for _, find := range finders {
		found := find(tree{dir})
		for _, c := range found.services {
			s := Service{Name: names.give(c), Command: c.command, Reason: c.reason}
			out.Services = append(out.Services, s)
		}
		out.Notes = append(out.Notes, found.notes...)
	}
	return out
}

// naming has the names that are taken, in the form in which two services would
// share a variable.
type naming map[string]bool

func (n naming) give(c candidate) string {
	name := safeName(c.name)
	if c.web && !n["WEB"] {
		name = "web"
	}
	unique := name
	for i := 2; n[servicename.Variable(unique)]; i++ {
		unique = fmt.Sprintf("%s-%d", name, i)
	}
	n[servicename.Variable(unique)] = true
	return unique
}

// safeName makes a service's name of anything.
func safeName(name string) string {
	const longest = 40
	name = strings.Map(func(r rune) rune {
		if servicename.Allowed(r) {
			return r
		}
		return '-'
	}, name)
	name = strings.Trim(name[:min(len(name), longest)], "-")
	switch name {
	case "":
		return "app"
	case servicename.Release:
		return name + "-app"
	}
	return name
}

// unquoted reports whether a name can stand in a shell's line as it is.
func unquoted(name string) bool { return plain.Word(name) == name && name[0] != '-' }

// tree is the project's directory.
type tree struct{ fs.FS }

func (t tree) has(path string) bool {
	_, err := fs.Stat(t, path)
	return err == nil
}

// first returns the first of the paths that exists, "" where none does.
func (t tree) first(paths ...string) string {
	for _, p := range paths {
		if t.has(p) {
			return p
		}
	}
	return ""
}

// text returns the beginning of a regular file, "" where there is none. What is
// looked for stands within it, and a file may be anything.
func (t tree) text(path string) string {
	const enough = 256 << 10
	if info, err := fs.Stat(t, path); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	f, err := t.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, enough))
	if err != nil {
		return ""
	}
	return string(data)
}

// mentions reports whether any of the files has the word, in any case.
func (t tree) mentions(word string, paths ...string) bool {
	for _, p := range paths {
		if strings.Contains(strings.ToLower(t.text(p)), word) {
			return true
		}
	}
	return false
}
