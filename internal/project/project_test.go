package project

import (
	"os"
	"path/filepath"
	"testing"
)

// write puts files below a fresh directory, with modes that do not depend on the umask, and returns
// its canonical path.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	chmod(t, root, 0o755)
	for name, text := range files {
		writeFile(t, filepath.Join(root, name), text)
	}
	return root
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	chmod(t, path, 0o644)
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, root string) *Files {
	t.Helper()
	files, err := Read(root, os.Getuid())
	if err != nil {
		t.Fatalf("Read(%s): %v", root, err)
	}
	return files
}

// parse reads files from a fresh directory; without a Procfile among them there is one with web and
// db.
func parse(t *testing.T, files map[string]string) (*Spec, error) {
	t.Helper()
	root := write(t, files)
	if _, ok := files["Procfile"]; !ok {
		writeFile(t, filepath.Join(root, "Procfile"), "web: serve\ndb: store\n")
	}
	return read(t, root).Parse()
}

func mustParse(t *testing.T, files map[string]string) *Spec {
	t.Helper()
	spec, err := parse(t, files)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return spec
}

func texts(warned []Warning) []string {
	var list []string
	for _, w := range warned {
		list = append(list, w.String())
	}
	return list
}
