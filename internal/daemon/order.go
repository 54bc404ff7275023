package daemon

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/daemon/trust"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/project"
)

// task is what an order means for one project.
type task struct {
	project *resident
	spec    *project.Spec // nil for down of a project that cannot be read
	names   []string      // down: none means all
	off     []string      // up, restart: what was up and is no longer wanted
	form    project.Formation
	nothing bool           // restart --changed: nothing has
	runs    map[string]int // down, restart: the run that each live service had before
	was     map[string]bool
}

// opOrder is up, down and restart. Typing one of them is consent to what the
// files say at this moment, and to nothing later.
func (d *Daemon) opOrder(ctx context.Context, s *ipc.Session, q ipc.Request) error {
	var order ipc.Order
	if err := q.Decode(&order); err != nil {
		return err
	}
	resolve := d.resolve
	if q.Op == ipc.OpUp {
		resolve = d.resolveFormation
	}
	chosen, err := resolve(order.Scope)
	if err != nil {
		return err
	}
	var tasks []*task
	var warned []string
	if order.All {
		chosen, warned = concerned(chosen, q.Op)
	}
	for _, c := range chosen {
		t, err := c.project.prepare(q.Op, order, c)
		if err != nil {
			if !order.All {
				return err
			}
			warned = append(warned, err.Error())
			continue
		}
		if t.spec != nil && q.Op != ipc.OpDown { // to stop, nobody needs the Procfile to be right
			warned = append(warned, prefixed(c.project, warnings(t.spec.Warnings), order.All)...)
		}
		tasks = append(tasks, t)
	}
	if q.Op != ipc.OpDown {
		warned = append(warned, d.configWarnings()...)
	}
	for _, t := range tasks {
		if err := t.start(ctx, q.Op, order.Hurry); err != nil {
			return err
		}
	}
	return d.awaitOrder(ctx, s, q.Op, order, tasks, warned)
}

// concerned leaves out projects to which an order for all has nothing to say.
// --all is consent to what was allowed, not to whatever was once looked at: a
// person who types it has not all of them before their eyes.
func concerned(chosen []selection, op string) (out []selection, warned []string) {
	for _, c := range chosen {
		p := c.project
		switch decision := p.read().decision; {
		case op == ipc.OpUp && decision == trust.Allowed, op == ipc.OpDown && p.wanted(), p.lives():
			out = append(out, c)
		case op == ipc.OpUp && decision != trust.Denied && isThere(p.root):
			warned = append(warned, fmt.Sprintf("%s is %s and was left out: locald -C %s up", p.name, undecided[decision], tilde(p.root, p.d.paths.Home)))
		}
	}
	return out, warned
}

func isThere(root string) bool {
	_, err := os.Stat(root)
	return err == nil
}

func prefixed(p *resident, list []string, all bool) []string {
	if !all {
		return list
	}
	for i := range list {
		list[i] = p.name + ": " + list[i]
	}
	return list
}

// prepare reads the project and checks the names. down works even where the
// files are gone or unreadable: what runs can always be stopped.
func (p *resident) prepare(op string, order ipc.Order, chosen selection) (*task, error) {
	t := &task{project: p, runs: make(map[string]int), was: make(map[string]bool)}
	snapshot, _ := p.actor.Snapshot()
	c := p.read()
	var err error = c.problem
	if c.files != nil {
		t.spec, err = p.parse(c.files)
	}
	if err != nil && op != ipc.OpDown {
		return nil, p.refuse(verb(op), err)
	}
	if op == ipc.OpDown {
		err = t.aimDown(chosen.names, snapshot)
	} else {
		err = t.aimUp(chosen)
	}
	if err != nil {
		return nil, err
	}
	for _, v := range snapshot.Services {
		t.was[v.Name] = v.Ready && op == ipc.OpUp || v.Live == nil && !v.Wanted && op == ipc.OpDown
		if op != ipc.OpUp && v.Live != nil {
			t.runs[v.Name] = v.Run
		}
	}
	if order.Changed {
		t.keepChanged(snapshot)
	}
	if op != ipc.OpDown && !t.nothing {
		p.use(t.spec, bytestr.Strings(order.Env), c.digest)
		p.setFormation(t.form)
	}
	return t, nil
}

func (t *task) aimDown(names []string, snapshot supervisor.Snapshot) (err error) {
	if t.spec != nil {
		for _, name := range t.spec.Names() { // what was never started is not in the snapshot
			t.was[name] = true
		}
	}
	t.names, err = t.project.expand(names, have(t.spec, snapshot))
	return err
}

func (t *task) aimUp(chosen selection) (err error) {
	if t.form, err = t.project.form(t.spec, chosen); err != nil {
		return err
	}
	t.spec = t.spec.Formed(t.form)
	t.names, err = t.project.orderedNames(t.spec, chosen)
	return err
}

// keepChanged leaves of a restart what does not run as the files say.
func (t *task) keepChanged(snapshot supervisor.Snapshot) {
	t.names = slices.DeleteFunc(t.names, func(name string) bool {
		v, _ := snapshot.Find(name)
		return len(t.project.show(v, t.spec).Changed) == 0
	})
	t.nothing = len(t.names) == 0
}

func (p *resident) setFormation(f project.Formation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.formation = f
}

// have are the services of the Procfile and those that are still known.
func have(spec *project.Spec, snapshot supervisor.Snapshot) (names []string) {
	if spec != nil {
		names = spec.Names()
	}
	for _, v := range snapshot.Services {
		if !slices.Contains(names, v.Name) {
			names = append(names, v.Name)
		}
	}
	return names
}

func (t *task) start(ctx context.Context, op string, hurry bool) error {
	switch {
	case t.nothing:
		return nil
	case op == ipc.OpDown:
		return t.stop(ctx, hurry)
	}
	before, _ := t.project.actor.Snapshot()
	err := t.startNamed(ctx, op)
	after, _ := t.project.actor.Snapshot()
	for _, v := range before.Services {
		if now, _ := after.Find(v.Name); v.Live != nil && v.Wanted && !now.Wanted {
			t.off = append(t.off, v.Name)
		}
	}
	return err
}

func (t *task) startNamed(ctx context.Context, op string) error {
	actor, plan := t.project.actor, t.project.plan(t.spec)
	switch {
	case len(t.names) == 0: // it only stops
		return actor.Declare(ctx, plan)
	case op == ipc.OpUp:
		return actor.Up(ctx, plan, t.names)
	}
	return actor.Restart(ctx, plan, t.names)
}

func (t *task) stop(ctx context.Context, hurry bool) error {
	p := t.project
	if t.spec != nil && !p.lives() {
		if err := p.actor.Declare(ctx, p.plan(t.spec)); err != nil {
			return err
		}
	}
	if len(t.names) == 0 { // the next up starts as many as the files say
		p.setFormation(nil)
	}
	return p.actor.Down(ctx, t.names, hurry)
}

// goal is what an order comes to for one service: an up also stops what is gone.
func (t *task) goal(op, service string) string {
	if slices.Contains(t.off, service) {
		return ipc.OpDown
	}
	return op
}

// concerns returns the services of a snapshot that the order is about.
func (t *task) concerns(s supervisor.Snapshot) []supervisor.Service {
	var out []supervisor.Service
	for _, v := range s.Services {
		if t.names == nil || slices.Contains(t.names, v.Name) || slices.Contains(t.off, v.Name) {
			out = append(out, v)
		}
	}
	for _, name := range t.off { // it has been forgotten since
		if _, still := s.Find(name); !still {
			out = append(out, supervisor.Service{Name: name, State: supervisor.Stopped, Run: s.LastRun[name]})
		}
	}
	return out
}

// The outcomes of a service in an order.
const (
	outReady     = "ready"
	outExited    = "exited"
	outStopped   = "stopped"
	outFailed    = "failed"
	outElsewhere = "elsewhere" // it listens, but not on its port
	outWaiting   = "waiting"
	outWithdrawn = "withdrawn"
	outPrinted   = "printed" // the line that was waited for
)

// settled returns the outcome of a service, "" while it is under way. before
// is the run that a restart was to replace.
func settled(op string, v supervisor.Service, before int) string {
	idle := v.State == supervisor.Stopped || v.State == supervisor.Exited || v.State == supervisor.Failed
	if op == ipc.OpDown {
		switch {
		case v.Wanted:
			return outWithdrawn
		case idle:
			return outStopped
		}
		return ""
	}
	switch {
	case v.State == supervisor.Stopped && !v.Wanted:
		return outWithdrawn
	case v.Run <= before:
		return ""
	case v.State == supervisor.Failed:
		return outFailed
	case v.State == supervisor.Exited:
		return outExited
	case v.Ready:
		return outReady
	case v.Live != nil && len(v.Live.Listening) > 0:
		return outElsewhere
	}
	return ""
}

// awaitOrder reports progress until everything has settled, and then the end.
func (d *Daemon) awaitOrder(ctx context.Context, s *ipc.Session, op string, order ipc.Order, tasks []*task, warned []string) error {
	if order.Wait {
		limit := ctx
		if order.TimeoutMS > 0 {
			var cancel context.CancelFunc
			limit, cancel = context.WithTimeout(ctx, time.Duration(order.TimeoutMS)*time.Millisecond)
			defer cancel()
		}
		if err := d.progress(limit, s, op, tasks); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return ctx.Err() // the client has gone; what was ordered goes on
	}
	reply := ipc.OrderReply{Warnings: warned, Results: []ipc.Result{}}
	for _, t := range tasks {
		if op == ipc.OpDown { // what is up was recorded before it was let go
			if err := t.project.actor.Sync(ctx); err != nil {
				d.log.Error("cannot record", "project", t.project.name, "error", err)
			}
		}
		reply.Results = append(reply.Results, t.results(op)...)
	}
	reply.Code, reply.Message = verdict(op, order, reply.Results)
	return s.End(reply)
}

// progress sends an event for each service that changed and returns when all
// have settled or the time is up.
func (d *Daemon) progress(ctx context.Context, s *ipc.Session, op string, tasks []*task) error {
	changed := make(chan struct{}, 1)
	wake := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	watch, stop := context.WithCancel(ctx)
	defer stop()
	for _, t := range tasks {
		go t.project.onChange(watch, wake)
	}
	told := reporter{session: s, sent: make(map[string]ipc.Service)}
	for {
		pending := false
		for _, t := range tasks {
			snapshot, _ := t.project.actor.Snapshot()
			for _, v := range t.concerns(snapshot) {
				if err := told.report(t.project.name, t.project.show(v, t.spec)); err != nil {
					return err
				}
				pending = pending || settled(t.goal(op, v.Name), v, t.runs[v.Name]) == ""
			}
		}
		if !pending {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

// reporter sends an event for each service that has changed since the last one.
type reporter struct {
	session *ipc.Session
	sent    map[string]ipc.Service // by "project/service"
}

func (r reporter) report(project string, shown ipc.Service) error {
	key := project + "/" + shown.Name
	if before, ok := r.sent[key]; ok && before.State == shown.State && before.Ready == shown.Ready && before.Note == shown.Note {
		return nil
	}
	r.sent[key] = shown
	return r.session.Event(ipc.OrderEvent{Project: project, Service: shown})
}

// onChange calls wake after each new snapshot until the context ends.
func (p *resident) onChange(ctx context.Context, wake func()) {
	for {
		_, changed := p.actor.Snapshot()
		wake()
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

func (t *task) results(op string) []ipc.Result {
	snapshot, _ := t.project.actor.Snapshot()
	var out []ipc.Result
	for _, v := range t.concerns(snapshot) {
		goal := t.goal(op, v.Name)
		outcome := settled(goal, v, t.runs[v.Name])
		if outcome == "" {
			outcome = outWaiting
		}
		r := ipc.Result{Project: t.project.name, Service: t.project.show(v, t.spec), Outcome: outcome, Was: goal == op && t.was[v.Name]}
		if t.runs[v.Name] != 0 {
			r.Left = t.project.leftBy(v.Name)
		}
		if outcome == outFailed {
			r.LastLines = t.project.lastLines(v.Name, v.Run)
		}
		out = append(out, r)
	}
	return out
}

// leftBy are the processes that outlived the last run of a service.
func (p *resident) leftBy(service string) []ipc.LeftProcess {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.left[service]
}

// lastLines are what a failed service printed last.
func (p *resident) lastLines(service string, run int) []string {
	const shown = 10
	lines, err := p.logs.Service(service).Tail(run, 2*shown)
	if err != nil {
		return nil
	}
	var out []string
	for _, l := range lines {
		if l.Stream != "locald" {
			out = append(out, strings.ToValidUTF8(string(l.Text), "\uFFFD"))
		}
	}
	return out[max(0, len(out)-shown):]
}

// verdict decides how the command ends: the worst outcome, a failure before a
// time-out before a service that somebody else decided about.
func verdict(op string, order ipc.Order, results []ipc.Result) (code, message string) {
	named := func(outcome string) (names []string) {
		for _, r := range results {
			if r.Outcome == outcome {
				names = append(names, r.Service.Name)
			}
		}
		return names
	}
	if failed := named(outFailed); len(failed) > 0 {
		return failureCode(results), "failed: " + enumerate(failed)
	}
	if waiting := named(outWaiting); order.Wait && len(waiting) > 0 {
		return ipc.CodeTimeout, fmt.Sprintf("not %s after %v: %s", participle(op), time.Duration(order.TimeoutMS)*time.Millisecond, enumerate(waiting))
	}
	if elsewhere := named(outElsewhere); len(elsewhere) > 0 {
		return ipc.CodeNotReady, "not ready: " + enumerate(elsewhere)
	}
	if withdrawn := named(outWithdrawn); len(withdrawn) > 0 {
		return ipc.CodeNotReady, "another command decided otherwise meanwhile: " + enumerate(withdrawn)
	}
	return "", ""
}

// failureCode is that of services that failed: who has the port matters more
// than that one could not be started.
func failureCode(results []ipc.Result) string {
	for _, r := range results {
		if r.Outcome == outFailed && r.Service.Failure == string(supervisor.FailurePort) {
			return ipc.CodePortTaken
		}
	}
	return ipc.CodeServiceFailed
}

func participle(op string) string {
	if op == ipc.OpDown {
		return "stopped"
	}
	return "ready"
}

// verb is what an order does, for a sentence.
func verb(op string) string {
	switch op {
	case ipc.OpUp:
		return "start"
	case ipc.OpDown:
		return "stop"
	}
	return op
}
