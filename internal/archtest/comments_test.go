package archtest

import (
	"path/filepath"
	"strings"
	"testing"
)

// explained are the packages in which the order of the lines is often the point: what is on record
// before a gate opens, which lock is held and which is not, what a crash at this line leaves. None
// of that can be seen in the code, and a change that looks harmless breaks it. At least this share
// of their lines, in percent, are comments: a package that grows without its reasons falls below.
//
// A share cannot tell a reason from filler. Whoever has to raise it says why, as in STYLE.md, or
// takes out code that needs no explaining.
var explained = []string{
	"internal/daemon/engine", "internal/daemon/proc", "internal/daemon/supervisor",
}

const commentShare = 15

// TestCommentShare counts the lines that are nothing but a comment, of the files of every system.
func TestCommentShare(t *testing.T) {
	for _, dir := range explained {
		files, err := filepath.Glob(filepath.Join("../..", dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no files in %s: %v", dir, err)
		}
		comments, lines := 0, 0
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for line := range strings.Lines(read(t, file)) {
				lines++
				if strings.HasPrefix(strings.TrimSpace(line), "//") {
					comments++
				}
			}
		}
		if 100*comments < commentShare*lines {
			t.Errorf(
				"%s: %d of %d lines are comments (%.1f %%), fewer than %d %%: say why, not what",
				dir, comments, lines, 100*float64(comments)/float64(lines), commentShare,
			)
		}
	}
}
