package engine

import (
	"errors"
	"fmt"

	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/daemon/trust"
	"github.com/locald/locald/internal/project"
)

// Content is what is on disk at one moment and what the user has decided about it. It serves to
// decide with and to show; a run is started from a Source, which is made of it only once it is
// clear that it may be.
type Content struct {
	// Files is nil if they could not be read; then Problem says why, and Digest is "".
	Files    *project.Files
	Digest   string
	Decision trust.Decision
	// Last is what was allowed most recently, for showing what has changed since; nil: nothing.
	Last *trust.Approval
	// Problem is why the files cannot be used at all: unsafe, gone, or on a file system that does
	// not answer.
	Problem error
}

// Source is what a run is started from: what the files said, and the environment of the shell that
// asked for it. It is a value that never changes, so that an edit between an order and its fork
// starts nothing that nobody has seen. Base is nil if no shell has asked since the daemon started
// and no record has one.
type Source struct {
	Spec *project.Spec
	Base []string
}

// Read reads the project's files, each of them once, and only then asks what was decided: the
// decision is about the digest of the very bytes that will be parsed. Asked the other way round,
// whoever writes the files could exchange them between the answer and the reading.
func (p *Project) Read() Content {
	files, err := p.reader.read(p.Root, p.e.UID)
	if err != nil {
		return Content{Decision: trust.Unknown, Problem: err}
	}
	c := Content{Files: files, Digest: files.Digest()}
	c.Decision, c.Last, c.Problem = p.e.Trust.Decide(project.Hash(p.Root), p.Root, c.Digest)
	// A trusted prefix stands in for a decision that is missing. It does not overrule one: what a
	// person has denied stays denied, wherever it lies.
	open := c.Decision == trust.Unknown || c.Decision == trust.Changed
	if open && c.Problem == nil && p.e.vouchedFor(p.Root) {
		c.Decision = trust.Allowed
	}
	return c
}

// Parse reads what the files say, with as many instances as somebody ordered. The order is applied
// here and not to the files, so that it changes no digest: to scale a service needs no new
// approval.
func (p *Project) Parse(files *project.Files) (*project.Spec, error) {
	spec, err := files.Parse()
	if err != nil {
		return nil, err
	}
	return spec.Formed(p.Formation())
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

// Allow records the approval of a content, and with it the project's name: from now on the user is
// told of it by that name, so it must not go to another project. Whoever follows the set is told
// last, and so finds the decision on disk.
func (p *Project) Allow(a trust.Approval) error {
	if !p.e.registry.claim(p) {
		return supervisor.ErrForgotten
	}
	defer p.e.registry.touch()
	return p.e.Trust.Allow(project.Hash(p.Root), p.Root, a)
}

// Deny refuses the project whatever its content. It claims no name: what is denied is not started,
// and must not keep the plain name from a project that is.
func (p *Project) Deny() error {
	p.e.registry.notice(p.Root)
	defer p.e.registry.touch()
	return p.e.Trust.Deny(project.Hash(p.Root), p.Root)
}

// Use makes spec what runs from now on, with the environment of the shell that asked for it; an
// empty base keeps the one that is known. consent is the digest of what a person started by typing
// the command. It is "" where what was allowed is started: then whatever was once started by hand
// has had its time, and is as unseen as anything else when it comes back. The name is claimed
// before mu is taken, since mu and registry.mu are never held together.
func (p *Project) Use(spec *project.Spec, base []string, consent string) {
	p.e.registry.claim(p)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spec, p.consent = spec, consent
	if len(base) > 0 {
		p.base = base
	}
}

// current returns what to start where no order says it: for a restart after a failure, and after
// the daemon itself was restarted. An order carries its own Source, because a person or a shell has
// just been shown it. A restart may come days later, and whoever has mended the files meanwhile
// expects that to be enough, so here they are read again. If their content is no longer allowed,
// what was allowed stays in force: a half-finished edit must not take a service down.
//
// It runs on the goroutine of a launch or of a restore, never on the actor's: reading may take as
// long as readPatience.
func (p *Project) current() (Source, error) {
	c := p.Read()
	// Only now: mu is not held while a file system is waited for.
	p.mu.Lock()
	known, consent, base := p.spec, p.consent, p.base
	p.mu.Unlock()
	if c.Problem == nil &&
		(c.Decision == trust.Allowed || c.Digest == consent && c.Decision != trust.Denied) {
		// What is allowed but cannot be parsed is an error, and does not fall back to what ran
		// before: it is what the user wants to run, and the message is what helps.
		spec, err := p.Parse(c.Files)
		if err != nil {
			return Source{}, err
		}
		p.e.registry.claim(p)
		p.mu.Lock()
		p.spec = spec // and not consent: nobody has asked for anything else
		p.mu.Unlock()
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
