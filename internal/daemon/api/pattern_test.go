package api

import (
	"regexp/syntax"
	"strings"
	"testing"
	"time"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/wire"
)

// What a few characters make large is refused before it is made.
func TestPatternsAreBounded(t *testing.T) {
	for _, text := range []string{
		strings.Repeat(".{999}", 170), strings.Repeat(`\pL{999}`, 110), "(x{100}){10}",
		strings.Repeat("(?:x{0,999}y{0,1})", 40), "((a{9}){9}){9}",
	} {
		begun := time.Now()
		_, err := linePattern(text)
		if err == nil || !strings.Contains(err.Error(), "steps for each character") {
			t.Errorf("%.40s: %v", text, err)
		}
		if took := time.Since(begun); took > 100*time.Millisecond {
			t.Errorf("%.40s took %v", text, took)
		}
	}
	for _, text := range []string{"error|warn", "^.{80}$", `\d{4}-\d\d`, "(?i)x*"} {
		if re, err := linePattern(text); err != nil || re == nil {
			t.Errorf("%s: %v", text, err)
		}
		parsed, err := syntax.Parse(text, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		prog, err := syntax.Compile(parsed.Simplify())
		if n := leastSteps(parsed); err != nil || n > len(prog.Inst) {
			t.Errorf("%s: at least %d steps, it has %d (%v)", text, n, len(prog.Inst), err)
		}
	}
}

// What is denied runs nothing, not even a command of one's own with its PATH.
func TestNothingRunsWhatIsDenied(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		root := w.Project("shop", "web: serve $PORT\n")
		req := wire.EnvRequest{Dir: bytestr.String(root), Lease: true}
		if _, err := w.api.env(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		if _, err := w.api.deny(t.Context(), wire.DenyRequest{Dir: req.Dir}); err != nil {
			t.Fatal(err)
		}
		_, err := w.api.env(t.Context(), req)
		if e, _ := err.(*wire.Error); e == nil || e.Code != wire.CodeNotAllowed {
			t.Errorf("run: %v, want that it is not allowed", err)
		}
		req.Lease = false
		if _, err := w.api.env(t.Context(), req); err != nil {
			t.Errorf("env, which runs nothing: %v", err)
		}
	})
}
