package project

import (
	"bytes"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/locald/locald/internal/decisive"
	"github.com/locald/locald/internal/servicename"
)

// What is looked at to find out which entries of .env decide has an end, so that a request costs
// little whatever the files hold. Beyond it all their bytes count.
const (
	maxJudged   = 4096    // entries, and references in all the files
	maxJudgment = 2 << 20 // bytes of what their references expand to
)

const tooManyToTell = "it has too many entries or references to tell which of them decide"

// decisions are what of .env and .env.local decides what runs.
type decisions struct {
	reasons map[string]string // by name of an entry, each completes "NAME …"
	whole   map[string]string // by name of a file that counts as a whole, why
}

// decisions are found by a name or value, and by who uses it: whoever sets TOOLS decides what
// PATH="$TOOLS:$PATH" finds, and what the command "$TOOLS/serve" runs, in whichever file that is
// said. They are found once.
func (f *Files) decisions() decisions {
	f.judging.Do(func() { f.judged = f.judge() })
	return f.judged
}

func (f *Files) judge() decisions {
	j := judge{
		root: f.root, uses: map[string][]string{}, budget: maxJudgment,
		decisions: decisions{map[string]string{}, map[string]string{}},
	}
	failed := j.settings(f) != nil
	if failed {
		j.reasons = nil
	}
	j.follow()
	for _, file := range f.env {
		if failed || file.refused != nil {
			j.whole[file.name] = tooManyToTell
		}
	}
	return j.decisions
}

// judge finds out which names decide.
type judge struct {
	decisions
	root   string
	uses   map[string][]string // by name, the names that its values refer to
	queue  []string            // names that decide and whose uses are not yet looked at
	locald map[string]string   // what locald sets
	budget int
}

var errTooMany = errors.New("more than can be judged")

func (j *judge) settings(f *Files) error {
	if err := f.countJudged(); err != nil {
		return err
	}
	// Where the manifest is refused nothing runs, and all its bytes are in the digest.
	manifest, err := f.parseManifest()
	if err != nil {
		manifest = &Spec{}
	}
	j.locald = injectedNames(manifest)
	files := newWorlds()
	for _, file := range f.env {
		for _, e := range file.entries {
			value, err := parseValue(e)
			if err != nil {
				return err
			}
			if err := j.setting(setting{e.file, e.line, e.name, value}, files); err != nil {
				return err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(manifest.tables)) {
		table := files.above()
		for _, s := range manifest.tables[name].env {
			if err := j.setting(s, table); err != nil {
				return err
			}
		}
	}
	for _, line := range manifest.lines {
		j.command(line)
	}
	return nil
}

func (f *Files) countJudged() error {
	items := bytes.Count(f.toml().text, []byte("$"))
	for _, file := range f.env {
		items += len(file.entries) + bytes.Count(file.text, []byte("$"))
	}
	if items > maxJudged {
		return errTooMany
	}
	return nil
}

// setting looks at one entry in each of the worlds, to which it adds its value.
func (j *judge) setting(s setting, in worlds) error {
	byName := decisive.ByName(s.name)
	if byName != "" {
		j.decides(s.name, "decides "+byName)
	}
	j.uses[s.name] = append(j.uses[s.name], s.value.references()...)
	for _, w := range in {
		value, err := j.expand(s.value, w)
		if err != nil {
			return err
		}
		// What .env says of the PORT is a wish: what the others see is the one that is leased.
		if s.name != portName {
			w.vars[s.name] = value
		}
		if byName == "" {
			j.decides(s.name, decisive.ByValue(j.root, s.name, value))
		}
	}
	return nil
}

// command makes decisive what a line of the Procfile may use of .env: each of its words that is the
// name of an entry, for a shell has many ways to ask for a variable. Its PORT is a number that
// locald sets. A file that it names may be read as code.
func (j *judge) command(s Service) {
	for word := range strings.FieldsFuncSeq(s.Command, isNoFileName) {
		if slices.Contains(envNames, word) {
			j.whole[word] = "it is in the command of " + s.Name
		}
	}
	isNoName := func(r rune) bool {
		return r >= 0x80 || !isLetter(byte(r)) && !isDigit(byte(r)) && r != '_'
	}
	for word := range strings.FieldsFuncSeq(s.Command, isNoName) {
		if _, set := j.uses[word]; set && word != portName {
			j.decides(word, "is in the command of "+s.Name)
		}
	}
}

func isNoFileName(r rune) bool {
	return r >= 0x80 || !isLetter(byte(r)) && !isDigit(byte(r)) && !strings.ContainsRune("_.-", r)
}

// decides notes the first reason why a name does.
func (j *judge) decides(name, reason string) {
	if reason != "" && j.reasons[name] == "" {
		j.reasons[name] = reason
		j.queue = append(j.queue, name)
	}
}

// follow makes decisive what the decisive refer to.
func (j *judge) follow() {
	for j.reasons != nil && len(j.queue) > 0 {
		name := j.queue[0]
		j.queue = j.queue[1:]
		for _, used := range j.uses[name] {
			j.decides(used, "is used by "+name)
		}
	}
}

// world is what the values of .env become in one kind of shell. A value is judged in two: where the
// shell has every variable that no file sets, and where it has none.
type world struct {
	full        bool
	vars, below map[string]string // that files set: those of a table, and those under it
}

type worlds [2]*world

func newWorlds() worlds {
	return worlds{
		{full: true, vars: map[string]string{}}, {full: false, vars: map[string]string{}},
	}
}

// above returns the worlds of one service: what its table sets hides what is in these.
func (w worlds) above() worlds {
	table := newWorlds()
	for i := range table {
		table[i].below = w[i].vars
	}
	return table
}

func (w *world) lookup(name string) (value string, set bool) {
	if value, set = w.vars[name]; !set {
		value, set = w.below[name]
	}
	return value, set
}

// injectedNames returns what stands for the variables that locald sets for the services of a
// manifest.
func injectedNames(manifest *Spec) map[string]string {
	vars := map[string]string{portName: "1"}
	for _, line := range manifest.lines {
		name := servicename.Variable(line.Name)
		vars[name+"_PORT"], vars["LOCALD_"+name+"_PORT"] = "1", "1"
		vars["LOCALD_"+name+"_URL"] = "http://127.0.0.1:1"
	}
	return vars
}

// expand returns what a template is in a world.
func (j *judge) expand(t template, in *world) (string, error) {
	var b strings.Builder
	for _, p := range t {
		text := p.text
		if p.name != "" {
			var err error
			if text, err = j.reference(p, in); err != nil {
				return "", err
			}
		}
		if j.budget -= len(text); j.budget < 0 {
			return "", errTooMuch
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

func (j *judge) reference(p part, in *world) (string, error) {
	value, set := in.lookup(p.name)
	if !set {
		value, set = j.workingDir(p.name)
	}
	unsure := !set || p.emptyIsNone && strings.Contains(value, decisive.Unknown)
	switch {
	case !unsure && p.hasDefault && p.emptyIsNone && value == "":
		return j.expand(p.alternative, in)
	case !unsure:
		return value, nil
	case in.full:
		return j.eitherWay(p, value, set, in)
	case p.hasDefault:
		return j.expand(p.alternative, in)
	}
	if value, set = j.locald[p.name]; set {
		return value, nil
	}
	return p.text, nil
}

// eitherWay stands for a variable that may have a value or not. Its default alone is judged in the
// other world; but of several such variables some may be set, so a default that can bring more than
// a part of a word makes everything possible.
func (j *judge) eitherWay(p part, value string, set bool, in *world) (string, error) {
	if !set {
		value, set = j.locald[p.name]
	}
	if !set {
		value = decisive.Unknown
	}
	if !p.hasDefault {
		return value, nil
	}
	alternative, err := j.expand(p.alternative, in)
	switch {
	case err != nil:
		return "", err
	case !isPartOfWord(alternative):
		return decisive.Anything, nil
	case strings.Contains(alternative, decisive.Unknown):
		return decisive.Unknown, nil
	}
	return value, nil
}

func isPartOfWord(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool {
		return r >= 0x80 || r != 0 && !isLetter(byte(r)) && !isDigit(byte(r)) &&
			!strings.ContainsRune("_-.", r)
	}) < 0
}

// workingDir has the variables of the shell whose values are known: a service runs in the project.
func (j *judge) workingDir(name string) (dir string, known bool) {
	switch name {
	case "PWD":
		return j.root, true
	case "OLDPWD":
		return filepath.Dir(j.root), true
	}
	return "", false
}
