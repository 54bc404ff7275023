package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/crashpoint"
	"github.com/locald/locald/internal/daemon/logs"
	"github.com/locald/locald/internal/daemon/state"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/daemon/trust"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/project"
)

// resident is a project in the daemon's care: the actor that decides for it,
// and what executes the decisions. It is the actor's Runner and its Store.
type resident struct {
	d     *Daemon
	root  string // canonical
	name  string // as shown
	slug  string // names its files
	logs  *logs.Project
	actor *supervisor.Project

	mu      sync.Mutex
	base    []string      // the environment of the shell that entered last
	consent string        // digest of what a person started by hand
	spec    *project.Spec // what was last allowed to run
	// formation is what a person ordered. Never changed in place.
	formation project.Formation
	leases    map[string]int // service → port
	listens   map[string]bool
	runs      map[string]*run              // alive, by service
	markers   map[string]string            // service → marker of its last run
	left      map[string][]ipc.LeftProcess // service → what outlived its last run
	notes     []note
	noting    chan struct{} // closed when all notes are written; nil while there are none
}

func newResident(d *Daemon, root, name, slug string, r state.Record) *resident {
	p := &resident{
		d: d, root: root, name: name, slug: slug,
		logs:    logs.OpenProject(filepath.Join(d.paths.Logs(), slug), d.logLimits()),
		base:    bytestr.Strings(r.Env),
		consent: r.Consent, leases: r.Ports, formation: r.Formation,
		listens: make(map[string]bool), runs: make(map[string]*run), markers: make(map[string]string),
		left: make(map[string][]ipc.LeftProcess),
	}
	maps.Copy(p.listens, r.Listens)
	var alive []state.Shell
	for _, s := range r.Shells {
		if s.Alive() {
			alive = append(alive, s)
		}
	}
	held := r.HeldDown
	if len(alive) == 0 {
		held = nil // nobody is there any more for whom it was held down
	}
	p.actor = supervisor.NewProject(p, p, supervisor.Inherited{
		LastRun: r.LastRun, Wanted: r.Wanted, Entered: r.Entered, HeldDown: held, Shells: alive, EmptySince: r.EmptySince,
	})
	for _, s := range alive {
		d.shells.resume(s, p)
	}
	return p
}

// Save implements supervisor.Store.
func (p *resident) Save(s supervisor.Snapshot) error {
	p.mu.Lock()
	r := state.Record{
		Root: bytestr.String(p.root), Name: p.name,
		Entered: s.Entered, EmptySince: s.EmptySince, HeldDown: s.HeldDown, Formation: p.formation, Consent: p.consent, Ports: p.leases, LastRun: s.LastRun,
		Listens: maps.Clone(p.listens), Shells: s.Shells,
		Env: bytestr.List(state.Keep(p.base)), Runs: make(map[string]state.Run),
	}
	p.mu.Unlock()
	r.Wanted = slices.Clone(s.Unrestored)
	for _, v := range s.Services {
		if v.Wanted {
			r.Wanted = append(r.Wanted, v.Name)
		}
		if v.Live != nil {
			r.Runs[v.Name] = recordedRun(v)
		}
	}
	crashpoint.Reach(crashpoint.BeforeRecord)
	defer crashpoint.Reach(crashpoint.AfterRecord)
	return p.d.records.Save(p.slug, r)
}

func recordedRun(v supervisor.Service) state.Run {
	out := state.Run{Number: v.Run, Leader: v.Live.Leader, Marker: v.Live.Marker, Terminal: v.Live.Terminal}
	if !v.Live.Listener.IsZero() {
		out.Listener = &v.Live.Listener
	}
	return out
}

// content is what is on disk now and what the user has decided about it.
type content struct {
	files    *project.Files
	digest   string
	decision trust.Decision
	last     *trust.Approval
	// problem is why the files cannot be used at all: unsafe, or gone.
	problem error
}

func (p *resident) read() content {
	files, err := project.Read(p.root, p.d.uid)
	if err != nil {
		return content{decision: trust.Unknown, problem: err}
	}
	c := content{files: files, digest: files.Digest()}
	c.decision, c.last, c.problem = p.d.trust.Decide(project.Hash(p.root), p.root, c.digest)
	if open := c.decision == trust.Unknown || c.decision == trust.Changed; open && c.problem == nil && p.d.vouchedFor(p.root) {
		c.decision = trust.Allowed
	}
	return c
}

// trustGone is what holds for a project that is not there any more.
const trustGone = "gone"

// trustWord is how a status names what holds for the content.
func (c content) trustWord() string {
	switch {
	case errors.Is(c.problem, project.ErrUnsafe):
		return "unsafe"
	case errors.Is(c.problem, project.ErrNoProcfile), errors.Is(c.problem, fs.ErrNotExist):
		return trustGone
	}
	return string(c.decision)
}

// parse reads the files, with as many instances as somebody ordered.
func (p *resident) parse(files *project.Files) (*project.Spec, error) {
	spec, err := files.Parse()
	if err != nil {
		return nil, err
	}
	return spec.Formed(p.formed()), nil
}

func (p *resident) formed() project.Formation {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.formation
}

// use makes spec what runs from now on, with the environment of the shell that
// asked for it. consent is the digest where a person typed the command.
func (p *resident) use(spec *project.Spec, base []string, consent string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spec = spec
	if len(base) > 0 {
		p.base = base
	}
	if consent != "" {
		p.consent = consent
	}
}

// current returns what to start now. The files are read anew for every start;
// where their content is no longer allowed, what was allowed stays in force.
func (p *resident) current() (*project.Spec, []string, error) {
	c := p.read()
	p.mu.Lock()
	known, consent, base := p.spec, p.consent, p.base
	p.mu.Unlock()
	if c.problem == nil && (c.decision == trust.Allowed || c.digest == consent && c.decision != trust.Denied) {
		spec, err := p.parse(c.files)
		if err != nil {
			return nil, nil, err
		}
		p.use(spec, nil, "")
		return spec, base, nil
	}
	if known != nil {
		return known, base, nil
	}
	if c.problem != nil {
		return nil, nil, c.problem
	}
	return nil, nil, fmt.Errorf("its content is %s; review it: locald allow", undecided[c.decision])
}

// restore starts what was wanted, if it is still what was allowed then. Where it
// is not, it stays wanted: status says so, and allow starts it.
func (p *resident) restore() {
	snapshot, _ := p.actor.Snapshot()
	if len(snapshot.Unrestored) == 0 {
		return
	}
	spec, _, err := p.current()
	if err != nil {
		for _, name := range snapshot.Unrestored {
			p.Note(name, snapshot.LastRun[name], "was up, and is not started again: "+err.Error())
		}
		return
	}
	if err := p.actor.Restore(context.Background(), p.plan(spec)); err != nil {
		p.d.log.Error("cannot restore", "project", p.name, "error", err)
	}
}

func (p *resident) shutdown(keep bool) {
	ctx, cancel := context.WithTimeout(context.Background(), p.longestStop())
	defer cancel()
	if err := p.actor.Shutdown(ctx, keep); err != nil {
		p.d.log.Error("cannot stop", "project", p.name, "error", err)
	}
	p.actor.Close()
	if err := p.logs.Close(); err != nil {
		p.d.log.Error("cannot close the logs", "project", p.name, "error", err)
	}
}

// longestStop is how long ending all services can take: one after the other,
// where they depend on each other, each with its grace and what the kernel
// needs after SIGKILL.
func (p *resident) longestStop() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	longest := 10 * time.Second
	for _, r := range p.runs {
		longest += r.settings.StopTimeout + 5*time.Second
	}
	return longest
}

// wanted reports whether the project should be up.
func (p *resident) wanted() bool {
	s, _ := p.actor.Snapshot()
	return s.Wanted()
}

// lives reports whether anything of the project is up or should be.
func (p *resident) lives() bool {
	s, _ := p.actor.Snapshot()
	return s.Wanted() && len(s.Unrestored) == 0 || slices.ContainsFunc(s.Services, func(v supervisor.Service) bool { return v.Live != nil })
}

// plan is what the files say, for the actor.
func (p *resident) plan(spec *project.Spec) supervisor.Plan {
	out := supervisor.Plan{AutoStop: spec.AutoStop(p.d.config.AutoStop)}
	for _, s := range spec.Services {
		out.Services = append(out.Services, supervisor.Declared{
			Name: s.Name, Policy: supervisor.Policy(spec.Settings(s.Name).Restart), DependsOn: spec.Requires(s.Name),
			Replaces: project.Heir(s.Name), Idle: s.Idle,
		})
	}
	return out
}
