package project

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/locald/locald/internal/landmark"
	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/servicename"
)

// Find returns the nearest project at dir or above it. It tries dir as it is spelled first and its
// physical path where that finds nothing. The walk ends before home, and home itself is never a
// project.
func Find(dir, home string) (root string, ok bool) {
	starts := []string{filepath.Clean(dir)}
	if physical, err := filepath.EvalSymlinks(dir); err == nil && physical != starts[0] {
		starts = append(starts, physical)
	}
	var ends []string
	if filepath.IsAbs(home) {
		ends = append(ends, filepath.Clean(home))
		if physical, err := filepath.EvalSymlinks(home); err == nil {
			ends = append(ends, physical)
		}
	}
	// A Procfile that is a directory or a pipe is found last: reading it says what is wrong, which
	// beats "no project", but it must not hide a real project further up.
	for _, holds := range []func(string) bool{isFile, exists} {
		for _, start := range starts {
			if root, ok := climb(start, ends, holds); ok {
				return root, true
			}
		}
	}
	return "", false
}

func climb(dir string, ends []string, holds func(path string) bool) (string, bool) {
	if !filepath.IsAbs(dir) {
		return "", false
	}
	for ; dir != "/" && !slices.Contains(ends, dir); dir = above(dir) {
		if landmark.IsShared(dir) {
			continue
		}
		for _, name := range landmark.Procfiles() {
			if holds(dir + "/" + name) {
				return dir, true
			}
		}
	}
	return "", false
}

// above is the parent of a clean path. filepath would clean it anew at every step, which in a path
// of hundreds of directories comes to millions of letters.
func above(dir string) string { return dir[:max(1, strings.LastIndexByte(dir, '/'))] }

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// Canonical resolves symbolic links: two spellings of one directory have one canonical path, which
// is a project's identity.
func Canonical(root string) (string, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return "", problemAt("resolve", root, err)
	}
	resolved, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return "", problemAt("resolve", root, err)
	}
	info, err := os.Stat(resolved)
	if err != nil {
		return "", problemAt("resolve", root, err)
	}
	if !info.IsDir() {
		return "", problemAt("use", root,
			errors.New("it is not a directory: name the directory that holds the Procfile"))
	}
	return resolved, nil
}

// Hash returns the first 16 hexadecimal digits of the SHA-256 of a canonical root, for file names
// and suffixes.
func Hash(root string) string {
	sum := sha256.Sum256([]byte(root))
	return hex.EncodeToString(sum[:8])
}

// Name returns a project's display name: the last element of its root, with everything that a
// terminal could act on, or that locald gives a meaning of its own ("/" before a service, "~"
// before a suffix), written as \xNN. Different elements have different names. It is never empty.
func Name(root string) string {
	return plain.Visible(filepath.Base(root), `/~\`)
}

// maxSlugName leaves room for the hash and an extension in the shortest name limit in use (143
// bytes, eCryptfs).
const maxSlugName = 40

// FileSlug returns "<safe-name>-<hash>" for file names under the data directory: only
// [A-Za-z0-9._-], never starting with '.' or '-'.
func FileSlug(root string) string {
	safe := []byte(filepath.Base(root))
	for i, c := range safe {
		if !servicename.Allowed(rune(c)) && c != '.' {
			safe[i] = '_'
		}
	}
	name := string(safe[:min(len(safe), maxSlugName)])
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "-") {
		name = "_" + name[1:]
	}
	return name + "-" + Hash(root)
}
