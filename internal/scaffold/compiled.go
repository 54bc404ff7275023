package scaffold

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// golang proposes the programs of a module: at its root and in cmd.
func golang(t tree) finding {
	module := t.text("go.mod")
	if module == "" {
		return finding{}
	}
	var programs []goProgram
	if p, ok := t.goProgram("."); ok {
		p.name = path.Base(modulePath(module))
		programs = append(programs, p)
	}
	entries, _ := fs.ReadDir(t, "cmd") // none: there is no such directory
	for _, e := range entries {
		if !e.IsDir() || !unquoted(e.Name()) {
			continue
		}
		if p, ok := t.goProgram("cmd/" + e.Name()); ok {
			p.name = e.Name()
			programs = append(programs, p)
		}
	}
	var out finding
	for _, p := range programs {
		c := candidate{
			web: p.readsPort && len(programs) == 1, name: p.name,
			command: "go run " + p.pkg, reason: "package main in " + p.place(),
		}
		if p.readsPort {
			c.reason += ", which reads PORT"
		}
		out.services = append(out.services, c)
	}
	if len(programs) > 1 {
		out.notes = append(out.notes, "go.mod has several programs: "+
			"remove the lines of those that are not services")
	}
	return out
}

// goProgram is one package main.
type goProgram struct {
	pkg, name string
	readsPort bool // it has the string "PORT"
}

func (p goProgram) place() string {
	if p.pkg == "." {
		return "the root"
	}
	return strings.TrimPrefix(p.pkg, "./")
}

func (t tree) goProgram(dir string) (goProgram, bool) {
	p := goProgram{pkg: "."}
	if dir != "." {
		p.pkg = "./" + dir
	}
	files, _ := fs.Glob(t, path.Join(dir, "*.go")) // the pattern is well-formed
	is := false
	for _, file := range files {
		text := t.text(file)
		if strings.HasSuffix(file, "_test.go") || packageOf(text) != "main" {
			continue
		}
		is = true
		p.readsPort = p.readsPort || strings.Contains(text, `"PORT"`)
	}
	return p, is
}

// packageOf returns the name in the package clause, "" for a file that is kept
// out of every build.
func packageOf(source string) string {
	comment := false
	for line := range strings.Lines(source) {
		line = strings.TrimSpace(line)
		switch {
		case comment || strings.HasPrefix(line, "/*"):
			comment = !strings.Contains(line, "*/")
		case line == "//go:build ignore":
			return ""
		case strings.HasPrefix(line, "package "):
			return strings.Fields(line)[1]
		}
	}
	return ""
}

func modulePath(mod string) string {
	for line := range strings.Lines(mod) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "module "); ok {
			return strings.Trim(strings.TrimSpace(name), `"`)
		}
	}
	return "app"
}

// rust proposes the binaries of a package.
func rust(t tree) finding {
	text := t.text("Cargo.toml")
	if text == "" {
		return finding{}
	}
	var manifest struct {
		Package struct {
			Name string `toml:"name"`
		} `toml:"package"`
		Bin []struct {
			Name string `toml:"name"`
		} `toml:"bin"`
	}
	if _, err := toml.Decode(text, &manifest); err != nil {
		return finding{
			notes: []string{"Cargo.toml cannot be read: it is not the TOML of a package"},
		}
	}
	if manifest.Package.Name == "" {
		return finding{notes: []string{"Cargo.toml is a workspace: " +
			"add a line for each program that is a service, with: cargo run -p NAME"}}
	}
	var names []string
	for _, b := range manifest.Bin {
		names = append(names, b.Name)
	}
	sources, _ := fs.Glob(t, "src/bin/*.rs") // the pattern is well-formed
	if len(names) == 0 {
		if t.has("src/main.rs") {
			names = append(names, manifest.Package.Name)
		}
		for _, s := range sources {
			names = append(names, strings.TrimSuffix(path.Base(s), ".rs"))
		}
	}
	// Cargo takes no others.
	return t.cargo(slices.DeleteFunc(names, func(n string) bool { return !unquoted(n) }))
}

func (t tree) cargo(names []string) finding {
	var out finding
	for _, name := range names {
		c := candidate{
			name: name, command: "cargo run --bin " + name, reason: "a binary of Cargo.toml",
		}
		if len(names) == 1 {
			c.command = "cargo run"
			c.web = strings.Contains(t.text("src/main.rs"), `"PORT"`)
		}
		if c.web {
			c.reason += ", which reads PORT"
		}
		out.services = append(out.services, c)
	}
	if len(names) > 1 {
		out.notes = append(out.notes, fmt.Sprintf("Cargo.toml has %d programs: "+
			"remove the lines of those that are not services", len(names)))
	}
	return out
}
