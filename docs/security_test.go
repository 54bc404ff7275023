package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each promise names the tests that try it, behind the package that has them, and rows of the fault
// matrix.
func TestPromisesAreTried(t *testing.T) {
	matrix := read(t, "faults-matrix.md") + readAll(t, "../scripts/faults/*.go")
	names := regexp.MustCompile("`([^`]+)`|\\b((?:Test|Fuzz)[A-Z]\\w*)|\\b([A-Z]\\d+[a-z]?)\\b")
	scripts := regexp.MustCompile(`TestScript \(([^)]*)\)`)
	rows, tests := 0, 0
	_, promises, _ := strings.Cut(read(t, "security.md"), "\n## What is promised\n")
	promises, _, _ = strings.Cut(promises, "\n## ")
	for _, line := range strings.Split(promises, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || strings.TrimSpace(cells[1]) == "what" || strings.HasPrefix(line, "|--") {
			continue
		}
		rows++
		dir, found := "", 0
		for _, m := range names.FindAllStringSubmatch(cells[3], -1) {
			found++
			switch {
			case m[1] != "":
				dir = m[1]
			case m[2] != "":
				tests++
				if !strings.Contains(readAll(t, "../"+dir+"/*_test.go"), "func "+m[2]+"(") {
					t.Errorf("%s has no %s", dir, m[2])
				}
			case !strings.Contains(matrix, "| "+m[3]+" |") && !strings.Contains(matrix, `"`+m[3]+`"`):
				t.Errorf("there is no row %s", m[3])
			}
		}
		for _, m := range scripts.FindAllStringSubmatch(cells[3], -1) {
			for _, name := range strings.Split(m[1], ", ") {
				read(t, "../cmd/locald/testdata/script/"+name+".txtar")
			}
		}
		if found == 0 {
			t.Errorf("nothing tries: %s", cells[1])
		}
	}
	if rows == 0 || tests == 0 {
		t.Errorf("%d rows with %d tests", rows, tests)
	}
}

// readAll joins the files that match.
func readAll(t *testing.T, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}
