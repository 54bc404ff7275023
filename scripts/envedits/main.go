// Envedits reads the histories of example .env files and counts how many edits of them would have
// asked a person for a new approval: those after which the digest of what decides is another.
//
//	go run ./scripts/envedits [-v] -names .env.example,.env.sample GITDIR...
//
// Each change of such a file by one commit, other than a merge, is an edit; the commit that creates
// the file is none. It prints one line a repository, and at the end the figures; with -v every edit
// that asks, with the decisive entries that differ. Names of variables only, never their values.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/locald/locald/internal/project"
)

func main() {
	names := flag.String("names", ".env.example", "names of the files, with commas")
	verbose := flag.Bool("v", false, "print every edit that asks, and why")
	flag.Parse()
	if err := measure(flag.Args(), strings.Split(*names, ","), *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "envedits:", err)
		os.Exit(1)
	}
}

// tally counts edits.
type tally struct{ repositories, edits, asking int }

func (t *tally) add(o tally) {
	t.repositories += o.repositories
	t.edits += o.edits
	t.asking += o.asking
}

func measure(repositories, names []string, verbose bool) error {
	root, err := os.MkdirTemp("", "envedits")
	if err != nil {
		return err
	}
	defer os.RemoveAll(root)
	p := &projectDir{root: root}
	if err := p.write("Procfile", []byte("web: true\n")); err != nil {
		return err
	}
	var total tally
	for _, repository := range repositories {
		h := history{repository, names}
		t, err := p.measure(h, verbose)
		if err != nil {
			return fmt.Errorf("%s: %w", repository, err)
		}
		fmt.Printf("%5d edits, %4d ask  %s\n", t.edits, t.asking, repository)
		total.add(t)
	}
	fmt.Printf("%d repositories with edits, %d edits, %d ask: %.2f %%\n",
		total.repositories, total.edits, total.asking,
		100*float64(total.asking)/float64(max(total.edits, 1)))
	return nil
}

// projectDir is a project whose .env is written anew for every version of a file.
type projectDir struct{ root string }

func (p *projectDir) write(name string, text []byte) error {
	return os.WriteFile(filepath.Join(p.root, name), text, 0o600)
}

func (p *projectDir) read(text []byte) (*project.Files, error) {
	if err := p.write(".env", text); err != nil {
		return nil, err
	}
	return project.Read(p.root, os.Getuid())
}

func (p *projectDir) measure(h history, verbose bool) (tally, error) {
	edits, err := h.edits()
	if err != nil || len(edits) == 0 {
		return tally{}, err
	}
	t := tally{repositories: 1}
	for _, e := range edits {
		before, err := p.read(e.before)
		if err != nil {
			return t, err
		}
		after, err := p.read(e.after)
		if err != nil {
			return t, err
		}
		t.edits++
		if before.Digest() == after.Digest() {
			continue
		}
		t.asking++
		if verbose {
			fmt.Printf("%s %s: %s\n", e.commit, e.path, strings.Join(before.Differing(after), "; "))
		}
	}
	return t, nil
}

// history is that of files of some names in a git directory.
type history struct {
	dir   string
	names []string
}

// edit is one file before and after one commit.
type edit struct {
	commit, path  string
	before, after []byte
}

func (h history) git(args ...string) *exec.Cmd {
	return exec.Command("git", append([]string{"-C", h.dir}, args...)...)
}

// edits returns those of all commits that can be reached from HEAD.
func (h history) edits() ([]edit, error) {
	args := []string{
		"log", "--no-merges", "--reverse", "--raw", "--no-abbrev", "-M", "-z",
		"--format=%H", "--",
	}
	for _, name := range h.names {
		args = append(args, ":(glob)**/"+name)
	}
	out, err := h.git(args...).Output()
	if err != nil {
		return nil, err
	}
	edits, blobs := parseLog(string(out))
	texts, err := h.blobs(blobs)
	if err != nil {
		return nil, err
	}
	for i := range edits {
		edits[i].before, edits[i].after = texts[2*i], texts[2*i+1]
	}
	// What the snapshot lacks cannot be compared.
	return slices.DeleteFunc(edits, func(e edit) bool {
		return e.before == nil || e.after == nil || bytes.Equal(e.before, e.after)
	}), nil
}

// parseLog returns the edits without their texts, and the two blobs of each.
func parseLog(out string) (edits []edit, blobs []string) {
	commit := ""
	fields := strings.Split(out, "\x00")
	for i := 0; i < len(fields); i++ {
		meta, isRaw := strings.CutPrefix(strings.TrimLeft(fields[i], "\n"), ":")
		if !isRaw {
			commit = strings.TrimSpace(fields[i])
			continue
		}
		// MODE MODE BLOB BLOB STATUS, then a path, or two of a rename.
		columns := strings.Fields(meta)
		status := columns[4][0]
		i++
		if status == 'R' || status == 'C' {
			i++
		}
		if status == 'M' || status == 'R' {
			edits = append(edits, edit{commit: commit, path: fields[i]})
			blobs = append(blobs, columns[2], columns[3])
		}
	}
	return edits, blobs
}

// blobs returns the contents of objects; nil where there is none.
func (h history) blobs(ids []string) ([][]byte, error) {
	cat := h.git("cat-file", "--batch")
	cat.Stdin = strings.NewReader(strings.Join(ids, "\n") + "\n")
	out, err := cat.Output()
	if err != nil {
		return nil, err
	}
	texts := make([][]byte, 0, len(ids))
	r := bytes.NewBuffer(out)
	for range ids {
		head, err := r.ReadString('\n')
		if err != nil {
			return nil, err
		}
		size := 0
		if _, err := fmt.Sscanf(head, "%s blob %d", new(string), &size); err != nil {
			texts = append(texts, nil)
			continue
		}
		texts = append(texts, r.Next(size))
		r.Next(1) // the line end after it
	}
	return texts, nil
}
