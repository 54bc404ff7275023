package project

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/locald/locald/internal/decisive"
)

// What is looked at to find out which entries of .env decide has an end, so that a request costs
// little whatever the files hold. Beyond it all their bytes count.
const (
	maxJudged   = 4096    // entries, and references in all the files
	maxJudgment = 2 << 20 // bytes of what their references expand to
)

// decisions returns which names of .env decide what runs, each with the reason as it completes
// "NAME …". They are found by their name or value, and by who uses them: whoever sets TOOLS decides
// what PATH="$TOOLS:$PATH" finds, and what the command "$TOOLS/serve" runs, in whichever file that
// is said. known is false where that cannot be told.
func (f *Files) decisions() (reasons map[string]string, known bool) {
	j := judge{
		root: f.root, reasons: map[string]string{}, uses: map[string][]string{},
		budget: maxJudgment,
	}
	if err := j.settings(f); err != nil {
		return nil, false
	}
	j.follow()
	return j.reasons, true
}

// judge finds out which names decide.
type judge struct {
	root    string
	reasons map[string]string
	uses    map[string][]string // by name, the names that its values refer to
	queue   []string            // names that decide and whose uses are not yet looked at
	budget  int
}

var errTooMany = errors.New("more than can be judged")

func (j *judge) settings(f *Files) error {
	files := map[string]string{}
	items := bytes.Count(f.toml().text, []byte("$"))
	for _, file := range f.env {
		items += len(file.entries) + bytes.Count(file.text, []byte("$"))
		if items > maxJudged {
			return errTooMany
		}
		for _, e := range file.entries {
			value, err := parseValue(e)
			if err != nil {
				return err
			}
			if err := j.setting(setting{e.file, e.line, e.name, value}, files, files); err != nil {
				return err
			}
		}
	}
	// Where the manifest is refused nothing runs, and all its bytes are in the digest.
	manifest, err := f.parseManifest()
	if err != nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(manifest.tables)) {
		table := map[string]string{}
		for _, s := range manifest.tables[name].env {
			if err := j.setting(s, table, files); err != nil {
				return err
			}
		}
	}
	for _, line := range manifest.lines {
		j.command(line)
	}
	return nil
}

// setting looks at one entry, whose value it adds to vars: those of the same table so far. below
// are those of the files under it.
func (j *judge) setting(s setting, vars, below map[string]string) error {
	known := func(name string) (string, bool) {
		for _, layer := range []map[string]string{vars, below, workingDir} {
			if value, ok := layer[name]; ok {
				return value, true
			}
		}
		return injected(name)
	}
	value, err := j.expand(s.value, known)
	if err != nil {
		return err
	}
	// As it is where the shell has all the variables that the files do not set.
	inShell, err := j.expand(s.value, func(name string) (string, bool) {
		if value, ok := known(name); ok {
			return value, true
		}
		return decisive.Unknown, true
	})
	if err != nil {
		return err
	}
	j.uses[s.name] = append(j.uses[s.name], s.value.references()...)
	vars[s.name] = value
	if what := decisive.ByName(s.name); what != "" {
		j.decides(s.name, "decides "+what)
	} else {
		j.decides(s.name, decisive.ByValue(j.root, s.name, inShell))
		if value != inShell {
			j.decides(s.name, decisive.ByValue(j.root, s.name, value))
		}
	}
	return nil
}

// workingDir are variables of the shell whose values are known: a service runs in the project.
var workingDir = map[string]string{"PWD": ".", "OLDPWD": ".."}

// injected is what stands for a variable that locald sets where no file does.
func injected(name string) (string, bool) {
	switch {
	case name == portName, strings.HasSuffix(name, "_"+portName):
		return "1", true
	case strings.HasPrefix(name, "LOCALD_") && strings.HasSuffix(name, "_URL"):
		return "http://127.0.0.1:1", true
	}
	return "", false
}

func (j *judge) expand(t template, look lookup) (string, error) {
	e := expansion{look: look, budget: j.budget}
	value, err := e.expand(t)
	j.budget = e.budget
	return value, err
}

// command makes decisive what a line of the Procfile may use of .env: each of its words that is the
// name of an entry, for a shell has many ways to ask for a variable. Its PORT is a number that
// locald sets.
func (j *judge) command(s Service) {
	isNoName := func(r rune) bool {
		return r >= 0x80 || !isLetter(byte(r)) && !isDigit(byte(r)) && r != '_'
	}
	for word := range strings.FieldsFuncSeq(s.Command, isNoName) {
		if _, set := j.uses[word]; set && word != portName {
			j.decides(word, "is in the command of "+s.Name)
		}
	}
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
	for len(j.queue) > 0 {
		name := j.queue[0]
		j.queue = j.queue[1:]
		for _, used := range j.uses[name] {
			j.decides(used, "is used by "+name)
		}
	}
}
