package daemon

import (
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/wire"
)

// maxClients is how many clients there may be at once.
const maxClients = 256

// silence is for how long a client may leave unread what it is sent, once its place is needed.
const silence = 10 * time.Second

// aCrowd is from how many clients at once on their memory is given back when they have gone.
const aCrowd = 100

// crowd is the clients that are there. It is bounded, so that no program, however many connections
// it makes, can keep others from being served, or services from being started. Where there is no
// room, the oldest silent client goes: one whose request has not come yet, or one that has long
// left unread what it was sent. Whatever else a client waits for is never cut off: then the one
// that comes is refused.
//
// Lock: mu, under which sessions are told to end, but not waited for.
type crowd struct {
	mu      sync.Mutex
	clients []*guest // in the order in which they came; without those that were told to go
	now     int      // with those
	most    int
}

// guest is one of them.
type guest struct {
	*ipc.Session
	heard bool // its request has come
	stays bool // for something that has no end of its own
}

// capacity is a quarter of the descriptors, so that most of them are left for services and for what
// requests open.
func capacity() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return maxClients
	}
	return int(min(max(uint64(limit.Cur)/4, 1), maxClients))
}

// come makes room for a client. The error is what to tell it instead.
func (c *crowd) come(s *ipc.Session) (*guest, *wire.Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	most := capacity()
	for len(c.clients) >= most {
		if !c.dismissOne() {
			return nil, crowded("serve another client", len(c.clients))
		}
	}
	one := &guest{Session: s}
	c.clients = append(c.clients, one)
	c.now++
	c.most = max(c.most, c.now)
	return one, nil
}

// settle says that a client's request has come. The error is what to tell it instead of an answer.
// Those that stay until they go by themselves leave an eighth of the places to others.
func (c *crowd) settle(one *guest, stays bool) *wire.Error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Contains(c.clients, one) {
		return tooSilent()
	}
	most := capacity()
	most -= (most + 7) / 8
	for stays && c.staying() >= most {
		if !c.dismissUnread() {
			return crowded("follow for another client", c.staying())
		}
	}
	one.heard, one.stays = true, stays
	return nil
}

// staying is how many clients stay. The lock is held.
func (c *crowd) staying() (n int) {
	for _, one := range c.clients {
		if one.stays {
			n++
		}
	}
	return n
}

// dismissOne tells the oldest silent client to go, and reports whether there was one. The lock is
// held.
func (c *crowd) dismissOne() bool {
	i := slices.IndexFunc(c.clients, func(one *guest) bool { return !one.heard })
	if i < 0 {
		return c.dismissUnread()
	}
	c.clients[i].Dismiss(tooSilent())
	c.clients = slices.Delete(c.clients, i, i+1)
	return true
}

// dismissUnread is that for the client that has not read for the longest time. It cannot be told
// anything. The lock is held.
func (c *crowd) dismissUnread() bool {
	longest, since := -1, time.Now().Add(-silence)
	for i, one := range c.clients {
		if unread := one.Unread(); !unread.IsZero() && unread.Before(since) {
			longest, since = i, unread
		}
	}
	if longest < 0 {
		return false
	}
	c.clients[longest].Close()
	c.clients = slices.Delete(c.clients, longest, longest+1)
	return true
}

// leave gives the memory of a crowd back to the system when the last one has gone. The runtime by
// itself would keep most of it: an idle daemon allocates nothing that makes it collect.
func (c *crowd) leave(one *guest) {
	one.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clients = slices.DeleteFunc(c.clients, func(o *guest) bool { return o == one })
	if c.now--; c.now > 0 {
		return
	}
	if c.most >= aCrowd {
		go debug.FreeOSMemory()
	}
	c.most = 0
}

func tooSilent() *wire.Error {
	return &wire.Error{
		Code: wire.CodeBusy, Hint: "try again in a moment",
		Msg: "cannot wait for the request: others need the place, " +
			"and this client has been silent for the longest time",
	}
}

func crowded(what string, there int) *wire.Error {
	return &wire.Error{
		Code: wire.CodeBusy,
		Msg:  fmt.Sprintf("cannot %s: the daemon has %d already", what, there),
		Hint: "end some of them, such as locald logs -f, attach, or wait; " +
			"with more file descriptors (ulimit -n) there may be up to 256",
	}
}
