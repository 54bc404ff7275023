package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestManPages makes the pages as `make docs` does: each command that
// commands.md describes has one, with its flags.
func TestManPages(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("go", "run", "./scripts/manpages", dir)
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile("commands.md")
	if err != nil {
		t.Fatal(err)
	}
	headings := regexp.MustCompile(`(?m)^### ([a-z]+)`).FindAllStringSubmatch(string(text), -1)
	if len(headings) < 15 {
		t.Fatalf("only %d commands are found in commands.md", len(headings))
	}
	for _, h := range headings {
		page, err := os.ReadFile(filepath.Join(dir, "locald-"+h[1]+".1"))
		if err != nil {
			t.Error(err)
		} else if !strings.HasPrefix(string(page), ".nh\n.TH") {
			t.Errorf("the page of %s does not begin as one", h[1])
		}
	}
	up, _ := os.ReadFile(filepath.Join(dir, "locald-up.1"))
	if !strings.Contains(string(up), "foreground") {
		t.Error("the page of up lacks a flag")
	}
}
