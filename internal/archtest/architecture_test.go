package archtest

import (
	"flag"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the arrows of docs/architecture.md anew")

const (
	architecture = "../../docs/architecture.md"
	arrowsBegin  = "<!-- arrows -->\n"
	arrowsEnd    = "<!-- /arrows -->\n"
)

// TestArchitectureArrows compares the page's list of arrows with the rules that are enforced.
func TestArchitectureArrows(t *testing.T) {
	text := read(t, architecture)
	before, rest, found := strings.Cut(text, arrowsBegin)
	written, after, ended := strings.Cut(rest, arrowsEnd)
	if !found || !ended {
		t.Fatalf("%s has no place for the arrows", architecture)
	}
	var b strings.Builder
	b.WriteString("\n")
	for _, r := range rules {
		b.WriteString(wrap(r.sentence()))
	}
	b.WriteString("\n")
	switch want := b.String(); {
	case want == written:
	case *update:
		page := before + arrowsBegin + want + arrowsEnd + after
		if err := os.WriteFile(architecture, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Error("the arrows of the page are not those of the rules; write them anew: " +
			"go test ./internal/archtest -run Architecture -update")
	}
}

// sentence is a rule as a person reads it.
func (r rule) sentence() string {
	code := func(names []string) string {
		quoted := make([]string, len(names))
		for i, name := range names {
			quoted[i] = "`" + strings.TrimPrefix(name, "internal/") + "`"
		}
		return strings.Join(quoted, ", ")
	}
	verb := " imports"
	if len(r.from) > 1 {
		verb = " import"
	}
	arrow := verb + " nothing of ours"
	switch {
	case len(r.forbidden) > 0:
		arrow = strings.Replace(verb, " ", " never ", 1) + " " + code(r.forbidden)
	case len(r.only) > 0:
		arrow = verb + " only " + code(r.only)
	}
	return "- " + code(r.from) + arrow + ". " + strings.ToUpper(r.reason[:1]) + r.reason[1:] + "."
}

// wrap breaks an item of a list where a line would be too long.
func wrap(item string) string {
	const columns = 118
	var b strings.Builder
	n := 0
	for i, word := range strings.Fields(item) {
		switch {
		case i > 0 && n+1+len(word) > columns:
			b.WriteString("\n  ")
			n = 2
		case i > 0:
			b.WriteString(" ")
			n++
		}
		b.WriteString(word)
		n += len(word)
	}
	return b.String() + "\n"
}

var packageRow = regexp.MustCompile("(?m)^\\| `([a-z/-]+)` \\|")

// TestArchitectureRooms wants each package in the table of rooms, once.
func TestArchitectureRooms(t *testing.T) {
	_, table, _ := strings.Cut(read(t, architecture), "\n## Rooms\n")
	table, _, _ = strings.Cut(table, "\n## ")
	named := map[string]int{}
	for _, m := range packageRow.FindAllStringSubmatch(table, -1) {
		named[m[1]]++
	}
	for _, p := range list(t, "linux", "./../../internal/...", "./../../cmd/...", "./../../scripts/...") {
		if n := named[p.name()]; n != 1 {
			t.Errorf("the table of rooms names %s %d times, and not once", p.name(), n)
		}
		delete(named, p.name())
	}
	for name := range named {
		t.Errorf("the table of rooms names %s, which is not there", name)
	}
}

var (
	inCode  = regexp.MustCompile("`([^`\n]+)`")
	isPath  = regexp.MustCompile(`^[a-zA-Z_.-]+(/[a-zA-Z_-][a-zA-Z_.-]*)+$`)
	isLock  = regexp.MustCompile(`^(?:\w+\.)?(\w+)\.mu$`)
	isIdent = regexp.MustCompile(`^([a-z]+)\.([A-Z]\w*)(?:\.(\w+))?$`)
)

// TestArchitectureNames wants every file, package and function that the pages for those who change
// locald name to exist. A function is named with its package: logs.Read, supervisor.Project.Enter.
func TestArchitectureNames(t *testing.T) {
	packages := map[string]pkg{}
	for _, p := range list(t, "linux", "./../../internal/...") {
		packages[path.Base(p.name())] = p
	}
	for _, page := range []string{architecture, "../../STYLE.md", "../../CONTRIBUTING.md"} {
		_, text, _ := strings.Cut(withoutFences(read(t, page)), "\n")
		for _, m := range inCode.FindAllStringSubmatch(text, -1) {
			name := m[1]
			if isPath.MatchString(name) && !existsInHouse(name) {
				t.Errorf("%s names %s, which is not there", path.Base(page), name)
			}
			if lock := isLock.FindStringSubmatch(name); lock != nil && !declaredInDaemon(t, packages, lock[1]) {
				t.Errorf("%s names the lock %s, whose type is not there", path.Base(page), name)
			}
			id := isIdent.FindStringSubmatch(name)
			if id == nil {
				continue
			}
			if p, ours := packages[id[1]]; ours && !declares(t, p, id[2], id[3]) {
				t.Errorf("%s names %s, which %s does not declare", path.Base(page), name, p.name())
			}
		}
	}
}

// declaredInDaemon reports whether any package of the daemon has such a type.
func declaredInDaemon(t *testing.T, packages map[string]pkg, name string) bool {
	for _, p := range packages {
		if strings.HasPrefix(p.name(), "internal/daemon") && declares(t, p, name, "mu") {
			return true
		}
	}
	return false
}

// existsInHouse takes packages with and without the internal/ that nearly all of them share. What
// begins with no directory of ours is somebody else's, and NAME stands for a file to come.
func existsInHouse(name string) bool {
	there := func(name string) bool {
		return slices.ContainsFunc([]string{"", "internal/"}, func(in string) bool {
			_, err := os.Stat(filepath.Join("../..", in+name))
			return err == nil
		})
	}
	first, _, _ := strings.Cut(name, "/")
	return there(name) || !there(first) || strings.Contains(name, "NAME")
}

// declares reports whether a package has a name at its top, and that a member: a method or field.
func declares(t *testing.T, p pkg, name, member string) bool {
	top := regexp.MustCompile(`(?m)^(?:func|type|var|const|\t)\s*` + name + `\b`)
	inside := regexp.MustCompile(`(?m)^(?:func \((?:\w+ )?\*?` + name + `(?:\[\w+\])?\) |\t)` + member + `\b`)
	has := func(re *regexp.Regexp) bool {
		return slices.ContainsFunc(slices.Concat(p.GoFiles, p.IgnoredGoFiles), func(file string) bool {
			return re.MatchString(read(t, filepath.Join(p.Dir, file)))
		})
	}
	return has(top) && (member == "" || has(inside))
}

// withoutFences leaves out blocks of code.
func withoutFences(text string) string {
	parts := strings.Split(text, "\n```")
	var b strings.Builder
	for i := 0; i < len(parts); i += 2 {
		b.WriteString(parts[i])
	}
	return b.String()
}
