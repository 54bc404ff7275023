package docs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestTablesHaveHeads finds rows that a blank line has cut off from their table: they are shown as text.
func TestTablesHaveHeads(t *testing.T) {
	files, err := filepath.Glob("*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	for _, file := range append(files, "../README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(text), "\n")
		for i, line := range lines {
			first := strings.HasPrefix(line, "|") && (i == 0 || !strings.HasPrefix(lines[i-1], "|"))
			if first && (i+1 == len(lines) || !strings.HasPrefix(lines[i+1], "|--")) {
				t.Errorf("%s:%d: a row without a table: %s", file, i+1, line)
			}
		}
	}
}

// maxColumns is what a page has in its source. A row of a table and what is shown as it is printed
// cannot be broken.
const maxColumns = 120

func TestLinesFit(t *testing.T) {
	for _, pattern := range []string{"*.md", "../*.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no pages: %v", err)
		}
		for _, file := range files {
			if file == "faults-matrix.md" { // written by a program
				continue
			}
			shown := false
			for i, line := range strings.Split(read(t, file), "\n") {
				if strings.HasPrefix(strings.TrimSpace(line), "```") {
					shown = !shown
				}
				n := utf8.RuneCountInString(line)
				if n > maxColumns && !shown && !strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "!") {
					t.Errorf("%s:%d has %d columns, more than %d", file, i+1, n, maxColumns)
				}
			}
		}
	}
}
