package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/wire"
)

func TestSettled(t *testing.T) {
	live := &supervisor.Live{}
	elsewhere := &supervisor.Live{Listening: []int{5173}}
	for _, c := range []struct {
		goal   kind
		v      supervisor.Service
		before int
		want   wire.Outcome
	}{
		{
			up,
			supervisor.Service{State: supervisor.Running, Ready: true, Wanted: true, Run: 1},
			0,
			wire.OutcomeReady,
		},
		{
			up,
			supervisor.Service{State: supervisor.Starting, Wanted: true, Run: 1, Live: live},
			0,
			"",
		},
		{
			up,
			supervisor.Service{State: supervisor.Starting, Wanted: true, Run: 1, Live: elsewhere},
			0, wire.OutcomeElsewhere,
		},
		{
			up,
			supervisor.Service{
				State: supervisor.Running, Ready: true, Wanted: true, Run: 1, Live: elsewhere,
			},
			0, wire.OutcomeReady,
		},
		{
			up,
			supervisor.Service{State: supervisor.Failed, Wanted: true, Run: 1},
			0,
			wire.OutcomeFailed,
		},
		{
			up,
			supervisor.Service{State: supervisor.Exited, Wanted: true, Run: 1},
			0,
			wire.OutcomeExited,
		},
		{up, supervisor.Service{State: supervisor.Backoff, Wanted: true, Run: 1}, 0, ""},
		{up, supervisor.Service{State: supervisor.Stopping, Wanted: true, Run: 1}, 0, ""},
		{up, supervisor.Service{State: supervisor.Stopping, Run: 1}, 0, ""},
		// An up that comes while the run before is being stopped waits for its own.
		{
			up,
			supervisor.Service{State: supervisor.Stopping, Wanted: true, Run: 1, Live: elsewhere},
			0, "",
		},
		{up, supervisor.Service{State: supervisor.Stopped, Run: 1}, 0, wire.OutcomeWithdrawn},
		{up, supervisor.Service{State: supervisor.Stopped, Wanted: true}, 0, ""},
		// It waits for what it needs, which fails: no run of it ever was.
		{up, supervisor.Service{State: supervisor.Failed, Wanted: true}, 0, wire.OutcomeFailed},
		// Of a restart the run before decides nothing.
		{
			restart,
			supervisor.Service{State: supervisor.Running, Ready: true, Wanted: true, Run: 4},
			4, "",
		},
		{
			restart,
			supervisor.Service{State: supervisor.Running, Ready: true, Wanted: true, Run: 5},
			4,
			wire.OutcomeReady,
		},
		{
			restart,
			supervisor.Service{State: supervisor.Failed, Wanted: true, Run: 5},
			4,
			wire.OutcomeFailed,
		},
		{
			restart,
			supervisor.Service{State: supervisor.Failed, Wanted: true, Run: 4},
			4,
			wire.OutcomeFailed,
		},
		{restart, supervisor.Service{State: supervisor.Stopped, Run: 4}, 4, wire.OutcomeWithdrawn},
		{down, supervisor.Service{State: supervisor.Stopped, Run: 1}, 1, wire.OutcomeStopped},
		{down, supervisor.Service{State: supervisor.Exited, Run: 1}, 1, wire.OutcomeStopped},
		{down, supervisor.Service{State: supervisor.Failed, Run: 1}, 1, wire.OutcomeStopped},
		{down, supervisor.Service{State: supervisor.Stopping, Run: 1}, 1, ""},
		{down, supervisor.Service{State: supervisor.Starting, Run: 1}, 1, ""},
		{
			down,
			supervisor.Service{State: supervisor.Stopping, Wanted: true, Run: 1},
			1,
			wire.OutcomeWithdrawn,
		},
	} {
		if got := settled(c.goal, c.v, c.before); got != c.want {
			t.Errorf("%s of %s (wanted %v, run %d after %d): %q, want %q",
				c.goal.verb(), c.v.State, c.v.Wanted, c.v.Run, c.before, got, c.want)
		}
	}
}

// A wait or an order that ends is over for good: what settled says of a service at rest agrees with
// what finalOutcome says.
func TestWhatIsAtRestIsSettled(t *testing.T) {
	for _, state := range []supervisor.State{
		supervisor.Stopped, supervisor.Starting, supervisor.Running, supervisor.Stopping,
		supervisor.Backoff, supervisor.Exited, supervisor.Failed,
	} {
		for _, wanted := range []bool{false, true} {
			v := supervisor.Service{State: state, Wanted: wanted, Run: 1}
			rests := finalOutcome(v) != ""
			if rests && settled(up, v, 0) == "" {
				t.Errorf("%s, wanted %v: at rest, and an up goes on waiting", state, wanted)
			}
			if rests && settled(down, v, 0) == "" {
				t.Errorf("%s, wanted %v: at rest, and a down goes on waiting", state, wanted)
			}
		}
	}
}

// The outcomes from the worst to the best, for an order that is waited for, with what each comes
// to.
var orderRank = []struct {
	outcome wire.Outcome
	code    wire.Code
}{
	{wire.OutcomeFailed, wire.CodeServiceFailed},
	{wire.OutcomeWaiting, wire.CodeTimeout},
	{wire.OutcomeElsewhere, wire.CodeNotReady},
	{wire.OutcomeWithdrawn, wire.CodeNotReady},
	{wire.OutcomeReady, ""},
	{wire.OutcomeExited, ""},
	{wire.OutcomeStopped, ""},
}

// The same for a wait.
var waitRank = []struct {
	outcome wire.Outcome
	code    wire.Code
}{
	{wire.OutcomeFailed, wire.CodeServiceFailed},
	{wire.OutcomeStopped, wire.CodeNotReady},
	{wire.OutcomeWaiting, wire.CodeTimeout},
	{wire.OutcomeElsewhere, wire.CodeNotReady},
	{wire.OutcomeReady, ""},
	{wire.OutcomePrinted, ""},
}

func TestTheWorstOutcomeDecides(t *testing.T) {
	result := func(name string, outcome wire.Outcome) wire.Result {
		return wire.Result{Service: wire.Service{Name: name}, Outcome: outcome}
	}
	verdicts := map[string]func(results []wire.Result) (wire.Code, string){
		"order": func(results []wire.Result) (wire.Code, string) {
			return orderVerdict(up, wire.OrderRequest{Wait: true, TimeoutMS: 10}, results)
		},
		"wait": func(results []wire.Result) (wire.Code, string) {
			return waitVerdict(wire.WaitRequest{For: wire.WaitReady, TimeoutMS: 10}, results)
		},
	}
	for verb, rank := range map[string][]struct {
		outcome wire.Outcome
		code    wire.Code
	}{"order": orderRank, "wait": waitRank} {
		for i, worse := range rank {
			for _, better := range rank[i:] {
				pair := []wire.Result{result("a", better.outcome), result("b", worse.outcome)}
				for range 2 {
					code, message := verdicts[verb](pair)
					if code != worse.code || (message == "") != (code == "") {
						t.Errorf("%s: %s and %s: %q (%s), want %q",
							verb, better.outcome, worse.outcome, code, message, worse.code)
					}
					slices.Reverse(pair)
				}
			}
		}
	}
}

func TestOrderVerdictWords(t *testing.T) {
	result := func(name string, outcome wire.Outcome) wire.Result {
		return wire.Result{Service: wire.Service{Name: name}, Outcome: outcome}
	}
	waiting := []wire.Result{result("web", wire.OutcomeWaiting), result("db", wire.OutcomeWaiting)}
	for _, c := range []struct {
		kind    kind
		wait    bool
		results []wire.Result
		want    string
	}{
		{up, true, waiting, "timeout not ready after 10ms: web, db"},
		{restart, true, waiting, "timeout not ready after 10ms: web, db"},
		{down, true, waiting, "timeout not stopped after 10ms: web, db"},
		{up, false, waiting, " "}, // nobody waits, so nobody is disappointed
		{up, false, []wire.Result{result("web", wire.OutcomeFailed)}, "service_failed failed: web"},
		{down, true, []wire.Result{result("web", wire.OutcomeStopped)}, " "},
		{
			down, true,
			[]wire.Result{result("web", wire.OutcomeWithdrawn)},
			"not_ready overruled by another command: web",
		},
		{up, true, nil, " "},
	} {
		req := wire.OrderRequest{Wait: c.wait, TimeoutMS: 10}
		code, message := orderVerdict(c.kind, req, c.results)
		if got := fmt.Sprintf("%s %s", code, message); got != c.want {
			t.Errorf("%s of %v: %q, want %q", c.kind.verb(), c.results, got, c.want)
		}
	}
}

// Who has the port matters more than that one could not be started, wherever it stands.
func TestFailureCode(t *testing.T) {
	plain := wire.Result{Outcome: wire.OutcomeFailed}
	port := wire.Result{
		Outcome: wire.OutcomeFailed, Service: wire.Service{Failure: wire.FailurePort},
	}
	past := wire.Result{
		Outcome: wire.OutcomeReady, Service: wire.Service{Failure: wire.FailurePort},
	}
	for _, c := range []struct {
		results []wire.Result
		want    wire.Code
	}{
		{[]wire.Result{plain}, wire.CodeServiceFailed},
		{[]wire.Result{port}, wire.CodePortTaken},
		{[]wire.Result{plain, port}, wire.CodePortTaken},
		{[]wire.Result{port, plain}, wire.CodePortTaken},
		{[]wire.Result{past, plain}, wire.CodeServiceFailed},
	} {
		if got := failureCode(c.results); got != c.want {
			t.Errorf("%v: %q, want %q", c.results, got, c.want)
		}
	}
}

// The end of an order fits into a frame, however many services it was about, and says of each that
// did not go as ordered what came of it.
func TestTheEndOfALargeOrderFits(t *testing.T) {
	reply := func(n, failed, command int) (r wire.OrderReply) {
		for i := range n {
			one := wire.Result{Project: "shop", Outcome: wire.OutcomeReady, Service: wire.Service{
				Name: fmt.Sprintf("s%d", i), Command: strings.Repeat("x", command),
			}}
			if i < failed {
				one.Outcome = wire.OutcomeFailed
			}
			r.Results = append(r.Results, one)
		}
		return r
	}
	for name, c := range map[string]struct {
		r               wire.OrderReply
		listed, command int
	}{
		"an ordinary one":            {reply(50, 1, 500), 50, 500},
		"long commands":              {reply(1000, 1, 5000), 1000, shortText + len("…")},
		"many services":              {reply(8000, 3, 50), 3, 50},
		"many that failed, too":      {reply(8000, 8000, 50), 4000, 50},
		"one with too many warnings": {wire.OrderReply{Warnings: make([]string, 400_000)}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			all := len(c.r.Results)
			got := fittingReply(c.r)
			if size := encoded(got); size > maxShown || len(got.Results) != c.listed {
				t.Fatalf("%d results in %d bytes, want %d", len(got.Results), size, c.listed)
			}
			for _, r := range got.Results {
				if len(r.Service.Command) != c.command {
					t.Fatalf("a command has %d bytes, want %d", len(r.Service.Command), c.command)
				}
			}
			said := strings.Contains(strings.Join(got.Warnings, " "), "too many to be listed")
			if left := all - len(got.Results); said != (left > 0) {
				t.Errorf("%d are left out, and that is said: %v", left, said)
			}
		})
	}
}
