package api

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/wire"
)

// handler answers an order.
type handler = func(
	context.Context, wire.OrderRequest, func(wire.OrderEvent) error,
) (wire.OrderReply, error)

// order is up, down and restart: it is planned and checked as a whole, and then carried out. Typing
// one of them is consent to what the files say at this moment, and to nothing later.
func (a *API) order(k kind) handler {
	return func(
		ctx context.Context, req wire.OrderRequest, emit func(wire.OrderEvent) error,
	) (wire.OrderReply, error) {
		shell, err := environ(req.Env)
		if err != nil {
			return wire.OrderReply{}, err
		}
		tasks, warned, err := a.planOrder(ctx, k, req)
		if err != nil {
			return wire.OrderReply{}, err
		}
		for _, t := range tasks {
			if err := t.insist(ctx, shell, req.Hurry); err != nil {
				return wire.OrderReply{}, err
			}
		}
		if req.Wait {
			if err := progress(ctx, req, tasks, emit); err != nil {
				return wire.OrderReply{}, err
			}
		}
		if ctx.Err() != nil {
			return wire.OrderReply{}, ctx.Err() // the client has gone; what was ordered goes on
		}
		return orderReply(ctx, k, req, tasks, warned), nil
	}
}

// insist is carryOut, also where the project is being forgotten at that moment: then it is made
// known anew.
func (t *task) insist(ctx context.Context, base []string, force bool) error {
	err := t.carryOut(ctx, base, force)
	for errors.Is(err, supervisor.ErrForgotten) && ctx.Err() == nil {
		t.project = t.project.Again()
		err = t.carryOut(ctx, base, force)
	}
	return err
}

// carryOut hands the order to the project's actor. base is the environment of the shell that it was
// typed in.
func (t *task) carryOut(ctx context.Context, base []string, force bool) error {
	switch {
	case t.noop:
		return nil
	case t.kind == down:
		return t.stop(ctx, force)
	}
	t.project.Use(t.spec, base, t.consent)
	t.project.SetFormation(t.form)
	before := t.project.Snapshot()
	err := t.start(ctx)
	after := t.project.Snapshot()
	for _, v := range before.Services {
		if now, _ := after.Find(v.Name); v.Live != nil && v.Wanted && !now.Wanted {
			t.toStop = append(t.toStop, v.Name)
		}
	}
	return err
}

func (t *task) start(ctx context.Context) error {
	actor, plan := t.project.Actor, t.project.Plan(t.spec)
	switch {
	case len(t.names) == 0: // it only stops
		return actor.Declare(ctx, plan)
	case t.kind == up:
		return actor.Up(ctx, plan, t.names)
	}
	return actor.Restart(ctx, plan, t.names)
}

func (t *task) stop(ctx context.Context, force bool) error {
	p := t.project
	if t.spec != nil && !p.Lives() {
		plan := p.Plan(t.spec)
		plan.Content = nil // what still is to start is started from what was allowed or asked for
		if err := p.Actor.Declare(ctx, plan); err != nil {
			return err
		}
	}
	if len(t.names) == 0 { // the next up starts as many as the files say
		p.SetFormation(nil)
	}
	return p.Actor.Down(ctx, t.names, force)
}

// progress sends an event for each service that changed and returns when all have settled or the
// time is up.
func progress(
	ctx context.Context, req wire.OrderRequest, tasks []*task, emit func(wire.OrderEvent) error,
) error {
	ctx, cancel := limited(ctx, req.TimeoutMS)
	defer cancel()
	changed := newPulse(ctx)
	for _, t := range tasks {
		changed.of(t.project)
	}
	told := reporter{emit: emit, sent: make(map[string]wire.Service)}
	return changed.each(func() (over bool, err error) {
		over = true
		for _, t := range tasks {
			for _, v := range t.services(t.project.Snapshot()) {
				if err := told.report(t.project.Name(), toWire(t.project, v, t.spec)); err != nil {
					return false, err
				}
				over = over && settled(t.goal(v.Name), v, t.runs[v.Name]) != ""
			}
		}
		for _, t := range tasks {
			t.settled = over
		}
		return over, nil
	})
}

// limited bounds ctx by a request's time-out; 0 is none.
func limited(ctx context.Context, milliseconds int64) (context.Context, context.CancelFunc) {
	if milliseconds <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Duration(milliseconds)*time.Millisecond)
}

// reporter sends an event for each service that has changed since the last one.
type reporter struct {
	emit func(wire.OrderEvent) error
	sent map[string]wire.Service // by "project/service"
}

func (r reporter) report(project string, shown wire.Service) error {
	key := project + "/" + shown.Name
	before, ok := r.sent[key]
	if ok && before.State == shown.State && before.Ready == shown.Ready &&
		before.Note == shown.Note {
		return nil
	}
	r.sent[key] = shown
	return r.emit(wire.OrderEvent{Project: project, Service: shown})
}

// orderReply sums up what has become of the order.
func orderReply(
	ctx context.Context, k kind, req wire.OrderRequest, tasks []*task, warned []string,
) wire.OrderReply {
	reply := wire.OrderReply{Results: []wire.Result{}}
	for _, t := range tasks {
		if k == down { // what is up was recorded before it was let go
			_ = t.project.Actor.Sync(ctx) // what could not be recorded is in the snapshot
		}
		if s := t.project.Snapshot(); s.Unsaved != "" {
			warned = append(warned, t.project.Name()+": "+unsavedNote(s))
		}
		reply.Results = append(reply.Results, t.results()...)
	}
	reply.Warnings = warned
	reply.Code, reply.Message = orderVerdict(k, req, reply.Results)
	return fittingReply(reply)
}

func (t *task) results() (out []wire.Result) {
	for _, v := range t.services(t.project.Snapshot()) {
		goal := t.goal(v.Name)
		r := wire.Result{
			Project: t.project.Name(), Service: toWire(t.project, v, t.spec),
			Outcome: settled(goal, v, t.runs[v.Name]), Was: goal == t.kind && t.already[v.Name],
		}
		switch {
		case r.Outcome == "" && t.settled: // and has been decided otherwise since
			r.Outcome = wire.OutcomeWithdrawn
		case r.Outcome == "":
			r.Outcome = wire.OutcomeWaiting
		}
		if t.runs[v.Name] != 0 {
			r.Left = leftProcesses(t.project.Runs.LeftBy(v.Name))
		}
		if r.Outcome == wire.OutcomeFailed {
			r.LastLines = lastLines(t.project, v.Name, v.Run)
		}
		out = append(out, r)
	}
	return out
}

func leftProcesses(left engine.Left) (out []wire.LeftProcess) {
	for _, i := range left.Stuck {
		out = append(out, wire.LeftProcess{PID: i.PID, Command: i.Command, Stuck: true})
	}
	for _, i := range left.Detached {
		out = append(out, wire.LeftProcess{PID: i.PID, Command: i.Command})
	}
	return out
}

// lastLines are what a failed service printed last.
func lastLines(p *engine.Project, service string, run int) []string {
	const shown = 10
	lines, err := p.Logs.Service(service).Tail(run, 2*shown)
	if err != nil {
		return nil
	}
	var out []string
	for _, l := range lines {
		if wire.Stream(l.Stream) != wire.StreamLocald {
			out = append(out, strings.ToValidUTF8(string(l.Text), "\uFFFD"))
		}
	}
	return out[max(0, len(out)-shown):]
}
