package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// fact is something that several packages need and one says.
type fact struct {
	text string   // as it stands in code
	in   []string // the packages that may say it
	why  string
}

var facts = []fact{
	{
		text: `"Procfile.dev"`, in: []string{"internal/landmark"},
		why: "landmark.Procfiles has the names that make a directory a project",
	},
	{
		text: `"/var/tmp"`, in: []string{"internal/landmark", "internal/decisive"},
		why: "landmark.SharedDirs has the directories that are never a project; decisive has where others can write",
	},
	{
		text: "port $PORT\"", in: []string{"internal/devserver"},
		why: "devserver.With has what makes a development server listen on $PORT",
	},
	{
		text: "`'\\''`", in: []string{"internal/plain", "internal/shellhook"},
		why: "plain.Quote quotes for a shell; shellhook imports nothing of ours",
	},
	{
		text: "did you mean", in: []string{"internal/spelling", "internal/cli"},
		why: "spelling.Suggestion makes the guess",
	},
}

// TestFactsStandOnce looks at code, in which a second copy would soon say something else than the first. Tests and
// comments may show it.
func TestFactsStandOnce(t *testing.T) {
	said := map[string]bool{}
	for _, p := range list(t, "linux", "./../../cmd/...", "./../../internal/...") {
		for _, file := range slices.Concat(p.GoFiles, p.IgnoredGoFiles) {
			code := withoutComments(read(t, filepath.Join(p.Dir, file)))
			for _, f := range facts {
				if !strings.Contains(code, f.text) {
					continue
				}
				said[f.text] = true
				if !slices.Contains(f.in, p.name()) {
					t.Errorf("%s/%s says %s itself: %s", p.name(), file, f.text, f.why)
				}
			}
		}
	}
	for _, f := range facts {
		if !said[f.text] {
			t.Errorf("nobody says %s any more: the row guards nothing", f.text)
		}
	}
}

// withoutComments leaves out what stands behind two slashes and a blank, strings that hold that included.
func withoutComments(source string) string {
	var b strings.Builder
	for line := range strings.Lines(source) {
		code, _, _ := strings.Cut(line, "// ")
		b.WriteString(code)
	}
	return b.String()
}

var listedFile = regexp.MustCompile(`(?m)^//\t([a-z_]+\.go)\b`)

// TestTablesOfFiles wants a package comment that lists files to list them all, and none that is gone.
func TestTablesOfFiles(t *testing.T) {
	tables := 0
	for _, p := range list(t, "linux", "./../../...") {
		doc, err := os.ReadFile(filepath.Join(p.Dir, "doc.go"))
		if err != nil {
			continue // its package comment stands beside its code
		}
		var listed []string
		for _, m := range listedFile.FindAllStringSubmatch(string(doc), -1) {
			listed = append(listed, m[1])
		}
		if len(listed) == 0 {
			continue
		}
		tables++
		there := slices.DeleteFunc(slices.Concat(p.GoFiles, p.IgnoredGoFiles), func(f string) bool { return f == "doc.go" })
		for _, file := range there {
			if !slices.Contains(listed, file) {
				t.Errorf("%s/doc.go does not list %s", p.name(), file)
			}
		}
		for _, file := range listed {
			if !slices.Contains(there, file) {
				t.Errorf("%s/doc.go lists %s, which is not there", p.name(), file)
			}
		}
	}
	if tables == 0 {
		t.Error("no package lists its files: the test guards nothing")
	}
}
