// Package docs checks that what the documentation shows is what happens: its examples are typed into a real shell, and
// its lists are compared with the code.
package docs

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/locald/locald/internal/shelltest"
)

// TestExamples runs the ```console blocks of each file, in order, in one interactive bash with the hook. A line that
// starts with "$ " is typed; what follows is what it must print. In that, "…" stands for anything within a line, alone
// for any lines; numbers of two digits and more, durations and the widths of columns may differ.
func TestExamples(t *testing.T) {
	bin := build(t)
	files, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "../README.md") {
		examples := consoleExamples(read(t, file))
		if len(examples) == 0 {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			s := newSession(t, bin)
			if strings.Contains(read(t, file), "nc -U") {
				shelltest.Need(t, "nc")
			}
			for _, e := range examples {
				got := s.play(e)
				if !e.pattern().MatchString(normal(got)) {
					t.Fatalf("%s:%d: %s\nis to print\n%s\nbut prints\n%s", file, e.line, e.command, e.output, got)
				}
			}
		})
	}
}

// build makes a directory with the binary in it.
func build(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	run(t, nil, "go", "build", "-o", filepath.Join(bin, "locald"), "../cmd/locald")
	for _, service := range []string{"web", "worker"} { // so that `go run` finds it compiled
		run(t, nil, "go", "build", "-o", os.DevNull, "../examples/shop/"+service+"/main.go")
	}
	return bin
}

func run(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

type example struct {
	line            int
	command, output string
}

// consoleExamples finds the commands and what each is to print.
func consoleExamples(text string) []example {
	var all []example
	inside := false
	for i, line := range strings.Split(text, "\n") {
		switch command, typed := strings.CutPrefix(line, "$ "); {
		case strings.HasPrefix(line, "```"):
			inside = line == "```console"
		case inside && typed:
			all = append(all, example{line: i + 1, command: command})
		case inside && len(all) > 0:
			all[len(all)-1].output += line + "\n"
		}
	}
	return all
}

func (e example) pattern() *regexp.Regexp {
	var b strings.Builder
	for line := range strings.Lines(normal(e.output)) {
		if line == "…\n" {
			b.WriteString(`(?:.*\n)*`)
			continue
		}
		b.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*"))
	}
	return regexp.MustCompile(`\A` + b.String() + `\z`)
}

var (
	redrawn  = regexp.MustCompile(`(?m)^.*\r`)
	duration = regexp.MustCompile(`\b[0-9]+(\.[0-9]+)?(µs|ms|s|m|h[0-9]{2}m|d)\b`)
	number   = regexp.MustCompile(`[0-9]{2,}(\.[0-9]+)?`)
	blanks   = regexp.MustCompile(` {2,}`)
	trailing = regexp.MustCompile(`(?m) +$`)
)

// normal leaves out what differs from run to run.
func normal(text string) string {
	text = redrawn.ReplaceAllString(text, "")
	text = number.ReplaceAllString(duration.ReplaceAllString(text, "<time>"), "<number>")
	text = trailing.ReplaceAllString(blanks.ReplaceAllString(text, "  "), "")
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text
}

// session is a shell in a home of its own, with the hook, and the shop in ~/src/shop.
type session struct{ *shelltest.Shell }

func newSession(t *testing.T, bin string) session {
	t.Helper()
	runtime, err := os.MkdirTemp("", "locald") // t.TempDir is too long for a socket on some systems
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(runtime) })
	env := []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "XDG_RUNTIME_DIR=" + runtime, "LOCALD_DEBUG_AT_BUDGET=20s"}
	s := session{shelltest.Start(t, "bash", shelltest.Options{Env: env, RC: `eval "$(locald hook bash)"`})}
	world := append(env, "HOME="+s.Home(), "XDG_DATA_HOME="+s.Home()+"/.local/share", "XDG_CONFIG_HOME="+s.Home()+"/.config")
	t.Cleanup(func() {
		s.Close()
		run(t, world, filepath.Join(bin, "locald"), "status") // cleans up where an example has killed the daemon
		run(t, world, filepath.Join(bin, "locald"), "daemon", "stop")
	})
	// A service is started by `go run`, also by a daemon that knows nothing of this test's environment.
	keep := []string{"env", "-w"}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH"} {
		keep = append(keep, name+"="+strings.TrimSpace(run(t, nil, "go", "env", name)))
	}
	run(t, append(world, "GOCACHE=", "GOMODCACHE=", "GOPATH="), "go", keep...)
	if err := os.CopyFS(s.Home()+"/src/shop", os.DirFS("../examples/shop")); err != nil {
		t.Fatal(err)
	}
	return s
}

var question = regexp.MustCompile(`(?m)^(.*\[y/N\] )(y|n)$`)

// play types a command, answers what it asks as the example does, and returns what it printed.
func (s session) play(e example) string {
	asked := question.FindStringSubmatch(e.output)
	if asked == nil {
		return s.Run(e.command)
	}
	s.Type(e.command + "\r")
	before := s.Expect(asked[1])
	s.Type(asked[2] + "\r")
	_, before, _ = strings.Cut(strings.ReplaceAll(before, "\r\n", "\n"), "\n") // the echo
	before = strings.ReplaceAll(before, "\x1eout\x1e", "")
	return before + asked[2] + "\n" + s.AwaitPrompt()
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// section returns the part of a document under a heading, up to the next one of its level or above.
func section(t *testing.T, file, heading string) string {
	t.Helper()
	level := heading[:strings.IndexByte(heading, ' ')]
	_, after, ok := strings.Cut("\n"+read(t, file), "\n"+heading+"\n")
	if !ok {
		t.Fatalf("%s has no %q", file, heading)
	}
	end := regexp.MustCompile(fmt.Sprintf(`(?m)^#{1,%d} `, len(level))).FindStringIndex(after)
	if end == nil {
		return after
	}
	return after[:end[0]]
}
