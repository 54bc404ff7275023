package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/testworld"
)

// row is one fault.
type row struct {
	id, fault, expected string
	// inject does it and returns what was seen.
	inject func(s *scene) (observed string)
}

type verdict string

const (
	okRow     verdict = "ok"
	failedRow verdict = "FAILED"
	notHere   verdict = "not here" // this machine does not allow the fault
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
	*testworld.World
	checks int
}

// play runs a row and then checks what must hold whatever happened.
func play(r row, programs string) result {
	begin := time.Now()
	out := result{row: r, verdict: okRow}
	outcome := testworld.Play(os.Stderr, func(t testworld.TB) {
		s := &scene{World: testworld.New(t, "")}
		s.Programs = programs
		s.Setenv("LOCALD_DEBUG_ALIVE", "1s") // the product's own: faults are looked for in its times
		out.observed = r.inject(s)
		s.holds(s.Check())
		s.holds(s.Quiet())
		out.checks = s.checks
	})
	switch {
	case len(outcome.Failures) > 0:
		out.verdict, out.observed = failedRow, strings.Join(outcome.Failures, "; ")
	case outcome.Skipped != "":
		out.verdict, out.observed = notHere, outcome.Skipped
	}
	out.took = time.Since(begin)
	return out
}

func (s *scene) holds(wrong []string) {
	s.checks += 8
	if len(wrong) > 0 {
		s.Fatalf("%s", strings.Join(wrong, "; "))
	}
}

func (s *scene) must(err error) {
	if err != nil {
		s.Fatalf("%v", err)
	}
}

// project makes one from the lines of its Procfile and more files.
func (s *scene) project(name string, lines []string, files ...string) string {
	procfile := []string{"Procfile", strings.Join(lines, "\n") + "\n"}
	return s.Project(name, append(procfile, files...)...)
}

// shop is the usual project: two services, one of which listens.
func (s *scene) shop(lines ...string) string {
	return s.project("shop", append([]string{"web: exec misbehave listen # $PORT"}, lines...))
}

// ok runs a command that must succeed.
func (s *scene) ok(dir string, args ...string) testworld.Result { return s.exits(0, dir, args...) }

func (s *scene) exits(code int, dir string, args ...string) testworld.Result {
	return s.Exits(code, dir, nil, append([]string{"locald"}, args...)...)
}

func (s *scene) status() testworld.Status {
	status, err := s.Status()
	s.must(err)
	return status
}

func (s *scene) service(name string) testworld.Service {
	project, service, _ := strings.Cut(name, "/")
	v, ok := s.status().Find(project, service)
	if !ok {
		s.Fatalf("there is no %s in the status", name)
	}
	return v
}

// state wants a service to be in a state, with a note that holds text.
func (s *scene) state(name, state, text string) testworld.Service {
	v := s.service(name)
	if v.State != state || !strings.Contains(v.Note, text) {
		s.Fatalf("%s is %s (%s), want %s (%s)", name, v.State, v.Note, state, text)
	}
	return v
}

// log waits for a line of a service's log that holds text.
func (s *scene) log(dir, service, text string) {
	s.AwaitLog(dir, regexp.MustCompile(regexp.QuoteMeta(text)), service)
}

// alive are the processes of a service.
func (s *scene) alive(name string) (out []testworld.Process) {
	for _, p := range s.Processes() {
		if p.Service == name {
			out = append(out, p)
		}
	}
	return out
}

// with are the processes whose command line holds a word.
func (s *scene) with(word string) (out []testworld.Process) {
	for _, p := range s.Processes() {
		if strings.Contains(p.Command, word) {
			out = append(out, p)
		}
	}
	return out
}

func (s *scene) none(what string, list []testworld.Process) {
	if len(list) > 0 {
		s.Fatalf("%s: %v", what, list)
	}
}

func (s *scene) identity(pid int) procid.Identity {
	id, err := procid.Of(pid)
	s.must(err)
	return id
}

// stranger is a process that is none of locald's; it is ended with the row.
func (s *scene) stranger(args ...string) procid.Identity {
	cmd := s.Command("/", args[0], args[1:]...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	s.must(cmd.Start())
	s.Cleanup(func() {
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
		s.Fatalf("there are %d records", len(found))
	}
	return found[0]
}

func (s *scene) read(path string) string {
	data, err := os.ReadFile(path)
	s.must(err)
	return string(data)
}

// await looks for what nobody tells of, at most for as long as a command may take.
func (s *scene) await(what string, is func() bool) {
	for deadline := time.Now().Add(10 * time.Second); !is(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.Fatalf("there is still not %s", what)
		}
	}
}

func (s *scene) awaitFile(path string) {
	s.await(path, func() bool {
		_, err := os.Lstat(path)
		return err == nil
	})
}

// listening is a Procfile of n services that listen.
func listening(n int) (lines []string) {
	for i := range n {
		lines = append(lines, fmt.Sprintf("s%d: exec misbehave listen # $PORT", i))
	}
	return lines
}

// blocking is a Procfile of n services that do not.
func blocking(n int) (lines []string) {
	for i := range n {
		lines = append(lines, fmt.Sprintf("s%d: exec misbehave block", i))
	}
	return lines
}
