package api

import (
	"fmt"
	"time"

	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/wire"
)

// settled returns the outcome of a service in an order, "" while it is under way. before is the run
// that a restart was to replace.
func settled(goal kind, v supervisor.Service, before int) wire.Outcome {
	if goal == down {
		return settledDown(v)
	}
	switch {
	case v.State == supervisor.Stopped && !v.Wanted:
		return wire.OutcomeWithdrawn
	case v.State == supervisor.Failed: // also before its run, where what it needs has failed
		return wire.OutcomeFailed
	case v.Run <= before:
		return ""
	case v.State == supervisor.Exited:
		return wire.OutcomeExited
	case v.Ready:
		return wire.OutcomeReady
	case v.State == supervisor.Starting && v.Live != nil && len(v.Live.Listening) > 0:
		return wire.OutcomeElsewhere // a run that is still being stopped may well listen
	}
	return ""
}

func settledDown(v supervisor.Service) wire.Outcome {
	switch {
	case v.Wanted:
		return wire.OutcomeWithdrawn
	case v.State == supervisor.Stopped, v.State == supervisor.Exited, v.State == supervisor.Failed:
		return wire.OutcomeStopped
	}
	return ""
}

// finalOutcome is that of a service which goes nowhere by itself, "" for one that is up or on its
// way.
func finalOutcome(v supervisor.Service) wire.Outcome {
	switch {
	case v.State == supervisor.Failed:
		return wire.OutcomeFailed
	case v.State == supervisor.Exited:
		return wire.OutcomeExited
	case v.State == supervisor.Stopped && !v.Wanted:
		return wire.OutcomeStopped
	}
	return ""
}

// byOutcome are the names of the services in results, by what has become of them.
func byOutcome(results []wire.Result) map[wire.Outcome][]string {
	out := make(map[wire.Outcome][]string)
	for _, r := range results {
		out[r.Outcome] = append(out[r.Outcome], r.Service.Name)
	}
	return out
}

// orderVerdict decides how an order ends: the worst outcome, a failure before a time-out before a
// service that somebody else decided about.
func orderVerdict(
	k kind, req wire.OrderRequest, results []wire.Result,
) (code wire.Code, message string) {
	names := byOutcome(results)
	switch {
	case names[wire.OutcomeFailed] != nil:
		return failureCode(results), "failed: " + plain.List(names[wire.OutcomeFailed])
	case req.Wait && names[wire.OutcomeWaiting] != nil:
		so := "ready"
		if k == down {
			so = "stopped"
		}
		return wire.CodeTimeout, fmt.Sprintf(
			"not %s after %v: %s", so, milliseconds(req.TimeoutMS),
			plain.List(names[wire.OutcomeWaiting]),
		)
	case names[wire.OutcomeElsewhere] != nil:
		return wire.CodeNotReady, "not ready: " + plain.List(names[wire.OutcomeElsewhere])
	case names[wire.OutcomeWithdrawn] != nil:
		return wire.CodeNotReady, "overruled by another command: " +
			plain.List(names[wire.OutcomeWithdrawn])
	}
	return "", ""
}

// failureCode is that of services that failed: who has the port matters more than that one could
// not be started.
func failureCode(results []wire.Result) wire.Code {
	for _, r := range results {
		if r.Outcome == wire.OutcomeFailed && r.Service.Failure == wire.FailurePort {
			return wire.CodePortTaken
		}
	}
	return wire.CodeServiceFailed
}

// waitVerdict decides how a wait ends. The first failure counts most.
func waitVerdict(req wire.WaitRequest, results []wire.Result) (code wire.Code, message string) {
	names := byOutcome(results)
	switch {
	case names[wire.OutcomeFailed] != nil:
		return failureCode(results), "failed: " + plain.List(names[wire.OutcomeFailed])
	case names[wire.OutcomeStopped] != nil:
		return wire.CodeNotReady, fmt.Sprintf(
			"not up, and nothing is starting it: %s; start it: locald up",
			plain.List(names[wire.OutcomeStopped]),
		)
	case names[wire.OutcomeWaiting] != nil:
		return wire.CodeTimeout, fmt.Sprintf(
			"%s after %v: %s", notSo[req.For], milliseconds(req.TimeoutMS),
			plain.List(names[wire.OutcomeWaiting]),
		)
	case names[wire.OutcomeElsewhere] != nil:
		return wire.CodeNotReady, "not ready: " + plain.List(names[wire.OutcomeElsewhere])
	case req.For == wire.WaitLog && names[wire.OutcomeExited] != nil:
		return wire.CodeNotReady, "ended without printing such a line: " +
			plain.List(names[wire.OutcomeExited])
	}
	return "", ""
}

var notSo = map[wire.Goal]string{
	wire.WaitReady: "not ready", wire.WaitExit: "not ended", wire.WaitLog: "no such line",
}

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// fittingReply is the end of an order as far as it goes into a frame: what has been done is done,
// and must not look like a failure because it is much. What went as ordered is left out first.
func fittingReply(r wire.OrderReply) wire.OrderReply {
	if encoded(r) <= maxShown {
		return r
	}
	r.Warnings = firsts(r.Warnings, manyOf)
	var odd []wire.Result
	for i := range r.Results {
		one := &r.Results[i]
		one.Service.Command, one.Service.Note = short(one.Service.Command), short(one.Service.Note)
		if !asOrdered(*one) {
			odd = append(odd, *one)
		}
	}
	if encoded(r) <= maxShown {
		return r
	}
	all := len(r.Results)
	for r.Results = odd; encoded(r) > maxShown && len(r.Results) > 0; {
		r.Results = r.Results[:len(r.Results)/2]
	}
	r.Warnings = append(r.Warnings, fmt.Sprintf(
		"%d services are too many to be listed: locald status --all", all-len(r.Results),
	))
	return r
}

// asOrdered reports whether there is nothing to be told of a service but that all is well.
func asOrdered(r wire.Result) bool {
	well := r.Outcome == wire.OutcomeReady || r.Outcome == wire.OutcomeStopped
	return well && len(r.Left) == 0
}
