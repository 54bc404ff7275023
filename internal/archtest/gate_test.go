package archtest

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pastTheGate are the lines of the faces that write to a stream other than through the gate of
// package term, by file, with the reason.
var pastTheGate = map[string]string{
	"../../internal/cli/attach.go":     "the service draws on the terminal that it is attached to",
	"../../internal/cli/order.go":      "the line of progress is drawn over; it holds names and states only",
	"../../internal/cli/root.go":       "the gate is made there, and what is for programs goes past it",
	"../../internal/term/gate.go":      "it is the gate",
	"../../internal/term/logs.go":      "what services print has lost its controls in the daemon",
	"../../internal/term/fold.go":      "it asks for the width",
	"../../internal/term/abandoned.go": "it asks whether anybody reads",
}

var raw = regexp.MustCompile(`\.Writer\b|\bos\.Std(out|err)\b`)

// TestGate finds what could print what somebody else chose as it is.
func TestGate(t *testing.T) {
	left := maps.Clone(pastTheGate)
	for _, dir := range []string{"cli", "at", "view", "term"} {
		files, err := filepath.Glob("../../internal/" + dir + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("no files in %s: %v", dir, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			_, known := pastTheGate[file]
			delete(left, file)
			lines := strings.Split(read(t, file), "\n")
			past := slices.ContainsFunc(lines, func(line string) bool {
				code, _, _ := strings.Cut(line, "//")
				return raw.MatchString(strings.ReplaceAll(code, "io.Writer", ""))
			})
			if past != known {
				t.Errorf("%s writes past the gate of package term: %v; it is expected to: %v", file, past, known)
			}
		}
	}
	for file := range left {
		t.Errorf("%s is not there", file)
	}
}
