package docs

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locald/locald/internal/daemon/state"
	"github.com/locald/locald/internal/landmark"
	"github.com/locald/locald/internal/project"
	"github.com/locald/locald/internal/wire"
)

var code = regexp.MustCompile("`([^`]+)`")

// quoted returns what a text has between backquotes, sorted.
func quoted(text string) []string {
	var all []string
	for _, m := range code.FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	slices.Sort(all)
	return all
}

func submatches(re, text string) []string {
	var all []string
	for _, m := range regexp.MustCompile(re).FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	slices.Sort(all)
	return all
}

func TestDangerousNames(t *testing.T) {
	documented := quoted(section(t, "trust.md", "### Names that decide"))
	inCode := submatches(`(?m)^\t"([A-Za-z0-9_]+\*?)",`, read(t, "../internal/project/dangerous.go"))
	if diff := cmp.Diff(inCode, documented); diff != "" {
		t.Errorf("the code and trust.md differ: -code +document\n%s", diff)
	}
	for _, name := range documented {
		if !project.DangerousName(strings.ReplaceAll(name, "*", "X")) {
			t.Errorf("%s is listed and not treated as one", name)
		}
	}
}

// TestSharedDirectories compares those that procfile.md names, but for the ones that they are links to.
func TestSharedDirectories(t *testing.T) {
	intro, _, _ := strings.Cut(read(t, "procfile.md"), "\n## ")
	documented := submatches("`(/[A-Za-z/]*)`", intro)
	for _, dir := range documented {
		if !landmark.IsShared(dir) {
			t.Errorf("%s is documented, and can be a project", dir)
		}
	}
	for _, dir := range landmark.SharedDirs() {
		isOf := func(name string) bool { return dir == name || name != "/" && strings.HasSuffix(dir, name) }
		if !slices.ContainsFunc(documented, isOf) {
			t.Errorf("%s is never a project, and procfile.md does not say so", dir)
		}
	}
}

func TestKeptNames(t *testing.T) {
	want := state.KeptNames()
	slices.Sort(want)
	if diff := cmp.Diff(want, quoted(section(t, "files.md", "### Names that are kept"))); diff != "" {
		t.Errorf("the code and files.md differ: -code +document\n%s", diff)
	}
}

// TestExitCodes compares the table in commands.md with what the client does.
func TestExitCodes(t *testing.T) {
	want := map[string]int{}
	for _, code := range submatches(`Code[A-Za-z]+ +Code = "([a-z_]+)"`, read(t, "../internal/wire/errors.go")) {
		want[code] = wire.Code(code).ExitStatus()
	}
	got := map[string]int{}
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+) \| (.*?) \|`).FindAllStringSubmatch(section(t, "commands.md", "## Exit status"), -1) {
		status, _ := strconv.Atoi(row[1])
		for _, code := range quoted(row[2]) {
			got[code] = status
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the code and commands.md differ: -code +document\n%s", diff)
	}
}

// TestCommands compares every verb and flag of --help with the sections of commands.md.
func TestCommands(t *testing.T) {
	locald := filepath.Join(build(t), "locald")
	help := func(args ...string) string { return run(t, nil, locald, append(args, "--help")...) }
	flags := func(text string) []string {
		all := map[string]bool{}
		for _, flag := range submatches(`(?:^|[\s(\x60])(--[a-z][a-z-]*)`, text) {
			all[flag] = true
		}
		for _, everywhere := range []string{"--help", "--directory"} {
			delete(all, everywhere)
		}
		return slices.Sorted(maps.Keys(all))
	}
	verbs := submatches(`(?m)^  ([a-z]+) +[a-z]`, help()[strings.Index(help(), "Commands:"):])
	documented := submatches(`(?m)^### ([a-z]+)`, read(t, "commands.md"))
	verbs = slices.DeleteFunc(verbs, func(v string) bool { return v == "help" })
	if diff := cmp.Diff(verbs, documented); diff != "" {
		t.Fatalf("the commands differ: -help +document\n%s", diff)
	}
	for _, verb := range verbs {
		if verb == "completion" { // cobra's own
			continue
		}
		text := help(verb)
		if _, sub, nested := strings.Cut(text, "Available Commands:"); nested {
			for _, name := range submatches(`(?m)^  ([a-z]+) +[a-z]`, sub) {
				text += help(verb, name)
			}
		}
		heading := regexp.MustCompile(`(?m)^### ` + verb + `\b.*$`).FindString(read(t, "commands.md"))
		if diff := cmp.Diff(flags(text), flags(section(t, "commands.md", heading))); diff != "" {
			t.Errorf("the flags of %s differ: -help +document\n%s", verb, diff)
		}
	}
}

// TestOperations wants every operation of the protocol documented.
func TestOperations(t *testing.T) {
	want := slices.Sorted(slices.Values(wire.Names()))
	var got []string
	for _, heading := range submatches("(?m)^### (.+)$", section(t, "protocol.md", "## Operations")) {
		got = append(got, quoted(heading)...)
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the code and protocol.md differ: -code +document\n%s", diff)
	}
}

// messages is the source of all messages of the protocol.
func messages(t *testing.T) string {
	files, err := filepath.Glob("../internal/wire/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no messages are found: %v", err)
	}
	var all strings.Builder
	for _, file := range files {
		all.WriteString(read(t, file))
	}
	return all.String()
}

// TestFields wants every field of every message in protocol.md.
func TestFields(t *testing.T) {
	text := read(t, "protocol.md")
	for _, field := range submatches(`json:"([a-z_]+)`, messages(t)) {
		if !strings.Contains(text, "`"+field+"`") && !strings.Contains(text, `"`+field+`"`) {
			t.Errorf("protocol.md does not mention the field %s", field)
		}
	}
}

// TestLinks wants every link within the documentation to lead somewhere.
func TestLinks(t *testing.T) {
	files, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "../README.md") {
		for _, target := range submatches(`\]\(([^)#:]+)`, read(t, file)) {
			if _, err := filepath.Glob(target); err != nil {
				t.Fatal(err)
			}
			if found, _ := filepath.Glob(filepath.Join(filepath.Dir(file), target)); found == nil {
				t.Errorf("%s: there is no %s", file, target)
			}
		}
	}
}
