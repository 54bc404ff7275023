package shellhook

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/locald/locald/internal/shelltest"
)

// maxSyscalls is how many system calls more than without the hook a prompt in an unchanged
// directory may cost.
const maxSyscalls = 3

var (
	newProcess = regexp.MustCompile(`\b(fork|vfork|clone3?|execve|execveat)\(`)
	// A thread that waits, and the line on which strace takes up a call again: their number is the
	// scheduler's affair.
	waiting = regexp.MustCompile(`\b(futex|p?poll|p?select6?)\(|<\.\.\. `)
	marker  = regexp.MustCompile(`\b\w*(stat|access)\w*\(.*"/marker-(one|two)"`)
)

func TestPromptCostsNoProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("system calls are counted with strace, which is for Linux: run this test there")
	}
	shelltest.Need(t, "strace")
	const prompts = 20
	enters := make([]string, prompts)
	for _, kind := range everyShell {
		t.Run(kind, func(t *testing.T) {
			bare, _ := traced(t, newBareWorld(t, kind, ""), enters)
			for _, dir := range []string{"plain/x/y", "proj/sub/deep"} {
				calls, processes := traced(t, newWorld(t, kind, setup{dir: dir}), enters)
				more := float64(calls-bare) / prompts
				t.Logf("%s: %.1f system calls a prompt, %+.2f by the hook", dir, float64(calls)/prompts, more)
				if processes != 0 || more > maxSyscalls {
					t.Errorf("%s: %d processes and %.2f more system calls a prompt, want 0 and at most %d", dir, processes, more, maxSyscalls)
				}
			}
		})
	}
}

// A walk among directories that are no project forks nothing either, through a link or not.
func TestWalkCostsNoProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("processes are counted with strace, which is for Linux: run this test there")
	}
	shelltest.Need(t, "strace")
	for _, kind := range everyShell {
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t, kind, setup{})
			w.Run("ln -s $D/plain/x $D/link")
			_, processes := traced(t, w, []string{"cd $D/plain/x/y", "cd ..", "cd $D/link/y", "cd ..", "cd /usr", "cd /"})
			if processes != 0 {
				t.Errorf("%d processes, want none", processes)
			}
		})
	}
}

// traced counts the system calls and the new processes of a shell while it is given lines.
func traced(t *testing.T, w *world, lines []string) (calls, processes int) {
	t.Helper()
	trace := w.dir + "/trace"
	w.Run(fmt.Sprintf("exec strace -qq -f -o %s %s -i", trace, w.kind))
	w.Run("test -e /marker-one")
	for _, line := range lines {
		w.Run(line)
	}
	w.Run("test -e /marker-two")
	w.Type("exit\r")
	w.Wait()
	data, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	counting := false
	for line := range strings.Lines(string(data)) {
		switch m := marker.FindStringSubmatch(line); {
		case m != nil && m[2] == "two":
			return calls, processes
		case m != nil:
			counting, calls, processes = true, 0, 0
		case counting && !waiting.MatchString(line):
			calls++
			if newProcess.MatchString(line) && !strings.Contains(line, "CLONE_THREAD") {
				processes++
			}
		}
	}
	t.Fatalf("the trace of %s lacks its markers", w.kind)
	return 0, 0
}

// BenchmarkPrompt measures ENTER to prompt without the hook, with it, and in a project. The three
// take turns, so that whatever else the machine does hits all alike; the medians are what it
// reports.
func BenchmarkPrompt(b *testing.B) {
	for _, kind := range everyShell {
		b.Run(kind, func(b *testing.B) {
			none := benchShell(b, kind, "")
			hook := benchShell(b, kind, evaluate(kind))
			project := benchShell(b, kind, evaluate(kind))
			project.Run("cd $D/proj/sub")
			report(b, map[string]func(){
				"none":    func() { none.Run("") },
				"hook":    func() { hook.Run("") },
				"project": func() { project.Run("") },
			})
		})
	}
}

// BenchmarkMove measures cd to prompt: without the hook, among directories that are no project, and
// inside a project.
func BenchmarkMove(b *testing.B) {
	for _, kind := range everyShell {
		b.Run(kind, func(b *testing.B) {
			none := benchShell(b, kind, "")
			hook := benchShell(b, kind, evaluate(kind))
			project := benchShell(b, kind, evaluate(kind))
			there := func(s *shelltest.Shell, dir string) func() {
				s.Run("cd $D/" + dir)
				back := false
				return func() {
					back = !back
					s.Run(map[bool]string{true: "cd .. ", false: "cd $D/" + dir}[back])
				}
			}
			report(b, map[string]func(){
				"none":    there(none, "plain/x/y"),
				"hook":    there(hook, "plain/x/y"),
				"project": there(project, "proj/sub/deep"),
			})
		})
	}
}

func benchShell(b *testing.B, kind, rc string) *shelltest.Shell {
	b.Helper()
	dir := newTree(b)
	newClient(b, kind, dir)
	return shelltest.Start(b, kind, shelltest.Options{
		Env: []string{"D=" + dir, envRecord + "=" + dir + "/record"}, RC: rc, Dir: dir + "/plain",
	})
}

// report runs the variants in turns and reports the median of each in microseconds.
func report(b *testing.B, variants map[string]func()) {
	b.Helper()
	took := map[string][]time.Duration{}
	for b.Loop() {
		for name, run := range variants {
			start := time.Now()
			run()
			took[name] = append(took[name], time.Since(start))
		}
	}
	for name, all := range took {
		slices.Sort(all)
		b.ReportMetric(float64(all[len(all)/2].Nanoseconds())/1e3, name+"-µs")
	}
	b.ReportMetric(0, "ns/op") // the sum over variants says nothing
}
