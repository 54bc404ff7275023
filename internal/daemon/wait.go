package daemon

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/project"
	"github.com/locald/locald/internal/sgr"
)

// wait is one wait: for what, and of whom. One goroutine for each project and,
// where a line is waited for, one for each service tell it when to look again.
type wait struct {
	goal     string         // ipc.WaitReady, ipc.WaitExit or ipc.WaitLog
	line     *regexp.Regexp // ipc.WaitLog
	subjects []*subject
	changed  chan struct{}
}

// subject is one service that is waited for.
type subject struct {
	project *resident
	spec    *project.Spec // nil where its files cannot be read
	name    string
	search  *lineSearch // ipc.WaitLog: of the latest run; nil before the first
	outcome string      // "" while it is under way
}

// opWait waits until services are ready, have ended, or have printed a line.
// It starts nothing.
func (d *Daemon) opWait(ctx context.Context, s *ipc.Session, q ipc.Request) error {
	var req ipc.Wait
	if err := q.Decode(&req); err != nil {
		return err
	}
	w, err := newWait(req)
	if err != nil {
		return err
	}
	chosen, err := d.resolve(req.Scope)
	if err != nil {
		return err
	}
	for _, c := range chosen {
		if req.All && !c.project.lives() {
			continue
		}
		if err := w.add(c); err != nil {
			return err
		}
	}
	if req.All { // of a project of which only a part is up, that part
		w.subjects = slices.DeleteFunc(w.subjects, func(a *subject) bool { return rest(a.now()) == outStopped })
	}
	limit := ctx
	if req.TimeoutMS > 0 {
		var cancel context.CancelFunc
		limit, cancel = context.WithTimeout(ctx, time.Duration(req.TimeoutMS)*time.Millisecond)
		defer cancel()
	}
	if err := w.run(limit, s); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err() // the client has gone
	}
	return s.End(w.reply(req))
}

func newWait(req ipc.Wait) (*wait, error) {
	w := &wait{goal: req.For, changed: make(chan struct{}, 1)}
	switch w.goal {
	case ipc.WaitReady, ipc.WaitExit:
		return w, nil
	case ipc.WaitLog:
	default:
		return nil, &ipc.Error{Code: ipc.CodeUsage, Msg: fmt.Sprintf("cannot wait for %q", req.For), Hint: "it is one of: ready, exit, log=RE"}
	}
	if req.Match == "" {
		return nil, &ipc.Error{Code: ipc.CodeUsage, Msg: "cannot wait for a line: which one is not said", Hint: "give a regular expression, as in: locald wait --for 'log=listening on'"}
	}
	var err error
	if w.line, err = linePattern(req.Match); err != nil {
		return nil, err
	}
	return w, nil
}

// add waits for the services of a selection: where none is named, for all that
// the Procfile has.
func (w *wait) add(c selection) error {
	p := c.project
	snapshot, _ := p.actor.Snapshot()
	content := p.read()
	var spec *project.Spec
	err := error(content.problem)
	if content.files != nil {
		spec, err = p.parse(content.files)
	}
	if spec == nil && !p.lives() {
		return p.refuse("wait for", err)
	}
	names, err := p.expand(c.names, have(spec, snapshot))
	if err != nil {
		return err
	}
	for _, v := range p.known(spec, snapshot) {
		if len(names) == 0 && !idle(spec, v) || slices.Contains(names, v.Name) {
			w.subjects = append(w.subjects, &subject{project: p, spec: spec, name: v.Name})
		}
	}
	return nil
}

// idle reports whether nothing is to start a service unless it is named.
func idle(spec *project.Spec, v supervisor.Service) bool {
	if spec == nil || v.Wanted {
		return false
	}
	s, declared := spec.Service(v.Name)
	return declared && s.Idle
}

// run returns when every service has come to what is waited for or to where it
// never will, when one has failed, or when the time is up.
func (w *wait) run(ctx context.Context, s *ipc.Session) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var watched []*resident
	for _, a := range w.subjects {
		if !slices.Contains(watched, a.project) {
			watched = append(watched, a.project)
			go a.project.onChange(ctx, w.wake)
		}
	}
	told := reporter{session: s, sent: make(map[string]ipc.Service)}
	for {
		over, failed := true, false
		for _, a := range w.subjects {
			v := a.now()
			if err := w.look(ctx, a, v); err != nil {
				return err
			}
			over, failed = over && a.outcome != "", failed || a.outcome == outFailed
			if err := told.report(a.project.name, a.project.show(v, a.spec)); err != nil {
				return err
			}
		}
		if over || failed {
			return nil
		}
		select {
		case <-w.changed:
		case <-ctx.Done():
		}
		if ctx.Err() != nil { // which has ended the searches, too, without a result
			return nil
		}
	}
}

func (w *wait) wake() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// now is the service as it is. One that was never up is in no snapshot.
func (a *subject) now() supervisor.Service {
	snapshot, _ := a.project.actor.Snapshot()
	if v, ok := snapshot.Find(a.name); ok {
		return v
	}
	return supervisor.Service{Name: a.name, State: supervisor.Stopped, Run: snapshot.LastRun[a.name]}
}

// look decides what has become of a service. A line that was printed stays
// printed; everything else is true only as long as it lasts.
func (w *wait) look(ctx context.Context, a *subject, v supervisor.Service) error {
	if a.outcome == outPrinted {
		return nil
	}
	a.outcome = rest(v)
	switch {
	case w.goal == ipc.WaitLog:
		return w.lookForLine(ctx, a, v)
	case w.goal == ipc.WaitReady && a.outcome == "" && v.Ready:
		a.outcome = outReady
	case w.goal == ipc.WaitReady && v.State == supervisor.Starting && v.Live != nil && len(v.Live.Listening) > 0:
		a.outcome = outElsewhere
	}
	return nil
}

// lookForLine hears from the search of the latest run, and searches a new one.
// Of a run that has ended all is in the log: its search comes to an end.
func (w *wait) lookForLine(ctx context.Context, a *subject, v supervisor.Service) error {
	found, over, err := a.search.result()
	ended := v.State == supervisor.Exited
	if !found && err == nil && (v.Live != nil || ended) && !a.search.isOf(v.Run, ended) {
		a.search.stop()
		a.search = searchLine(ctx, a.project.logs, a.name, v.Run, ended, w)
		over = false
	}
	switch {
	case found:
		a.outcome = outPrinted
	case ended && !over:
		a.outcome = ""
	}
	return err
}

// rest is the outcome of a service that goes nowhere by itself, "" for one that
// is up or on its way.
func rest(v supervisor.Service) string {
	switch {
	case v.State == supervisor.Failed:
		return outFailed
	case v.State == supervisor.Exited:
		return outExited
	case v.State == supervisor.Stopped && !v.Wanted:
		return outStopped
	}
	return ""
}

// reply sums up. The first failure decides how the command ends.
func (w *wait) reply(req ipc.Wait) ipc.OrderReply {
	out := ipc.OrderReply{Results: []ipc.Result{}}
	for _, a := range w.subjects {
		v := a.now()
		r := ipc.Result{Project: a.project.name, Service: a.project.show(v, a.spec), Outcome: a.outcome}
		switch a.outcome {
		case "":
			r.Outcome = outWaiting
		case outPrinted:
			r.Line = a.search.line
		case outFailed:
			r.LastLines = a.project.lastLines(v.Name, v.Run)
		}
		out.Results = append(out.Results, r)
	}
	out.Code, out.Message = w.verdict(req, out.Results)
	return out
}

func (w *wait) verdict(req ipc.Wait, results []ipc.Result) (code, message string) {
	named := func(outcome string) string {
		var names []string
		for _, r := range results {
			if r.Outcome == outcome {
				names = append(names, r.Service.Name)
			}
		}
		return enumerate(names)
	}
	failed, stopped, waiting := named(outFailed), named(outStopped), named(outWaiting)
	exited, elsewhere := named(outExited), named(outElsewhere)
	switch {
	case failed != "":
		return failureCode(results), "failed: " + failed
	case stopped != "":
		return ipc.CodeNotReady, fmt.Sprintf("not up, and nothing is starting it: %s; start it: locald up", stopped)
	case waiting != "":
		what := map[string]string{ipc.WaitReady: "not ready", ipc.WaitExit: "not ended", ipc.WaitLog: "no such line"}[w.goal]
		return ipc.CodeTimeout, fmt.Sprintf("%s after %v: %s", what, time.Duration(req.TimeoutMS)*time.Millisecond, waiting)
	case elsewhere != "":
		return ipc.CodeNotReady, "not ready: " + elsewhere
	case w.goal == ipc.WaitLog && exited != "":
		return ipc.CodeNotReady, "ended without printing such a line: " + exited
	}
	return "", ""
}

// plainText is a line as it is read: without the colours that it was printed
// in.
func plainText(text []byte) string {
	return sgr.Strip(strings.ToValidUTF8(string(text), "\uFFFD"))
}
