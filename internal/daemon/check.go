package daemon

import (
	"context"
	"errors"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/daemon/ports"
	"github.com/locald/locald/internal/daemon/trust"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/project"
)

const (
	levelError   = "error"
	levelWarning = "warning"
)

// opCheck says everything that is wrong with a project, with file and line.
func (d *Daemon) opCheck(_ context.Context, s *ipc.Session, q ipc.Request) error {
	var req ipc.Check
	if err := q.Decode(&req); err != nil {
		return err
	}
	p, err := d.here(string(req.Dir))
	if err != nil {
		return err
	}
	return s.OK(p.check(bytestr.Strings(req.Env)))
}

func (p *resident) check(base []string) ipc.CheckReply {
	c := p.read()
	out := ipc.CheckReply{
		Project: p.name, Root: bytestr.String(p.root), Trust: c.trustWord(),
		Services: []ipc.CheckService{}, Findings: []ipc.Finding{},
	}
	if c.problem != nil {
		finding := ipc.Finding{Level: levelError, Reason: c.problem.Error()}
		if remedy := project.Remedy(c.problem); remedy != "" {
			finding.Hint = "run: " + remedy
		}
		out.Findings = append(out.Findings, finding)
	}
	if c.files == nil {
		return out
	}
	spec, err := p.parse(c.files)
	if err != nil {
		out.Findings = append(out.Findings, parseFinding(err))
		return out
	}
	out.File = spec.Procfile
	for _, w := range spec.Warnings {
		out.Findings = append(out.Findings, ipc.Finding{Level: levelWarning, File: w.File, Line: w.Line, Reason: w.Reason})
	}
	out.Findings = append(out.Findings, p.checkPorts(spec, &out)...)
	base, _ = splitUmask(base)
	for _, w := range spec.Environ(base, project.Injection{Project: p.name, Ports: p.leased()}).Warnings {
		out.Findings = append(out.Findings, ipc.Finding{Level: levelWarning, File: w.File, Line: w.Line, Reason: w.Reason})
	}
	out.Findings = append(out.Findings, p.checkPrograms(spec, base)...)
	if c.problem == nil && c.decision != trust.Allowed {
		out.Findings = append(out.Findings, ipc.Finding{
			Level: levelWarning, File: spec.Procfile,
			Reason: undecided[c.decision] + ": entering the directory starts nothing", Hint: "review it: locald allow",
		})
	}
	return out
}

// undecided says what holds for content that entering the directory does not
// start.
var undecided = map[trust.Decision]string{
	trust.Unknown: "not allowed yet",
	trust.Changed: "changed since it was allowed",
	trust.Denied:  "denied",
}

func parseFinding(err error) ipc.Finding {
	parse, ok := errors.AsType[*project.ParseError](err)
	if !ok {
		return ipc.Finding{Level: levelError, Reason: err.Error()}
	}
	return ipc.Finding{Level: levelError, File: parse.File, Line: parse.Line, Reason: parse.Reason, Hint: parse.Hint}
}

// checkPorts fills in the services and reports ports that somebody else has.
func (p *resident) checkPorts(spec *project.Spec, out *ipc.CheckReply) []ipc.Finding {
	leases, err := p.lease(spec)
	if err != nil {
		return []ipc.Finding{{Level: levelError, Reason: err.Error()}}
	}
	snapshot, _ := p.actor.Snapshot()
	var findings []ipc.Finding
	for _, s := range spec.Services {
		port := leases[s.Name]
		out.Services = append(out.Services, ipc.CheckService{Name: s.Name, Command: s.Command, Line: s.Line, Port: port})
		if v, ok := snapshot.Find(s.Name); ok && v.Live != nil {
			continue // then it is the one that listens
		}
		if err := ports.Check(port); errors.Is(err, ports.ErrTaken) {
			findings = append(findings, ipc.Finding{
				Level: levelError, File: spec.Procfile, Line: s.Line, Reason: s.Name + ": " + p.portTrouble(port),
				Hint: "end that process, or give " + s.Name + " another port with PORT in .env",
			})
		}
	}
	return findings
}

func (p *resident) leased() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.leases
}
