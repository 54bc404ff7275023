package api

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/wire"
)

// step is one thing that happens in a world of two projects. The steps are drawn before the bubble
// is entered, in which rapid cannot run.
type step struct {
	What    string
	In      string // the project
	Targets []string
	Lines   []string // edit: of the Procfile; none makes it one that cannot be used
	Service string   // crash
	Shell   int
}

func drawStep(t *rapid.T) step {
	targets := [][]string{
		nil, nil,
		{"web"},
		{"worker"},
		{"web", "worker"},
		{"worker=2"},
		{"worker=0"},
		{"web=2", "worker"},
		{"all=1"},
		{"nosuch"},
		{"worker=3", "nosuch"},
		{"web", "blog/web"},
		{"shop/worker=2", "blog/nosuch"},
		{"blog/web", "shop/web"},
		{"worker.1"},
	}
	services := []string{"web", "worker", "worker.1", "worker.2"}
	lines := [][]string{
		{"web", "worker"},
		{"web", "worker"},
		{"web"},
		{"web", "worker", "job"},
		nil,
	}
	return step{
		What: rapid.SampledFrom([]string{
			"up", "up", "down", "restart", "changed", "edit", "edit", "allow", "allow", "deny",
			"enter", "enter", "leave", "forget", "crash", "crash", "look",
		}).Draw(t, "what"),
		In:      rapid.SampledFrom([]string{"shop", "blog"}).Draw(t, "in"),
		Targets: rapid.SampledFrom(targets).Draw(t, "targets"),
		Lines:   rapid.SampledFrom(lines).Draw(t, "lines"),
		Service: rapid.SampledFrom(services).Draw(t, "service"),
		Shell:   rapid.IntRange(0, 1).Draw(t, "shell"),
	}
}

// TestOrdersModel gives two projects random orders, edits, decisions, shells and crashes, and
// compares what runs, from which content, what is on record and what each order says with a model
// that has no time and no processes.
func TestOrdersModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.Custom(drawStep), 1, 14).Draw(rt, "steps")
		wrong := ""
		synctest.Test(t, func(t *testing.T) {
			m := newModel(newWorld(t))
			for i, s := range steps {
				if wrong = m.take(s); wrong != "" {
					wrong = fmt.Sprintf("step %d, %+v: %s", i+1, s, wrong)
					return
				}
			}
		})
		if wrong != "" {
			rt.Fatal(wrong)
		}
	})
}

// model is what must be true once nothing moves.
type model struct {
	w        *world
	projects map[string]*modelled
	shells   []procid.Identity
	edits    int
}

// modelled is one project. Every edit makes a content that there never was, so that what a process
// runs tells from which one it was started.
type modelled struct {
	root      string
	known     bool     // to the daemon
	lines     []string // of its Procfile now; none where it cannot be used
	edit      int      // that made it
	allowed   bool     // that content
	denied    bool
	consent   int               // the edit that somebody has ordered to run
	source    map[string]string // service → line of the content that restarts fall back to
	formation map[string]int
	declared  map[string]bool // service → it is idle
	wanted    map[string]bool
	failed    map[string]bool   // of the wanted
	runs      map[string]string // service → the line that runs
	held      map[string]bool
	here      map[int]bool // shells
}

func newModel(w *world) *model {
	m := &model{w: w, projects: make(map[string]*modelled)}
	m.shells = []procid.Identity{w.Host.Shell(), w.Host.Shell()}
	for _, name := range []string{"shop", "blog"} {
		p := &modelled{here: make(map[int]bool)}
		p.forget()
		m.projects[name] = p
		p.root = w.Project(name, "")
		m.write(p, []string{"web", "worker"})
		w.Engine.At(p.root)
		p.known = true
	}
	return m
}

func (p *modelled) forget() {
	p.known, p.allowed, p.denied, p.consent, p.source = false, false, false, 0, nil
	p.formation, p.declared = map[string]int{}, map[string]bool{}
	p.wanted, p.failed, p.held = map[string]bool{}, map[string]bool{}, map[string]bool{}
	p.runs = map[string]string{}
}

func (m *model) write(p *modelled, lines []string) {
	m.edits++
	p.lines, p.edit, p.allowed = lines, m.edits, false
	text := "twice: a\ntwice: b\n"
	if len(lines) > 0 {
		text = ""
	}
	for _, name := range lines {
		text += name + ": " + p.command(name) + "\n"
	}
	m.w.Write(p.root, "Procfile", fmt.Sprintf("# edit %d\n%s", m.edits, text))
}

func (p *modelled) command(line string) string { return fmt.Sprintf("%s %d $PORT", line, p.edit) }

func lineOf(service string) string { return strings.Split(service, ".")[0] }

// formed are the services of the Procfile with a formation, in order, and which of them are idle.
func (p *modelled) formed(formation map[string]int) (names []string, idle map[string]bool) {
	idle = make(map[string]bool)
	for _, line := range p.lines {
		count, said := formation[line]
		if !said {
			count = 1
		}
		if count <= 1 {
			names = append(names, line)
			idle[line] = count == 0
			continue
		}
		for n := 1; n <= count; n++ {
			names = append(names, fmt.Sprintf("%s.%d", line, n))
			idle[names[len(names)-1]] = false
		}
	}
	return names, idle
}

// declare is what the actor does with a plan: what is in none, or idle, is no longer wanted.
func (p *modelled) declare(idle map[string]bool) {
	p.declared = idle
	for name := range p.held {
		if _, is := idle[name]; !is {
			delete(p.held, name)
		}
	}
	for name := range p.wanted {
		if isIdle, is := idle[name]; !is || isIdle {
			p.drop(name)
		}
	}
}

func (p *modelled) drop(name string) {
	delete(p.wanted, name)
	delete(p.failed, name)
	delete(p.runs, name)
}

// use makes the content what is fallen back to.
func (p *modelled) use(names []string) {
	p.source = make(map[string]string)
	for _, name := range names {
		p.source[name] = p.command(lineOf(name))
	}
}

// start is for services that are ordered: those that run go on.
func (p *modelled) start(names []string) {
	for _, name := range names {
		p.wanted[name] = true
		delete(p.held, name)
		if _, lives := p.runs[name]; !lives {
			p.runs[name] = p.command(lineOf(name))
		}
		delete(p.failed, name)
	}
}

// startAll is what entering does.
func (p *modelled) startAll() (started []string) {
	names, idle := p.formed(p.formation)
	p.use(names)
	p.declare(idle)
	for _, name := range names {
		if !idle[name] {
			started = append(started, name)
		}
	}
	p.start(started)
	return started
}

func (p *modelled) free() bool { return len(p.held) == 0 && len(p.wanted) == 0 }

// take does a step, in the world and in the model, and says what differs.
func (m *model) take(s step) string {
	m.w.t.Helper()
	before := m.w.Picture()
	refused, wrong := m.do(s, m.projects[s.In])
	pass()
	if wrong != "" {
		return wrong
	}
	if refused {
		after := m.w.Picture()
		for root := range after.Names { // to look for a project makes it known
			if _, was := before.Names[root]; !was {
				return m.differs()
			}
		}
		if diff := cmp.Diff(before, after); diff != "" {
			return "it was refused, or only looked, and changed (-before +after):\n" + diff
		}
	}
	return m.differs()
}

func (m *model) do(s step, p *modelled) (refused bool, wrong string) {
	ctx, dir := context.Background(), bytestr.String(p.root)
	switch s.What {
	case "up", "restart", "changed", "down":
		return m.order(s)
	case "edit":
		m.write(p, s.Lines)
	case "allow":
		p.known = true
		_, err := m.w.api.allow(ctx, wire.AllowRequest{Dir: dir, Digest: m.w.Digest(p.root)})
		if refused := len(p.lines) == 0; refused || err != nil {
			return true, unlike(refused, err)
		}
		p.allowed, p.denied = true, false
		if len(p.here) > 0 && p.free() {
			p.startAll()
		}
	case "deny":
		p.known, p.allowed, p.denied = true, false, true
		_, err := m.w.api.deny(ctx, wire.DenyRequest{Dir: dir})
		return false, unlike(false, err)
	case "enter":
		return false, m.enter(p, s.Shell)
	case "leave":
		m.leave(nil, s.Shell)
		m.w.enter(m.shells[s.Shell], "")
	case "forget":
		_, err := m.w.api.forget(ctx, wire.ForgetRequest{Dir: dir, Sure: true})
		p.known = true
		if refused := len(p.wanted) > 0; refused || err != nil {
			return true, unlike(refused, err)
		}
		p.forget()
	case "crash":
		m.crash(p, s.Service)
	case "look":
		p.known = true
		_, err := m.w.api.status(ctx, here(p.root))
		return true, unlike(false, err)
	}
	return false, ""
}

func unlike(refused bool, err error) string {
	if refused != (err != nil) {
		return fmt.Sprintf("refused: %v; want it refused: %v", err, refused)
	}
	return ""
}

func (m *model) enter(p *modelled, shell int) string {
	m.leave(p, shell)
	p.known = true
	p.here[shell] = true
	var started []string
	if p.allowed && p.free() {
		started = p.startAll()
	}
	said := strings.Join(m.w.enter(m.shells[shell], p.root).Say, "")
	if starts := strings.HasPrefix(said, "locald: starting "); starts != (started != nil) {
		return fmt.Sprintf("it says %q, and %v are to be started", said, started)
	}
	return ""
}

// leave is for a shell that is in p, or nowhere, from now on.
func (m *model) leave(p *modelled, shell int) {
	for _, o := range m.projects {
		if o == p || !o.here[shell] {
			continue
		}
		delete(o.here, shell)
		if len(o.here) == 0 {
			clear(o.held)
		}
	}
}

// crash ends a run. What is started in its place is the content as it is now where that is allowed
// or was ordered, else the one before.
func (m *model) crash(p *modelled, service string) {
	line, lives := p.runs[service]
	if !lives {
		return
	}
	for _, process := range m.w.Host.Living() {
		same := strings.HasSuffix(service, fmt.Sprint(".", psNumber(process.Command.Env)))
		several := strings.Contains(service, ".")
		if process.Command.Dir == p.root && process.Command.Line == line && same == several {
			process.End(failed)
		}
	}
	if !p.denied && (p.allowed || p.consent == p.edit) {
		names, _ := p.formed(p.formation)
		p.use(names)
	}
	delete(p.runs, service)
	if line, is := p.source[service]; is {
		p.runs[service] = line
	} else {
		p.failed[service] = true
	}
}

// psNumber is the number in PS=worker.2.
func psNumber(env []string) string {
	for _, entry := range env {
		if value, is := strings.CutPrefix(entry, "PS="); is {
			return value[strings.IndexByte(value, '.')+1:]
		}
	}
	return ""
}

// differs says how the world is not as the model.
func (m *model) differs() string {
	records := m.w.Records()
	holders := make(map[int]string)
	for name, p := range m.projects {
		runs := make(map[string]string)
		for _, process := range m.w.Host.Living() {
			if process.Command.Dir != p.root {
				continue
			}
			if other, taken := holders[process.Command.Port]; taken {
				return fmt.Sprintf("port %d is %s's and %s's", process.Command.Port, other, name)
			}
			holders[process.Command.Port] = name
		}
		if n := m.w.Host.Most(p.root); n > 1 {
			return fmt.Sprintf("%d runs of a service of %s at a time", n, name)
		}
		if !p.known {
			if _, is := m.w.Engine.Named(name); is {
				return name + " is known"
			}
			continue
		}
		known, is := m.w.Engine.Named(name)
		if !is {
			return name + " is not known"
		}
		wanted, failed := make(map[string]bool), make(map[string]bool)
		snapshot := known.Snapshot()
		for _, v := range snapshot.Services {
			if v.Wanted {
				wanted[v.Name] = true
			}
			if v.State == supervisor.Failed {
				failed[v.Name] = true
			}
			if r := known.Runs.Of(v.Name); r != nil {
				runs[v.Name] = r.Service.Command
				if r.Port != known.Runs.Ports()[v.Name] {
					return fmt.Sprintf("%s runs on %d, and its lease is %d", v.Name, r.Port,
						known.Runs.Ports()[v.Name])
				}
			}
		}
		held := make(map[string]bool)
		for _, service := range snapshot.HeldDown {
			held[service] = true
		}
		for _, c := range []struct {
			what      string
			want, got any
		}{
			{"wanted", p.wanted, wanted},
			{"failed", p.failed, failed},
			{"runs", p.runs, runs},
			{"held down", p.held, held},
			{"here", len(p.here), len(snapshot.Shells)},
			{"on record", slices.Sorted(maps.Keys(p.wanted)), sorted(records[known.Slug].Wanted)},
		} {
			if diff := cmp.Diff(c.want, c.got); diff != "" {
				return fmt.Sprintf("%s, %s (-want +got):\n%s", name, c.what, diff)
			}
		}
	}
	return ""
}

func sorted(names []string) []string { return slices.Sorted(slices.Values(names)) }
