package docs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
