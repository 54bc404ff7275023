// Package docs checks that what the documentation shows is what happens: its examples are typed
// into a real shell, and its lists are compared with the code.
package docs

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/locald/locald/internal/shelltest"
	"github.com/locald/locald/internal/testworld"
)

// TestExamples runs the ```console blocks of each file, in order, in one interactive bash with the
// hook. A line that starts with "$ " is typed; what follows is what it must print. In that, "…"
// stands for anything within a line, alone for any lines. Times and the widths of columns may
// differ. A number from 20500 to 20599 stands for a port of the world, everywhere in the file the
// same one, and a number from 4600 to 4799 for a process that the session has seen.
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
				s.look()
				got := s.play(e)
				s.look()
				if wrong := s.compare(e, got); wrong != "" {
					t.Fatalf("%s:%d: %s\nis to print\n%s\nbut prints\n%s\n%s",
						file, e.line, e.command, e.output, got, wrong)
				}
			}
		})
	}
}

// build makes a directory with the binary in it.
func build(t *testing.T) string {
	t.Helper()
	for _, service := range []string{"web", "worker"} { // so that `go run` finds it compiled
		run(t, "go", "build", "-o", os.DevNull, "../examples/shop/"+service+"/main.go")
	}
	return testworld.Build(t, "../cmd/locald")
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
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

// varying is what stands for something else in what an example prints: anything, a port, a PID.
var varying = regexp.MustCompile(`…|\b205[0-9]{2}\b|\b4[67][0-9]{2}\b`)

// pattern matches what an example is to print. Its groups are the numbers that stand for another.
func (e example) pattern() (re *regexp.Regexp, numbers []string) {
	var b strings.Builder
	b.WriteString(`\A`)
	for line := range strings.Lines(normal(e.output)) {
		if line == "…\n" {
			b.WriteString(`(?:.*\n)*`)
			continue
		}
		fixed := varying.Split(line, -1)
		b.WriteString(regexp.QuoteMeta(fixed[0]))
		for i, what := range varying.FindAllString(line, -1) {
			if what == "…" {
				b.WriteString(`.*`)
			} else {
				b.WriteString(`([0-9]+)`)
				numbers = append(numbers, what)
			}
			b.WriteString(regexp.QuoteMeta(fixed[i+1]))
		}
	}
	return regexp.MustCompile(b.String() + `\z`), numbers
}

var (
	redrawn  = regexp.MustCompile(`(?m)^.*\r`)
	stamp    = regexp.MustCompile(`\b20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z`)
	duration = regexp.MustCompile(`\b[0-9]+(\.[0-9]+)?(µs|ms|s|m|h[0-9]{2}m|d)\b`)
	blanks   = regexp.MustCompile(` {2,}`)
	trailing = regexp.MustCompile(`(?m) +$`)
)

// normal leaves out the times and widths that differ from run to run.
func normal(text string) string {
	text = redrawn.ReplaceAllString(text, "")
	text = duration.ReplaceAllString(stamp.ReplaceAllString(text, "<time>"), "<time>")
	text = trailing.ReplaceAllString(blanks.ReplaceAllString(text, "  "), "")
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text
}

// session is a shell at home in a world of its own, with the hook, and the shop in ~/src/shop.
type session struct {
	*shelltest.Shell
	world *testworld.World
	ports map[string]string // in the world → in the document, which has another one for each
	seen  map[string]bool   // PIDs of processes, also of those that have ended since
}

func newSession(t *testing.T, bin string) session {
	t.Helper()
	w := testworld.New(t, "")
	w.Programs = bin
	w.Setenv("LOCALD_DEBUG_ALIVE", "1s") // what is documented is how it is everywhere but in tests
	w.Setenv("LOCALD_DEBUG_AT_BUDGET", "20s")
	w.KeepGoCaches()
	if err := os.CopyFS(w.Home+"/src/shop", os.DirFS("../examples/shop")); err != nil {
		t.Fatal(err)
	}
	// An example may have killed the daemon: the next command cleans up.
	t.Cleanup(func() { w.Output("/", "locald", "status") })
	s := w.Shell("bash", shelltest.Options{RC: `eval "$(locald hook bash)"`})
	return session{s, w, map[string]string{}, map[string]bool{strconv.Itoa(s.PID()): true}}
}

// look takes note of the processes that there are.
func (s session) look() {
	for _, p := range s.world.Processes() {
		s.seen[strconv.Itoa(p.PID)] = true
	}
}

// compare says what is wrong with what an example has printed, "" where nothing is.
func (s session) compare(e example, got string) (wrong string) {
	re, numbers := e.pattern()
	found := re.FindStringSubmatch(normal(got))
	if found == nil {
		return "which does not match " + re.String()
	}
	for i, documented := range numbers {
		actual := found[i+1]
		if len(documented) == len("4600") {
			if !s.seen[actual] {
				return "no process of this session has the PID " + actual
			}
			continue
		}
		if port, err := strconv.Atoi(actual); err != nil || !s.world.Owns(port) {
			return actual + " is no port of this world"
		}
		for port, was := range s.ports {
			if (port == actual) != (was == documented) {
				return fmt.Sprintf("%s stood for %s before, not %s for %s", was, port, documented, actual)
			}
		}
		s.ports[actual] = documented
	}
	return ""
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
