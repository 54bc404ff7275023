package api

import (
	"errors"
	"regexp"
	"testing"

	"github.com/locald/locald/internal/daemon/logs"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/wire"
)

func TestPlainText(t *testing.T) {
	for in, want := range map[string]string{
		"":                                 "",
		"as it is":                         "as it is",
		"\x1b[32mready\x1b[0m in 3 ms":     "ready in 3 ms",
		"\x1b[1;38;5;200mVITE\x1b[m":       "VITE",
		"an end that never comes \x1b[31;": "an end that never comes ",
		"Latin 1: \xe4":                    "Latin 1: \uFFFD",
	} {
		if got := plainText([]byte(in)); got != want {
			t.Errorf("plainText(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestMatcher feeds what a follower of the log is given, batch by batch.
func TestMatcher(t *testing.T) {
	out := func(text string) logs.Line { return logs.Line{Stream: "stdout", Text: []byte(text)} }
	open := func(l logs.Line) logs.Line { l.Open = true; return l }
	joins := func(l logs.Line) logs.Line { l.Joins = true; return l }
	stderr := func(l logs.Line) logs.Line { l.Stream = "stderr"; return l }
	for name, c := range map[string]struct {
		re      string
		batches [][]logs.Line
		want    string // "" for not found
	}{
		"a line": {
			"^ready",
			[][]logs.Line{{out("starting"), out("ready on 80")}, {out("ready again")}},
			"ready on 80",
		},
		"in colour": {
			"^ready$", [][]logs.Line{{out("\x1b[32mready\x1b[0m")}}, "ready",
		},
		"not what the daemon says": {
			"started", [][]logs.Line{{{Stream: "locald", Text: []byte("started as PID 7")}}}, "",
		},
		"a prompt": {`name\?`, [][]logs.Line{{open(out("name? "))}}, "name? "},
		"a line in two pieces": {
			"^listening on 80$",
			[][]logs.Line{{open(out("listen"))}, {joins(out("ing on 80"))}},
			"listening on 80",
		},
		"in three": {
			"^abc$",
			[][]logs.Line{{open(out("a"))}, {open(joins(out("b")))}, {joins(out("c"))}},
			"abc",
		},
		"rewritten, not joined": {"^ab$", [][]logs.Line{{open(out("a"))}, {out("b")}}, ""},
		"each stream has its own line": {
			"^a1$",
			[][]logs.Line{{open(out("a"))}, {open(stderr(out("b")))}, {joins(out("1"))}},
			"a1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &lineSearch{}
			match := s.matcher(regexp.MustCompile(c.re))
			var err error
			for _, batch := range c.batches {
				if err = match(batch); err != nil {
					break
				}
				for _, l := range batch {
					clear(l.Text) // it is valid until the call returns
				}
			}
			if found := errors.Is(err, errFound); found != (c.want != "") || s.line != c.want {
				t.Errorf("found %v, %q; want %q", found, s.line, c.want)
			}
		})
	}
}

func TestFinalOutcome(t *testing.T) {
	for _, c := range []struct {
		v    supervisor.Service
		want wire.Outcome
	}{
		{supervisor.Service{State: supervisor.Stopped}, wire.OutcomeStopped},
		{supervisor.Service{State: supervisor.Stopped, Wanted: true}, ""},
		{supervisor.Service{State: supervisor.Failed}, wire.OutcomeFailed},
		{supervisor.Service{State: supervisor.Failed, Wanted: true}, wire.OutcomeFailed},
		{supervisor.Service{State: supervisor.Exited, Wanted: true}, wire.OutcomeExited},
		{supervisor.Service{State: supervisor.Stopping}, ""},
		{supervisor.Service{State: supervisor.Backoff, Wanted: true}, ""},
		{supervisor.Service{State: supervisor.Running, Ready: true, Wanted: true}, ""},
	} {
		if got := finalOutcome(c.v); got != c.want {
			t.Errorf(
				"finalOutcome(%s, wanted %v) = %q, want %q", c.v.State, c.v.Wanted, got, c.want,
			)
		}
	}
}

// TestWaitVerdict wants the worst outcome to decide.
func TestWaitVerdict(t *testing.T) {
	result := func(outcome wire.Outcome) wire.Result {
		return wire.Result{Service: wire.Service{Name: "x"}, Outcome: outcome}
	}
	port := result(wire.OutcomeFailed)
	port.Service.Failure = wire.FailurePort
	for _, c := range []struct {
		goal     wire.Goal
		outcomes []wire.Result
		want     wire.Code
	}{
		{wire.WaitReady, nil, ""},
		{wire.WaitReady, []wire.Result{result(wire.OutcomeReady), result(wire.OutcomeExited)}, ""},
		{
			wire.WaitReady,
			[]wire.Result{result(wire.OutcomeReady), result(wire.OutcomeElsewhere)},
			wire.CodeNotReady,
		},
		{
			wire.WaitReady,
			[]wire.Result{result(wire.OutcomeElsewhere), result(wire.OutcomeWaiting)},
			wire.CodeTimeout,
		},
		{
			wire.WaitReady,
			[]wire.Result{result(wire.OutcomeWaiting), result(wire.OutcomeStopped)},
			wire.CodeNotReady,
		},
		{
			wire.WaitReady,
			[]wire.Result{result(wire.OutcomeStopped), result(wire.OutcomeFailed)},
			wire.CodeServiceFailed,
		},
		{wire.WaitReady, []wire.Result{result(wire.OutcomeFailed), port}, wire.CodePortTaken},
		{wire.WaitExit, []wire.Result{result(wire.OutcomeExited)}, ""},
		{wire.WaitLog, []wire.Result{result(wire.OutcomePrinted)}, ""},
		{
			wire.WaitLog,
			[]wire.Result{result(wire.OutcomePrinted), result(wire.OutcomeExited)},
			wire.CodeNotReady,
		},
	} {
		req := wire.WaitRequest{For: c.goal, TimeoutMS: 10}
		if code, message := waitVerdict(req, c.outcomes); code != c.want ||
			(message == "") != (c.want == "") {
			t.Errorf("%s of %v: %q (%s), want %q", c.goal, c.outcomes, code, message, c.want)
		}
	}
}
