package docs

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locald/locald/internal/daemon/state"
	"github.com/locald/locald/internal/decisive"
	"github.com/locald/locald/internal/landmark"
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

// TestDecisiveNames compares the table of trust.md with the one in the code.
func TestDecisiveNames(t *testing.T) {
	code := func(names []string) string { return "`" + strings.Join(names, "` `") + "`" }
	var table strings.Builder
	table.WriteString("| family | what they decide | names |\n|---|---|---|\n")
	for _, f := range decisive.Families() {
		fmt.Fprintf(&table, "| %s | %s | %s |\n", f.Title, f.Reason, code(f.Names))
	}
	documented := section(t, "trust.md", "### Names that decide")
	if !strings.Contains(documented, table.String()) {
		t.Errorf("trust.md has another table than the code, which has:\n%s", &table)
	}
	_, harmless, _ := strings.Cut(documented, "do not count:")
	want := slices.Sorted(slices.Values(decisive.Harmless()))
	if diff := cmp.Diff(want, quoted(harmless)); diff != "" {
		t.Errorf("the names that do not count: -code +document\n%s", diff)
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

var statusRow = regexp.MustCompile(`(?m)^\| (\d+) \| (.*?) \|`)

// TestExitCodes compares the table in commands.md with what the client does.
func TestExitCodes(t *testing.T) {
	want := map[string]int{}
	for _, code := range submatches(`Code[A-Za-z]+ +Code = "([a-z_]+)"`, read(t, "../internal/wire/errors.go")) {
		want[code] = wire.Code(code).ExitStatus()
	}
	got := map[string]int{}
	statuses := section(t, "commands.md", "## Exit status")
	for _, row := range statusRow.FindAllStringSubmatch(statuses, -1) {
		status, _ := strconv.Atoi(row[1])
		for _, code := range quoted(row[2]) {
			got[code] = status
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the code and commands.md differ: -code +document\n%s", diff)
	}
}

// command is the section of commands.md about a verb.
func command(t *testing.T, verb string) string {
	t.Helper()
	heading := regexp.MustCompile(`(?m)^### ` + verb + `\b.*$`).FindString(read(t, "commands.md"))
	return section(t, "commands.md", heading)
}

// flags are those that a text mentions, but for the ones that every command has.
func flags(text string) []string {
	all := map[string]bool{}
	for _, flag := range submatches(`(?:^|[\s(\x60])(--[a-z][a-z-]*)`, text) {
		all[flag] = true
	}
	for _, everywhere := range []string{"--help", "--directory"} {
		delete(all, everywhere)
	}
	return slices.Sorted(maps.Keys(all))
}

// TestCommands compares every verb and flag of --help with the sections of commands.md.
func TestCommands(t *testing.T) {
	locald := filepath.Join(build(t), "locald")
	help := func(args ...string) string { return run(t, locald, append(args, "--help")...) }
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
		if diff := cmp.Diff(flags(text), flags(command(t, verb))); diff != "" {
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

// place is where protocol.md has the fields of a message: in the prose and tables of a section,
// from some words on.
type place struct {
	section, from string
	also          string // another section, where some of them are
}

// places of all messages. A message that is new gets a line here, and its fields a word there.
var places = map[string]place{
	"Hello":         {section: "## Hello", from: ""},
	"Scope":         {section: "## Operations", from: "Many bodies"},
	"AtRequest":     {section: "### `at`", from: "Body:"},
	"AtReply":       {section: "### `at`", from: "Answer:"},
	"AllowRequest":  {section: "### `allow`", from: "Body:"},
	"AllowReply":    {section: "### `allow`", from: "Answer"},
	"Change":        {section: "### `allow`", from: "`services`"},
	"Entry":         {section: "### `allow`", from: "`entries`"},
	"DenyRequest":   {section: "### `deny`", from: "Body:"},
	"DenyReply":     {section: "### `deny`", from: "Answer:"},
	"OrderRequest":  {section: "### `up`, `down`, `restart`", from: "Body:"},
	"OrderEvent":    {section: "### `up`, `down`, `restart`", from: "Each event"},
	"OrderReply":    {section: "### `up`, `down`, `restart`", from: "The end has"},
	"Result":        {section: "### `up`, `down`, `restart`", from: "a list of", also: "### `wait`"},
	"LeftProcess":   {section: "### `up`, `down`, `restart`", from: "`left`"},
	"WaitRequest":   {section: "### `wait`", from: "Body:"},
	"StatusRequest": {section: "### `status`", from: "Body:"},
	"StatusEvent":   {section: "### `status`", from: "All projects"},
	"StatusReply":   {section: "### `status`", from: "Answer:"},
	"Daemon":        {section: "### `status`", from: "`daemon`"},
	"Project":       {section: "### `status`", from: "`projects`"},
	"Present":       {section: "### `status`", from: "`shells`"},
	"AutoStop":      {section: "### `status`", from: "`auto_stop`"},
	"Service":       {section: "### `status`", from: "A service has"},
	"Exit":          {section: "### `status`", from: "| `exit` |"},
	"LogsRequest":   {section: "### `logs`", from: "Body:"},
	"SpecRequest":   {section: "### `spec`", from: "Body:"},
	"SpecReply":     {section: "### `spec`", from: "Answer:"},
	"SpecService":   {section: "### `spec`", from: "`services`"},
	"SpecVar":       {section: "### `spec`", from: "`variables`"},
	"LogsReply":     {section: "### `logs`", from: "Each event, and the end"},
	"Dropped":       {section: "### `logs`", from: "`dropped`"},
	"WatchEvent":    {section: "### `watch`", from: "Events:"},
	"LogEvent":      {section: "### `logs`", from: "Each event"},
	"Line":          {section: "### `logs`", from: "`lines`"},
	"AttachRequest": {section: "### `attach`", from: "Body:"},
	"Size":          {section: "### `attach`", from: "`size`"},
	"Keys":          {section: "### `attach`", from: "the client may send"},
	"AttachEvent":   {section: "### `attach`", from: "The first event"},
	"AttachReply":   {section: "### `attach`", from: "The end has"},
	"EnvRequest":    {section: "### `env`", from: "Body:"},
	"EnvReply":      {section: "### `env`", from: "Answer:"},
	"Var":           {section: "### `env`", from: "`vars`"},
	"CheckRequest":  {section: "### `check`", from: "Body:"},
	"CheckReply":    {section: "### `check`", from: "Answer:"},
	"CheckService":  {section: "### `check`", from: "`services`"},
	"Finding":       {section: "### `check`", from: "`findings`"},
	"DaemonReply":   {section: "### `daemon`", from: "Answer:"},
	"Shell":         {section: "### `daemon`", from: "`shells`"},
	"StopRequest":   {section: "### `stop`", from: "Body:"},
	"StopReply":     {section: "### `stop`", from: "Answer:"},
	"ForgetRequest": {section: "### `forget`", from: "Body:"},
	"ForgetReply":   {section: "### `forget`", from: "Answer:"},
	"Forgotten":     {section: "### `forget`", from: "`projects`"},
}

var (
	message = regexp.MustCompile(`(?ms)^type (\w+) struct \{(.*?)^\}`)
	blocks  = regexp.MustCompile("(?ms)^```.*?^```$")
)

// TestFields wants every field of every message in protocol.md, where that message is described.
func TestFields(t *testing.T) {
	for _, m := range message.FindAllStringSubmatch(messages(t), -1) {
		name, fields := m[1], submatches(`json:"([a-z_]+)`, m[2])
		at, ok := places[name]
		if len(fields) == 0 || name == "Error" { // which is described with the frames
			continue
		}
		if !ok {
			t.Errorf("%s: say in places where protocol.md describes it", name)
			continue
		}
		text := blocks.ReplaceAllString(section(t, "protocol.md", at.section), "")
		_, text, ok = strings.Cut(strings.ReplaceAll(text, "\n", " "), at.from) // as it is read, not as it is broken
		if !ok {
			t.Errorf("%s: %s of protocol.md has no %q", name, at.section, at.from)
		}
		if at.also != "" {
			text += section(t, "protocol.md", at.also)
		}
		// In "{"code":1}" too it is a name between backquotes.
		text = strings.Join(quoted(at.from+text), "\n")
		for _, field := range fields {
			if !regexp.MustCompile(`(?m)^` + field + `$|"` + field + `":`).MatchString(text) {
				t.Errorf("%s: %s of protocol.md does not mention %s", name, at.section, field)
			}
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
