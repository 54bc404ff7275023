package engine

import (
	"slices"
	"sync"

	"github.com/locald/locald/internal/procid"
)

// shells is presence: which live shell is in which project. The end of a shell is learnt from the
// kernel, never from the shell: one that is killed, or whose terminal is closed, says nothing.
//
// mu is not held while an actor is called or registry.mu is taken: a project is made under
// registry.mu and asks here who is in it (take), so the two are taken in that order only.
type shells struct {
	e    *Engine
	mu   sync.Mutex
	live map[procid.Identity]*presence
}

// presence is one shell.
type presence struct {
	root string            // of the project that it is in, "" for none
	told map[string]string // root → what it was last told there, so as to say it once
}

// Shell is a live shell, and the root of the project that it is in.
type Shell struct {
	procid.Identity
	Root string
}

// maxTold is of how many projects it is remembered what a shell was told. One that has been in more
// may be told again.
const maxTold = 1000

func newShells(e *Engine) *shells {
	return &shells{e: e, live: make(map[procid.Identity]*presence)}
}

// MoveShell says that a shell is now in the project at a canonical root, or ("") in none.
func (e *Engine) MoveShell(id procid.Identity, root string) {
	e.registry.notice(root)
	e.shells.move(id, root)
}

// Shells are the live shells whose hooks have been heard, in the order of their PIDs.
func (e *Engine) Shells() []Shell { return e.shells.list() }

// TellOnce reports whether a shell has not been told this about a project before.
func (e *Engine) TellOnce(id procid.Identity, root, text string) bool {
	return e.shells.once(id, root, text)
}

// take returns the shells that are in a project which is new to the registry: those of its record
// that still live, and those that had entered it before it was forgotten.
func (s *shells) take(root string, recorded []procid.Identity) (there []procid.Identity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range recorded {
		if s.e.Host.Alive(id) {
			s.follow(id).root = root
		}
	}
	for id, p := range s.live {
		if p.root == root {
			there = append(there, id)
		}
	}
	slices.SortFunc(there, byPID)
	return there
}

func byPID(a, b procid.Identity) int { return a.PID - b.PID }

func (s *shells) move(id procid.Identity, root string) {
	s.mu.Lock()
	p := s.follow(id)
	// Only the project that it has left is told here. The one that it is in now hears of it from
	// whoever asked, together with what may be started (supervisor.Project.Enter).
	from := p.root
	p.root = root
	s.mu.Unlock()
	if from != root {
		s.left(id, from)
	}
}

// left tells a project that a shell has gone. There is none at "", nor where one was forgotten
// since. mu is not held.
func (s *shells) left(id procid.Identity, root string) {
	if p, ok := s.e.registry.at(root); ok {
		p.Actor.Leave(id)
	}
}

// follow returns a shell's presence and watches its end from the first time on. The lock is held;
// the goroutine takes it only after it is free. Where the shell is when it ends is asked then: it
// may have moved many times since.
func (s *shells) follow(id procid.Identity) *presence {
	if p, ok := s.live[id]; ok {
		return p
	}
	p := &presence{told: make(map[string]string)}
	s.live[id] = p
	gone := s.e.Host.Watch(id)
	go func() {
		<-gone
		s.mu.Lock()
		delete(s.live, id)
		root := p.root
		s.mu.Unlock()
		s.left(id, root)
	}()
	return p
}

func (s *shells) list() []Shell {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Shell, 0, len(s.live))
	for id, p := range s.live {
		out = append(out, Shell{id, p.root})
	}
	slices.SortFunc(out, func(a, b Shell) int { return byPID(a.Identity, b.Identity) })
	return out
}

func (s *shells) once(id procid.Identity, root, text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.live[id]
	if !ok || p.told[root] == text {
		return false
	}
	if len(p.told) >= maxTold {
		clear(p.told)
	}
	p.told[root] = text
	return true
}
