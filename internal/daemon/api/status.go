package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
	"github.com/locald/locald/internal/project"
	"github.com/locald/locald/internal/version"
	"github.com/locald/locald/internal/wire"
)

// answerStatus answers at once, unless emit is there to be told each project.
func answerStatus(
	ctx context.Context, a *API, req wire.StatusRequest, emit func(wire.StatusEvent) error,
) (wire.StatusReply, error) {
	if emit == nil {
		return a.status(ctx, req.Scope)
	}
	return a.eachStatus(ctx, req.Scope, func(p wire.Project) error {
		return emit(wire.StatusEvent{Project: p})
	})
}

// status is that in one piece.
func (a *API) status(ctx context.Context, scope wire.Scope) (wire.StatusReply, error) {
	projects := []wire.Project{}
	reply, err := a.eachStatus(ctx, scope, func(p wire.Project) error {
		projects = append(projects, p)
		return nil
	})
	reply.Projects = projects
	return reply, err
}

// eachStatus shows the project around the directory, or all of them where there is none. Not
// running is an answer, not an error.
func (a *API) eachStatus(
	ctx context.Context, scope wire.Scope, emit func(wire.Project) error,
) (wire.StatusReply, error) {
	if len(scope.Targets) == 0 && !scope.All {
		_, found := a.e.Around(string(scope.Dir))
		scope.All = !found
	}
	chosen, err := a.resolve(ctx, scope)
	if err != nil {
		return wire.StatusReply{}, err
	}
	a.e.LookAgain()
	for _, c := range chosen {
		shown, err := show(c.project, c.names)
		if err != nil {
			return wire.StatusReply{}, err
		}
		if err := emit(shown); err != nil {
			return wire.StatusReply{}, err
		}
	}
	return wire.StatusReply{
		Daemon:   wire.Daemon{PID: os.Getpid(), Version: version.String()},
		Projects: []wire.Project{},
	}, nil
}

// reading is what a project's files say.
type reading struct {
	content engine.Content
	spec    *project.Spec // nil where there is an error
	err     error
}

func read(p *engine.Project) (r reading) {
	r.content, r.spec, r.err = p.ReadSpec()
	return r
}

// show describes a project as it is on disk and as it runs; names are those of the services, none
// for all.
func show(p *engine.Project, names []string) (wire.Project, error) { return read(p).show(p, names) }

func (r reading) show(p *engine.Project, names []string) (wire.Project, error) {
	c, spec, err := r.content, r.spec, r.err
	snapshot := p.Snapshot()
	out := wire.Project{
		Name: p.Name(), Root: bytestr.String(p.Root), Trust: trustOf(c),
		Wanted: snapshot.Wanted(), Services: []wire.Service{},
		Shells: present(snapshot.Shells), AutoStop: autoStop(snapshot),
		Note: projectNote(p, c, snapshot, err),
	}
	if spec != nil {
		out.Warnings = warnings(spec.Warnings)
	}
	if names, err = expand(p, names, serviceNames(spec, snapshot)); err != nil {
		return out, err
	}
	for _, v := range listed(spec, snapshot) {
		if len(names) == 0 || slices.Contains(names, v.Name) {
			out.Services = append(out.Services, toWire(p, v, spec))
		}
	}
	return fitting(out), nil
}

// projectNote is what a person should know of a project; err is what is wrong with its files.
func projectNote(p *engine.Project, c engine.Content, s supervisor.Snapshot, err error) string {
	switch {
	case err != nil:
		return err.Error()
	case p.Trouble() != "":
		return p.Trouble()
	case s.Unsaved != "":
		return unsavedNote(s)
	case len(s.Unrestored) > 0:
		return plain.List(s.Unrestored) +
			" not restarted after the daemon crashed: the content is " +
			engine.TrustPhrase(c.Decision) + " · locald allow, or: locald up"
	case len(p.Elsewhere()) > 0:
		return elsewhereNote(p)
	}
	return ""
}

// elsewhereNote names what may still run where nobody here can see it.
func elsewhereNote(p *engine.Project) string {
	var runs []string
	for _, e := range p.Elsewhere() {
		run := fmt.Sprintf("run %d of %s", e.Number, e.Service)
		if e.Host != "" {
			run += " on " + plain.Text(e.Host)
		}
		runs = append(runs, run)
	}
	return plain.List(runs) + ": of another container or machine, or of a daemon that lives, " +
		"and left alone; stop it there, or drop it with all that is kept: locald forget " + p.Name()
}

// unsavedNote says what a record that cannot be written means.
func unsavedNote(s supervisor.Snapshot) string {
	return "not recorded: " + s.Unsaved + "; a crash would undo the latest orders; trying again"
}

// trustOf is what holds for a content.
func trustOf(c engine.Content) wire.Trust {
	switch {
	case errors.Is(c.Problem, project.ErrUnsafe):
		return wire.TrustUnsafe
	case errors.Is(c.Problem, project.ErrNoProcfile), errors.Is(c.Problem, fs.ErrNotExist):
		return wire.TrustGone
	case errors.Is(c.Problem, engine.ErrNoAnswer):
		return wire.TrustUnreadable
	}
	return wire.Trust(c.Decision)
}

func present(shells []procid.Identity) []wire.Present {
	out := make([]wire.Present, 0, len(shells))
	for _, s := range shells {
		out = append(out, wire.Present{PID: s.PID, Name: procinfo.NameOf(s.PID)})
	}
	return out
}

// autoStop says what will be stopped by itself, and when; nil where nothing is.
func autoStop(s supervisor.Snapshot) *wire.AutoStop {
	if s.AutoStop == 0 || len(s.Entered) == 0 {
		return nil
	}
	out := &wire.AutoStop{Services: s.Entered, AfterMS: s.AutoStop.Milliseconds()}
	if len(s.Shells) == 0 {
		at := s.EmptySince.Add(s.AutoStop).UTC()
		out.At = &at
	}
	return out
}

// listed are the services of the Procfile, in its order, and those that still run although it no
// longer has them.
func listed(spec *project.Spec, snapshot supervisor.Snapshot) []supervisor.Service {
	if spec == nil {
		return snapshot.Services
	}
	var out []supervisor.Service
	for _, name := range spec.Names() {
		out = append(out, serviceIn(snapshot, name))
	}
	for _, v := range snapshot.Services {
		if _, declared := spec.Service(v.Name); !declared && v.State != supervisor.Stopped {
			out = append(out, v)
		}
	}
	return out
}

// serviceIn is a service of a snapshot; one that was never up is in none.
func serviceIn(s supervisor.Snapshot, name string) supervisor.Service {
	if v, ok := s.Find(name); ok {
		return v
	}
	return supervisor.Service{Name: name, State: supervisor.Stopped, Run: s.LastRun[name]}
}

// toWire shows a service: one that runs as it was started, whatever the files say by now.
func toWire(p *engine.Project, v supervisor.Service, spec *project.Spec) wire.Service {
	out := wire.Service{
		Name: v.Name, State: wire.State(v.State), Ready: v.Ready, Port: p.Runs.Ports()[v.Name],
		Listening: []int{},
		Restarts:  v.Restarts, Run: v.Run, Note: v.Note, Failure: wire.Failure(v.Failure),
		Exit: exitOf(v.Exit),
	}
	listens := false
	if r := p.Runs.Of(v.Name); v.Live != nil && r != nil {
		out.Changed = drift(p, spec, r)
		out.Port, spec = r.Port, r.Spec
	}
	flag := ""
	if spec != nil {
		if s, ok := spec.Service(v.Name); ok {
			out.Command = s.Command
			if v.Live != nil {
				flag = s.PortFlag()
			}
			listens = listens || p.Runs.Waits(s, spec.Settings(s.Name))
		}
	}
	if v.Live == nil {
		return out
	}
	started := v.Live.Started.UTC()
	out.PID, out.Started = v.Live.Leader.PID, &started
	out.Listening = append(out.Listening, v.Live.Listening...)
	out.Note = misplaced(v, out.Port, flag, out.Note)
	if listens && out.Port != 0 {
		out.URL = fmt.Sprintf("http://127.0.0.1:%d", out.Port)
	}
	return out
}

// drift is what has changed in the files since a run was started from them.
func drift(p *engine.Project, now *project.Spec, r *engine.Run) []string {
	if now == nil {
		return nil
	}
	if _, declared := now.Service(r.Service.Name); !declared {
		return []string{now.Procfile}
	}
	return now.Drift(
		r.Spec, r.Base,
		project.Injection{Project: p.Name(), Service: r.Service.Name, Ports: p.Runs.Ports()},
	)
}

// misplaced tells of a service that listens, but not where it was told to, and what would make it,
// where that is known.
func misplaced(v supervisor.Service, port int, flag, note string) string {
	listening := v.Live.Listening
	if len(listening) == 0 || slices.Contains(listening, port) {
		return note
	}
	var where []string
	for _, l := range listening {
		where = append(where, fmt.Sprint(l))
	}
	note = fmt.Sprintf(
		"%s listens on %s, not on its PORT %d", v.Name, strings.Join(where, ", "), port,
	)
	if flag != "" {
		note += "; add to its line: " + flag
	}
	return note
}

func exitOf(e *supervisor.Exit) *wire.Exit {
	switch {
	case e == nil:
		return nil
	case e.Signal != 0:
		return &wire.Exit{Signal: supervisor.SignalName(e.Signal)}
	}
	return &wire.Exit{Code: &e.Code}
}

// maxShown is how long what is shown of one project may be, so that it goes into a frame with what
// stands around it.
const maxShown = ipc.MaxFrame - 4<<10

// What is left of a project that is too long to be shown, and of whom it has too many.
const (
	shortText   = 100 // bytes of a command or a note
	someOf      = 5   // names of what has changed
	manyOf      = 100 // warnings, shells
	encodedByte = 6   // what JSON makes of a byte at the most: \u001b
	aService    = 512 // what is around the texts of a service, encoded
	anItem      = 64  // what is around one of a list, or a shell
)

// fitting is a project as far as it goes into a frame, and says what was left out: one that is too
// large must cost neither itself nor others their answer.
func fitting(p wire.Project) wire.Project {
	if fits(p) {
		return p
	}
	p.Warnings, p.Shells = firsts(p.Warnings, manyOf), firsts(p.Shells, manyOf)
	p.Note = also(p.Note, "it is too large to be shown whole: its commands are cut")
	shorter := make([]wire.Service, 0, len(p.Services))
	for _, s := range p.Services {
		s.Command, s.Note = short(s.Command), short(s.Note)
		s.Changed = firsts(s.Changed, someOf)
		shorter = append(shorter, s)
	}
	p.Services = shorter
	if fits(p) {
		return p
	}
	p.Note = fmt.Sprintf("its %d services are too large to be shown together: "+
		"locald status %s/NAME", len(p.Services), p.Name)
	p.Services, p.Warnings, p.AutoStop = []wire.Service{}, nil, nil
	return p
}

// fits encodes only what may fit and may not.
func fits(p wire.Project) bool {
	texts := textsOf(p)
	return texts <= maxShown && (bound(p, texts) <= maxShown || encoded(p) <= maxShown)
}

// textsOf is how long the texts of a project are, not encoded.
func textsOf(p wire.Project) int {
	texts := len(p.Root) + len(p.Note) + len(strings.Join(p.Warnings, ""))
	for _, s := range p.Services {
		texts += 2*len(s.Name) + len(s.Command) + len(s.Note) + len(strings.Join(s.Changed, ""))
	}
	return texts
}

// bound is what a project takes at the most, encoded.
func bound(p wire.Project, texts int) int {
	items := len(p.Warnings) + len(p.Shells)
	for _, s := range p.Services {
		items += len(s.Changed) + len(s.Listening)
	}
	return encodedByte*texts + aService*(len(p.Services)+1) + anItem*items
}

// encoded is what it takes.
func encoded(v any) int {
	text, err := json.Marshal(v)
	if err != nil {
		return 0 // that is to be told where it is sent
	}
	return len(text)
}

func firsts[T any](list []T, n int) []T { return list[:min(n, len(list))] }

func short(text string) string {
	if len(text) <= shortText {
		return text
	}
	return strings.ToValidUTF8(text[:shortText], "") + "…"
}

func also(note, more string) string {
	if note == "" {
		return more
	}
	return short(note) + "; " + more
}
