package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestEdits counts the edits of a history that was made for it: of two files, one of them renamed, with
// a merge beside them.
func TestEdits(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{
			"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.com",
			"-c", "commit.gpgsign=false",
		}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	commit := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		git("add", ".")
		git("commit", "-qm", name)
	}
	git("init", "-q")
	commit(".env.example", "A=1\nB=2\nC=3\nD=4\n")            // no edit
	commit(".env.example", "A=2\nB=2\nC=3\nD=4\n")            // plain
	commit(".env.example", "A=2\nB=2\nC=3\nD=4\nPATH=/opt\n") // asks
	git("mv", ".env.example", ".env.sample")
	commit(".env.sample", "A=./x\nB=2\nC=3\nD=4\nPATH=/opt\n") // asks
	commit("other", "PATH=/x\n")                               // not one of the names
	git("rm", "-q", ".env.sample")
	git("commit", "-qm", "gone")

	root := t.TempDir()
	p := &projectDir{root: root}
	if err := p.write("Procfile", []byte("web: true\n")); err != nil {
		t.Fatal(err)
	}
	got, err := p.measure(history{dir, []string{".env.example", ".env.sample"}}, true)
	if want := (tally{1, 3, 2}); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}
