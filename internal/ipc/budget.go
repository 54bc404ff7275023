package ipc

import (
	"fmt"
	"math"
	"runtime/debug"
	"sync"

	"github.com/locald/locald/internal/wire"
)

// maxBuffers is how much memory all clients together may have in buffers: what they have sent, from
// the first byte of a frame to the end of its request, and what they were sent and have not read.
const maxBuffers = 64 << 20

// aLot is from how much on the memory goes back to the system once it is no longer used. The
// runtime by itself would keep most of it: an idle daemon allocates nothing that makes it collect.
const aLot = 8 << 20

// Budget is that memory. The zero value has all of it. When it is spent, the frame that is
// unfinished for the longest time goes, and with it its client; where there is none, the answer
// that has not been read for the longest time.
//
// Lock: Budget.mu, taken alone.
type Budget struct {
	mu     sync.Mutex
	used   int
	peak   int // since memory was given back last
	began  uint64
	shares map[*share]bool // those that hold something
}

// urgency is which shares are taken away first; those that are held are not.
type urgency int

const (
	unfinished urgency = iota
	unread
	held
)

// share is what one buffer has of the budget.
type share struct {
	b     *Budget
	lose  func() // ends whatever the buffer is for; must not block
	kind  urgency
	began uint64
	bytes int
	lost  bool
}

// small is what nobody counts: an ordinary request, an error. Whoever has lost its share must be
// told so without taking another's.
const small = 4 << 10

// grow takes more. The error is for the client.
func (s *share) grow(n int) error {
	if s.b == nil || n <= small {
		return nil
	}
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	for !s.lost && s.b.used+n > maxBuffers {
		victim := s.b.first()
		if victim == nil {
			return spent("has no room for")
		}
		victim.takeAway()
	}
	if s.lost {
		return spent("has no room left for")
	}
	s.b.hold(s, n)
	return nil
}

// hold counts what a share takes. The lock is held.
func (b *Budget) hold(s *share, n int) {
	if b.shares == nil {
		b.shares = make(map[*share]bool)
	}
	if s.bytes == 0 {
		b.began++
		s.began = b.began
		b.shares[s] = true
	}
	s.bytes += n
	b.used += n
	b.peak = max(b.peak, b.used)
}

// first is the share that goes first, nil where all are held. The lock is held.
func (b *Budget) first() (first *share) {
	kind, began := held, uint64(math.MaxUint64)
	for s := range b.shares {
		if s.kind < kind || s.kind == kind && s.kind != held && s.began < began {
			first, kind, began = s, s.kind, s.began
		}
	}
	return first
}

// takeAway ends a share. The lock is held.
func (s *share) takeAway() {
	s.lost = true
	s.b.release(s)
	s.lose()
}

// keep says that a share is not to be taken away any more.
func (s *share) keep() {
	if s.b == nil {
		return
	}
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	s.kind = held
}

// taken reports whether a share has been taken away.
func (s *share) taken() bool {
	if s.b == nil {
		return false
	}
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	return s.lost
}

// free gives all of a share back.
func (s *share) free() {
	if s.b == nil {
		return
	}
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	s.b.release(s)
}

// release counts what a share gives back. The lock is held.
func (b *Budget) release(s *share) {
	delete(b.shares, s)
	b.used -= s.bytes
	s.bytes = 0
	if b.peak >= aLot && b.used < aLot/8 {
		b.peak = b.used
		go debug.FreeOSMemory()
	}
}

// spent is the error for a client that the budget has nothing for.
func spent(why string) error {
	return &wire.Error{
		Code: wire.CodeBusy, Hint: "try again in a moment",
		Msg: fmt.Sprintf("cannot take the request: the daemon %s it: "+
			"all clients together have %d MiB", why, maxBuffers>>20),
	}
}
