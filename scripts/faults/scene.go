package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/scripts/internal/world"
)

// row is one fault.
type row struct {
	id, fault, expected string
	// inject does it and returns what was seen. It ends early by failing.
	inject func(s *scene) (observed string)
}

type verdict string

const (
	okRow     verdict = "ok"
	failedRow verdict = "FAILED"
	notHere   verdict = "not here"
)

type result struct {
	row      row
	verdict  verdict
	observed string
	checks   int
	took     time.Duration
}

// scene is a row's world, with words that fail the row.
type scene struct {
	*world.World
	checks int
	undo   []func()
}

// end is how a row ends before its end.
type end struct {
	verdict verdict
	why     string
}

func (s *scene) failf(format string, args ...any) {
	panic(end{failedRow, fmt.Sprintf(format, args...)})
}

// cannot says that this machine does not allow the fault.
func (s *scene) cannot(format string, args ...any) {
	panic(end{notHere, fmt.Sprintf(format, args...)})
}

func (s *scene) must(err error) {
	if err != nil {
		s.failf("%v", err)
	}
}

// play runs a row and then checks what must hold whatever happened.
func play(r row, programs string) (out result) {
	begin := time.Now()
	out = result{row: r, verdict: okRow}
	w, err := world.New(programs)
	if err != nil {
		return result{row: r, verdict: failedRow, observed: err.Error()}
	}
	s := &scene{World: w}
	func() {
		defer func() {
			if e, ok := recover().(end); ok {
				out.verdict, out.observed = e.verdict, e.why
			}
		}()
		out.observed = r.inject(s)
		s.holds(w.Check())
		s.holds(w.Quiet())
	}()
	for _, undo := range slices.Backward(s.undo) {
		undo()
	}
	if left := w.Close(); len(left) > 0 && out.verdict == okRow {
		out.verdict, out.observed = failedRow, strings.Join(left, "; ")
	}
	out.checks, out.took = s.checks, time.Since(begin)
	return out
}

func (s *scene) holds(wrong []string) {
	s.checks += 8
	if len(wrong) > 0 {
		s.failf("%s", strings.Join(wrong, "; "))
	}
}

// project makes one from the lines of its Procfile and more files.
func (s *scene) project(name string, lines []string, files ...string) string {
	dir, err := s.Project(name, append([]string{"Procfile", strings.Join(lines, "\n") + "\n"}, files...)...)
	s.must(err)
	return dir
}

// shop is the usual project: two services, one of which listens.
func (s *scene) shop(lines ...string) string {
	return s.project("shop", append([]string{"web: exec misbehave listen # $PORT"}, lines...))
}

// ok runs a command that must succeed.
func (s *scene) ok(dir string, args ...string) world.Result { return s.exits(0, dir, args...) }

func (s *scene) exits(code int, dir string, args ...string) world.Result {
	r := s.Locald(dir, args...)
	if r.Code != code {
		s.failf("locald %s: %v, want exit %d", strings.Join(args, " "), r, code)
	}
	return r
}

func (s *scene) service(name string) world.Service {
	status, err := s.Status()
	s.must(err)
	project, service, _ := strings.Cut(name, "/")
	v, ok := status.Find(project, service)
	if !ok {
		s.failf("there is no %s in the status", name)
	}
	return v
}

// state wants a service to be in a state, with a note that holds text.
func (s *scene) state(name, state, text string) world.Service {
	v := s.service(name)
	if v.State != state || !strings.Contains(v.Note, text) {
		s.failf("%s is %s (%s), want %s (%s)", name, v.State, v.Note, state, text)
	}
	return v
}

func (s *scene) log(dir, service, text string) { s.must(s.AwaitLog(dir, service, text)) }

// alive are the processes of a service.
func (s *scene) alive(name string) (out []world.Process) {
	for _, p := range s.Processes() {
		if p.Service == name {
			out = append(out, p)
		}
	}
	return out
}

// with are the processes whose command line holds a word.
func (s *scene) with(word string) (out []world.Process) {
	for _, p := range s.Processes() {
		if strings.Contains(p.Command, word) {
			out = append(out, p)
		}
	}
	return out
}

func (s *scene) none(what string, list []world.Process) {
	if len(list) > 0 {
		s.failf("%s: %v", what, list)
	}
}

func (s *scene) identity(pid int) procid.Identity {
	id, err := procid.Of(pid)
	s.must(err)
	return id
}

// stranger is a process that is none of locald's; it is ended with the row.
func (s *scene) stranger(args ...string) procid.Identity {
	cmd := s.Command(nobody, "/", nil, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	s.must(cmd.Start())
	s.undo = append(s.undo, func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return s.identity(cmd.Process.Pid)
}

// record is the only record there is.
func (s *scene) record() string {
	found, err := filepath.Glob(filepath.Join(s.Data(), "projects", "*.json"))
	s.must(err)
	if len(found) != 1 {
		s.failf("there are %d records", len(found))
	}
	return found[0]
}

func (s *scene) write(path, text string) { s.must(os.WriteFile(path, []byte(text), 0o600)) }

func (s *scene) read(path string) string {
	data, err := os.ReadFile(path)
	s.must(err)
	return string(data)
}

// await looks for what nobody tells of, at most for as long as a command may
// take.
func (s *scene) await(what string, is func() bool) {
	for deadline := time.Now().Add(10 * time.Second); !is(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.failf("there is still not %s", what)
		}
	}
}

func (s *scene) awaitFile(path string) {
	s.await(path, func() bool {
		_, err := os.Lstat(path)
		return err == nil
	})
}
