package daemon

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
	"github.com/locald/locald/internal/project"
	"github.com/locald/locald/internal/version"
)

// opStatus shows the project around the directory, or all of them where there
// is none. Not running is an answer, not an error.
func (d *Daemon) opStatus(_ context.Context, s *ipc.Session, q ipc.Request) error {
	var scope ipc.Scope
	if err := q.Decode(&scope); err != nil {
		return err
	}
	if len(scope.Targets) == 0 && !scope.All {
		_, found := d.registry.around(string(scope.Dir), d.paths.Home)
		scope.All = !found
	}
	chosen, err := d.resolve(scope)
	if err != nil {
		return err
	}
	reply := ipc.StatusReply{
		Daemon:   ipc.Daemon{PID: os.Getpid(), Version: version.String()},
		Projects: make([]ipc.Project, 0, len(chosen)),
	}
	for _, c := range chosen {
		shown, err := c.project.status(c.names)
		if err != nil {
			return err
		}
		reply.Projects = append(reply.Projects, shown)
	}
	return s.OK(reply)
}

// status describes a project as it is on disk and as it runs.
func (p *resident) status(names []string) (ipc.Project, error) {
	c := p.read()
	snapshot, _ := p.actor.Snapshot()
	out := ipc.Project{
		Name: p.name, Root: bytestr.String(p.root), Trust: c.trustWord(),
		Wanted: snapshot.Wanted(), Services: []ipc.Service{},
		Shells: present(snapshot.Shells), AutoStop: autoStop(snapshot),
	}
	var spec *project.Spec
	err := c.problem
	if c.files != nil {
		if spec, err = p.parse(c.files); err == nil {
			out.Warnings = warnings(spec.Warnings)
		}
	}
	switch {
	case err != nil:
		out.Note = err.Error()
	case p.d.troubles[p.slug] != "":
		out.Note = p.d.troubles[p.slug]
	case len(snapshot.Withheld) > 0:
		out.Note = enumerate(snapshot.Withheld) + " not started again after the daemon's death: the content is " + undecided[c.decision] + " · locald allow, or: locald up"
	}
	if names, err = p.expand(names, have(spec, snapshot)); err != nil {
		return out, err
	}
	for _, v := range p.known(spec, snapshot) {
		if len(names) == 0 || slices.Contains(names, v.Name) {
			out.Services = append(out.Services, p.show(v, spec))
		}
	}
	return out, nil
}

func present(shells []procid.Identity) []ipc.Present {
	out := make([]ipc.Present, 0, len(shells))
	for _, s := range shells {
		out = append(out, ipc.Present{PID: s.PID, Name: procinfo.NameOf(s.PID)})
	}
	return out
}

// autoStop says what will be stopped by itself, and when; nil where nothing is.
func autoStop(s supervisor.Snapshot) *ipc.AutoStop {
	if s.AutoStop == 0 || len(s.Entered) == 0 {
		return nil
	}
	out := &ipc.AutoStop{Services: s.Entered, AfterMS: s.AutoStop.Milliseconds()}
	if len(s.Shells) == 0 {
		at := s.Deserted.Add(s.AutoStop).UTC()
		out.At = &at
	}
	return out
}

// known are the services of the Procfile, in its order, and those that still
// run although it no longer has them.
func (p *resident) known(spec *project.Spec, snapshot supervisor.Snapshot) []supervisor.Service {
	if spec == nil {
		return snapshot.Services
	}
	var out []supervisor.Service
	for _, name := range spec.Names() {
		v, ok := snapshot.Find(name)
		if !ok {
			v = supervisor.Service{Name: name, State: supervisor.Stopped, Run: snapshot.LastRun[name]}
		}
		out = append(out, v)
	}
	for _, v := range snapshot.Services {
		if _, declared := spec.Service(v.Name); !declared && v.State != supervisor.Stopped {
			out = append(out, v)
		}
	}
	return out
}

// show is a service for the wire.
func (p *resident) show(v supervisor.Service, spec *project.Spec) ipc.Service {
	p.mu.Lock()
	defer p.mu.Unlock()
	port, listens := p.leases[v.Name], p.listens[v.Name]
	out := ipc.Service{
		Name: v.Name, State: string(v.State), Ready: v.Ready, Port: port, Listening: []int{},
		Restarts: v.Restarts, Run: v.Run, Note: v.Note, Failure: string(v.Failure), Exit: showExit(v.Exit),
	}
	if r := p.runs[v.Name]; v.Live != nil && r != nil { // what runs is what was started, not what the file says by now
		out.Changed = p.drift(spec, r)
		spec = r.spec
	}
	flag := ""
	if spec != nil {
		if s, ok := spec.Service(v.Name); ok {
			out.Command = s.Command
			flag = s.PortFlag()
			listens = listens || p.waits(s, spec.Settings(s.Name))
		}
	}
	if v.Live == nil {
		return out
	}
	started := v.Live.Started.UTC()
	out.PID, out.Started = v.Live.Leader.PID, &started
	out.Listening = append(out.Listening, v.Live.Listening...)
	out.Note = misplaced(v, port, flag, out.Note)
	if listens && port != 0 {
		out.URL = fmt.Sprintf("http://127.0.0.1:%d", port)
	}
	return out
}

// drift is what has changed in the files since a run was started from them.
// The lock is held.
func (p *resident) drift(now *project.Spec, r *run) []string {
	if now == nil {
		return nil
	}
	if _, declared := now.Service(r.service.Name); !declared {
		return []string{now.Procfile}
	}
	return now.Drift(r.spec, r.base, project.Injection{Project: p.name, Service: r.service.Name, Ports: p.leases})
}

// misplaced tells of a service that listens, but not where it was told to, and
// what would make it, where that is known.
func misplaced(v supervisor.Service, port int, flag, note string) string {
	listening := v.Live.Listening
	if len(listening) == 0 || slices.Contains(listening, port) {
		return note
	}
	var where []string
	for _, l := range listening {
		where = append(where, fmt.Sprint(l))
	}
	note = fmt.Sprintf("%s listens on %s, not on its PORT %d", v.Name, strings.Join(where, ", "), port)
	if flag != "" {
		note += "; add to its line: " + flag
	}
	return note
}

func showExit(e *supervisor.Exit) *ipc.Exit {
	switch {
	case e == nil:
		return nil
	case e.Signal != 0:
		return &ipc.Exit{Signal: supervisor.SignalName(e.Signal)}
	}
	return &ipc.Exit{Code: &e.Code}
}
