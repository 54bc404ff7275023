package daemon

import (
	"slices"
	"sync"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
)

// shells is presence: which live shell is in which project. The end of a shell
// is learnt from the kernel, never from the shell.
type shells struct {
	mu   sync.Mutex
	live map[procid.Identity]*presence
}

// presence is one shell.
type presence struct {
	in   *resident         // nil: in no project
	told map[string]string // root → what it was last told there, so as to say it once
}

func newShells() *shells { return &shells{live: make(map[procid.Identity]*presence)} }

// resume takes up a shell of a record.
func (s *shells) resume(id procid.Identity, in *resident) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.follow(id).in = in
}

// move says that a shell is now in a project, or (nil) in none.
func (s *shells) move(id procid.Identity, to *resident) {
	s.mu.Lock()
	p := s.follow(id)
	from := p.in
	p.in = to
	s.mu.Unlock()
	if from != nil && from != to {
		from.actor.Leave(id)
	}
}

// follow returns a shell's presence and watches its end from the first time on.
func (s *shells) follow(id procid.Identity) *presence {
	if p, ok := s.live[id]; ok {
		return p
	}
	p := &presence{told: make(map[string]string)}
	s.live[id] = p
	gone, _ := procinfo.Watch(id)
	go func() {
		<-gone
		s.mu.Lock()
		delete(s.live, id)
		in := p.in
		s.mu.Unlock()
		if in != nil {
			in.actor.Leave(id)
		}
	}()
	return p
}

// list returns the live shells, in the order of their PIDs.
func (s *shells) list() []ipc.Shell {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]ipc.Shell, 0, len(s.live))
	for id, p := range s.live {
		shell := ipc.Shell{PID: id.PID, Start: id.Start}
		if p.in != nil {
			shell.Root = bytestr.String(p.in.root)
		}
		out = append(out, shell)
	}
	slices.SortFunc(out, func(a, b ipc.Shell) int { return a.PID - b.PID })
	return out
}

// once reports whether a shell was not told this about root before.
func (s *shells) once(id procid.Identity, root, text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.live[id]
	if !ok || p.told[root] == text {
		return false
	}
	p.told[root] = text
	return true
}
