package docs

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestManPages makes the pages as `make docs` does: each command that commands.md describes has
// one, with its flags.
func TestManPages(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("go", "run", "./scripts/manpages", dir)
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	verbs := submatches(`(?m)^### ([a-z]+)`, read(t, "commands.md"))
	if len(verbs) < 15 {
		t.Fatalf("only %d commands are found in commands.md", len(verbs))
	}
	for _, verb := range verbs {
		page := read(t, filepath.Join(dir, "locald-"+verb+".1"))
		title := `.TH "LOCALD-` + strings.ToUpper(verb) + `" "1"`
		name := regexp.MustCompile(`(?m)^\.SH NAME\nlocald-` + verb + ` - \S`)
		if !strings.Contains(page, title) || !name.MatchString(page) {
			t.Errorf("the page of %s does not begin as one:\n%.200s", verb, page)
		}
		if verb == "completion" { // cobra's own
			continue
		}
		below, err := filepath.Glob(filepath.Join(dir, "locald-"+verb+"-*.1"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range below { // the pages of a command's commands
			page += read(t, file)
		}
		described := flags(strings.ReplaceAll(page, `\fB--`, " --"))
		if diff := cmp.Diff(flags(command(t, verb)), described); diff != "" {
			t.Errorf("the flags of %s differ: -document +page\n%s", verb, diff)
		}
	}
}
