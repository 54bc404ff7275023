package api

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/ports"
	"github.com/locald/locald/internal/daemon/trust"
	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/project"
	"github.com/locald/locald/internal/wire"
)

// check says everything that is wrong with a project, with file and line. It changes nothing.
func (a *API) check(ctx context.Context, req wire.CheckRequest) (wire.CheckReply, error) {
	shell, err := environ(req.Env)
	if err != nil {
		return wire.CheckReply{}, err
	}
	p, err := a.around(ctx, string(req.Dir))
	if err != nil {
		return wire.CheckReply{}, err
	}
	base, _ := engine.SplitUmask(shell)
	return examine(p, base), nil
}

func examine(p *engine.Project, base []string) wire.CheckReply {
	c, spec, err := p.ReadSpec()
	out := wire.CheckReply{
		Project: p.Name(), Root: bytestr.String(p.Root), Trust: trustOf(c),
		Services: []wire.CheckService{}, Findings: []wire.Finding{},
	}
	if c.Problem != nil {
		out.Findings = append(out.Findings, problemFinding(c.Problem))
	}
	switch {
	case c.Files == nil:
		return out
	case err != nil:
		out.Findings = append(out.Findings, parseFinding(err))
		return out
	}
	leases := p.Runs.PreviewPorts(spec)
	out.File, out.Services = spec.Procfile, checkedServices(spec, leases)
	injection := project.Injection{Project: p.Name(), Ports: leases}
	out.Findings = append(out.Findings, warningFindings(spec.Warnings)...)
	out.Findings = append(out.Findings, checkPorts(p, spec, leases)...)
	out.Findings = append(out.Findings, checkEnvironments(p, spec, base, injection)...)
	if c.Problem == nil && c.Decision != trust.Allowed {
		out.Findings = append(out.Findings, wire.Finding{
			Level: wire.LevelWarning, File: spec.Procfile, Hint: "review it: locald allow",
			Reason: engine.TrustPhrase(c.Decision) + ": entering the directory starts nothing",
		})
	}
	return out
}

func problemFinding(err error) wire.Finding {
	f := wire.Finding{Level: wire.LevelError, Reason: err.Error()}
	if remedy := project.Remedy(err); remedy != "" {
		f.Hint = "run: " + remedy
	}
	return f
}

func parseFinding(err error) wire.Finding {
	parse, ok := errors.AsType[*project.ParseError](err)
	if !ok {
		return wire.Finding{Level: wire.LevelError, Reason: err.Error()}
	}
	return wire.Finding{
		Level: wire.LevelError, File: parse.File, Line: parse.Line, Reason: parse.Reason,
		Hint: parse.Hint,
	}
}

func warningFindings(list []project.Warning) (out []wire.Finding) {
	for _, w := range list {
		out = append(
			out,
			wire.Finding{Level: wire.LevelWarning, File: w.File, Line: w.Line, Reason: w.Reason},
		)
	}
	return out
}

func checkedServices(spec *project.Spec, leases map[string]int) []wire.CheckService {
	out := []wire.CheckService{}
	for _, s := range spec.Services {
		out = append(out, wire.CheckService{
			Name: s.Name, Command: bytestr.String(s.Command), Line: s.Line, Port: leases[s.Name],
		})
	}
	return out
}

// checkPorts reports ports that somebody else has.
func checkPorts(
	p *engine.Project, spec *project.Spec, leases map[string]int,
) (findings []wire.Finding) {
	snapshot := p.Snapshot()
	for _, s := range spec.Services {
		if v, ok := snapshot.Find(s.Name); ok && v.Live != nil {
			continue // then it is the one that listens
		}
		if port := leases[s.Name]; port != 0 && errors.Is(p.Runs.CheckPort(port), ports.ErrTaken) {
			findings = append(findings, wire.Finding{
				Level: wire.LevelError, File: spec.Procfile, Line: s.Line,
				Reason: s.Name + ": " + engine.PortTrouble(port),
				Hint:   "end that process, or give " + s.Name + " another port with PORT in .env",
			})
		}
	}
	return findings
}

// checkEnvironments finds what is wrong with the variables that the services get.
func checkEnvironments(
	p *engine.Project, spec *project.Spec, base []string, in project.Injection,
) []wire.Finding {
	env, err := spec.Environ(base, in)
	if err != nil {
		return []wire.Finding{parseFinding(err)}
	}
	return append(warningFindings(env.Warnings), checkPrograms(p, spec, base, in)...)
}

// checkPrograms finds commands that no start would find: the program is looked
// for on the PATH that the service gets, which a .env may have changed.
func checkPrograms(
	p *engine.Project, spec *project.Spec, base []string, in project.Injection,
) (findings []wire.Finding) {
	paths := searchPaths{spec: spec, base: base, in: in}
	for _, line := range spec.Lines() {
		program := line.Program()
		if program == "" {
			continue
		}
		path, ok, err := paths.of(line.Name)
		if err != nil {
			findings = append(findings, parseFinding(err))
			continue
		}
		if !ok || paths.find(program, path) { // without a PATH the shell has one of its own
			continue
		}
		f := wire.Finding{
			Level: wire.LevelError, File: spec.Procfile, Line: line.Line,
			Reason: fmt.Sprintf("%s: %s is not on its PATH", line.Name, plain.Marked(program)),
			Hint: "install it, or see where that PATH comes from: " +
				"locald env --explain " + line.Name,
		}
		if strings.Contains(program, "/") {
			f.Reason = fmt.Sprintf("%s: %s cannot be executed", line.Name, plain.Marked(program))
			f.Hint = "build it, or: chmod +x " + plain.Word(program)
		}
		findings = append(findings, f)
	}
	return findings
}

// maxExpanded is how many variables are computed for one check: those of a hundred services with an
// environment of their own in a large project. Of more, none is said to lack its program.
const maxExpanded = 100_000

// maxLooked is in how many places one check looks for programs: those of a hundred programs on a
// PATH of fifty directories.
const maxLooked = 5000

// searchPaths are the PATHs of services. All that have no variables of their own share one: to
// compute the whole environment of each would take seconds in the largest project.
type searchPaths struct {
	spec     *project.Spec
	base     []string
	in       project.Injection
	shared   *string
	expanded int
	looked   int
}

// of is the PATH of a service; false where there is none or it was not computed.
func (s *searchPaths) of(service string) (path string, ok bool, err error) {
	own := s.spec.Settings(service).HasEnv()
	if !own && s.shared != nil {
		return *s.shared, *s.shared != "", nil
	}
	if s.expanded > maxExpanded {
		return "", false, nil
	}
	s.in.Service = service
	env, err := s.spec.Environ(s.base, s.in)
	if err != nil {
		return "", false, err
	}
	s.expanded += len(env.Vars)
	path, ok = env.Value("PATH")
	if !own {
		s.shared = &path
	}
	return path, ok, nil
}

// find reports whether a shell in the project would find the program.
func (s *searchPaths) find(program, path string) bool {
	if strings.Contains(program, "/") {
		return executable(rooted(s.spec.Root, program))
	}
	for dir := range strings.SplitSeq(path, string(filepath.ListSeparator)) {
		if s.looked++; s.looked > maxLooked { // nobody knows, so nothing is said
			return true
		}
		// An empty entry is the current directory.
		if executable(filepath.Join(rooted(s.spec.Root, dir), program)) {
			return true
		}
	}
	return false
}

func rooted(root, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(root, path)
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}
