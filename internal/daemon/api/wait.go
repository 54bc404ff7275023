package api

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/project"
	"github.com/locald/locald/internal/sgr"
	"github.com/locald/locald/internal/wire"
)

// waiting is one wait: for what, and for whom.
type waiting struct {
	goal     wire.Goal
	line     *regexp.Regexp // wire.WaitLog
	subjects []*subject
	pulse    pulse
}

// subject is one service that is waited for.
type subject struct {
	project *engine.Project
	spec    *project.Spec // nil where its files cannot be read
	name    string
	search  *lineSearch  // wire.WaitLog: of the latest run; nil before the first
	outcome wire.Outcome // "" while it is under way
}

// wait waits until services are ready, have ended, or have printed a line. It starts nothing.
func (a *API) wait(
	ctx context.Context, req wire.WaitRequest, emit func(wire.OrderEvent) error,
) (wire.OrderReply, error) {
	w, err := newWait(req)
	if err != nil {
		return wire.OrderReply{}, err
	}
	chosen, err := a.resolve(ctx, req.Scope)
	if err != nil {
		return wire.OrderReply{}, err
	}
	for _, c := range chosen {
		defer c.project.Keep()()
		if req.All && !c.project.Lives() {
			continue
		}
		if err := w.add(c); err != nil {
			return wire.OrderReply{}, err
		}
	}
	if req.All { // of a project of which only a part is up, that part
		w.subjects = slices.DeleteFunc(w.subjects, func(s *subject) bool {
			return finalOutcome(s.now()) == wire.OutcomeStopped
		})
	}
	limit, cancel := limited(ctx, req.TimeoutMS)
	defer cancel()
	if err := w.run(limit, emit); err != nil {
		return wire.OrderReply{}, err
	}
	if ctx.Err() != nil {
		return wire.OrderReply{}, ctx.Err() // the client has gone
	}
	return w.reply(req), nil
}

func newWait(req wire.WaitRequest) (*waiting, error) {
	w := &waiting{goal: req.For}
	switch w.goal {
	case wire.WaitReady, wire.WaitExit:
		return w, nil
	case wire.WaitLog:
	default:
		return nil, &wire.Error{
			Code: wire.CodeUsage, Msg: fmt.Sprintf("cannot wait for %.40q", req.For),
			Hint: "it is one of: ready, exit, log=RE",
		}
	}
	if req.Match == "" {
		return nil, &wire.Error{
			Code: wire.CodeUsage, Msg: "cannot wait for a line: no expression was given",
			Hint: "give a regular expression, as in: locald wait --for 'log=listening on'",
		}
	}
	var err error
	w.line, err = linePattern(req.Match)
	return w, err
}

// add waits for the services of a selection: where none is named, for all that the Procfile has.
func (w *waiting) add(c selection) error {
	p := c.project
	snapshot := p.Snapshot()
	_, spec, err := p.ReadSpec()
	if spec == nil && !p.Lives() {
		return refuse(p, "wait for", err)
	}
	names, err := expand(p, c.names, serviceNames(spec, snapshot))
	if err != nil {
		return err
	}
	for _, v := range listed(spec, snapshot) {
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

// run returns when every service has come to what is waited for or to where it never will, when one
// has failed, or when the time is up.
func (w *waiting) run(ctx context.Context, emit func(wire.OrderEvent) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w.pulse = newPulse(ctx)
	watched := make(map[*engine.Project]bool)
	for _, s := range w.subjects {
		if !watched[s.project] {
			watched[s.project] = true
			w.pulse.of(s.project)
		}
	}
	told := reporter{emit: emit, sent: make(map[string]wire.Service)}
	return w.pulse.each(func() (bool, error) { return w.lookAll(ctx, told) })
}

// lookAll looks at every service. When the time is up, that has ended the searches as well, without
// a result.
func (w *waiting) lookAll(ctx context.Context, told reporter) (over bool, err error) {
	over = true
	for _, s := range w.subjects {
		if ctx.Err() != nil {
			return true, nil
		}
		v := s.now()
		if err := w.look(ctx, s, v); err != nil {
			return false, err
		}
		if err := told.report(s.project.Name(), toWire(s.project, v, s.spec)); err != nil {
			return false, err
		}
		if s.outcome == wire.OutcomeFailed {
			return true, nil
		}
		over = over && s.outcome != ""
	}
	return over, nil
}

// now is the service as it is.
func (s *subject) now() supervisor.Service { return serviceIn(s.project.Snapshot(), s.name) }

// look decides what has become of a service. A line that was printed stays printed; everything else
// is true only as long as it lasts.
func (w *waiting) look(ctx context.Context, s *subject, v supervisor.Service) error {
	if s.outcome == wire.OutcomePrinted {
		return nil
	}
	s.outcome = finalOutcome(v)
	switch {
	case w.goal == wire.WaitLog:
		return w.lookForLine(ctx, s, v)
	case w.goal == wire.WaitReady && s.outcome == "" && v.Ready:
		s.outcome = wire.OutcomeReady
	case w.goal == wire.WaitReady && v.State == supervisor.Starting &&
		v.Live != nil && len(v.Live.Listening) > 0:
		s.outcome = wire.OutcomeElsewhere
	}
	return nil
}

// lookForLine hears from the search of the latest run, and searches a new one. Of a run that has
// ended everything is in the log: its search comes to an end.
func (w *waiting) lookForLine(ctx context.Context, s *subject, v supervisor.Service) error {
	found, over, err := s.search.result()
	ended := v.State == supervisor.Exited
	if !found && err == nil && (v.Live != nil || ended) && !s.search.isOf(v.Run, ended) {
		s.search.stop()
		s.search = searchLine(ctx, s.project.Logs, s.name, v.Run, ended, w)
		over = false
	}
	switch {
	case found:
		s.outcome = wire.OutcomePrinted
	case ended && !over:
		s.outcome = ""
	}
	return err
}

// reply sums up.
func (w *waiting) reply(req wire.WaitRequest) wire.OrderReply {
	out := wire.OrderReply{Results: []wire.Result{}}
	for _, s := range w.subjects {
		v := s.now()
		r := wire.Result{
			Project: s.project.Name(), Service: toWire(s.project, v, s.spec), Outcome: s.outcome,
		}
		switch s.outcome {
		case "":
			r.Outcome = wire.OutcomeWaiting
		case wire.OutcomePrinted:
			r.Line = s.search.line
		case wire.OutcomeFailed:
			r.LastLines = lastLines(s.project, v.Name, v.Run)
		}
		out.Results = append(out.Results, r)
	}
	out.Code, out.Message = waitVerdict(req, out.Results)
	return out
}

// plainText is a line as it is read: without the colours that it was printed in.
func plainText(text []byte) string {
	return sgr.Strip(strings.ToValidUTF8(string(text), "\uFFFD"))
}
