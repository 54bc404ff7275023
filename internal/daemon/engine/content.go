package engine

import (
	"errors"
	"fmt"

	"github.com/locald/locald/internal/daemon/trust"
	"github.com/locald/locald/internal/project"
)

// Content is what is on disk now and what the user has decided about it.
type Content struct {
	Files    *project.Files
	Digest   string
	Decision trust.Decision
	Last     *trust.Approval
	// Problem is why the files cannot be used at all: unsafe, gone, or on a file system that does
	// not answer.
	Problem error
}

// Source is what a run is started from: what the files said, and the environment of the shell that
// asked for it.
type Source struct {
	Spec *project.Spec
	Base []string
}

// Read reads the project's files, each of them once.
func (p *Project) Read() Content {
	files, err := p.reader.read(p.Root, p.e.UID)
	if err != nil {
		return Content{Decision: trust.Unknown, Problem: err}
	}
	c := Content{Files: files, Digest: files.Digest()}
	c.Decision, c.Last, c.Problem = p.e.Trust.Decide(project.Hash(p.Root), p.Root, c.Digest)
	open := c.Decision == trust.Unknown || c.Decision == trust.Changed
	if open && c.Problem == nil && p.e.vouchedFor(p.Root) {
		c.Decision = trust.Allowed
	}
	return c
}

// Parse reads what the files say, with as many instances as somebody ordered.
func (p *Project) Parse(files *project.Files) (*project.Spec, error) {
	spec, err := files.Parse()
	if err != nil {
		return nil, err
	}
	return spec.Formed(p.Formation()), nil
}

// ReadSpec is Read and Parse. The spec is nil where there is an error.
func (p *Project) ReadSpec() (Content, *project.Spec, error) {
	c := p.Read()
	if c.Files == nil {
		return c, nil, c.Problem
	}
	spec, err := p.Parse(c.Files)
	return c, spec, err
}

// Allow records the approval of a content, and with it the project's name.
func (p *Project) Allow(a trust.Approval) error {
	p.e.registry.claim(p)
	defer p.e.registry.touch()
	return p.e.Trust.Allow(project.Hash(p.Root), p.Root, a)
}

// Deny refuses the project whatever its content.
func (p *Project) Deny() error {
	p.e.registry.notice(p.Root)
	defer p.e.registry.touch()
	return p.e.Trust.Deny(project.Hash(p.Root), p.Root)
}

// Use makes spec what runs from now on, with the environment of the shell that asked for it, where
// one did. consent is the digest where a person typed the command.
func (p *Project) Use(spec *project.Spec, base []string, consent string) {
	p.e.registry.claim(p)
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

// current returns what to start now. The files are read anew for every start; where their content
// is no longer allowed, what was allowed stays in force.
func (p *Project) current() (Source, error) {
	c := p.Read()
	p.mu.Lock()
	known, consent, base := p.spec, p.consent, p.base
	p.mu.Unlock()
	if c.Problem == nil &&
		(c.Decision == trust.Allowed || c.Digest == consent && c.Decision != trust.Denied) {
		spec, err := p.Parse(c.Files)
		if err != nil {
			return Source{}, err
		}
		p.Use(spec, nil, "")
		return Source{spec, base}, nil
	}
	if known != nil {
		return Source{known, base}, nil
	}
	if c.Problem != nil {
		return Source{}, c.Problem
	}
	return Source{}, fmt.Errorf(
		"its content is %s; review it: locald allow", TrustPhrase(c.Decision),
	)
}

// TrustPhrase says what holds for content that entering the directory does not start.
func TrustPhrase(d trust.Decision) string {
	switch d {
	case trust.Changed:
		return "changed since it was allowed"
	case trust.Denied:
		return "denied"
	}
	return "not allowed yet"
}

// ErrNoAnswer says that a directory's file system does not answer, as one over a network may not.
var ErrNoAnswer = errors.New("its directory does not answer")
