package daemon

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/wire"
)

// guests come one after the other, each over a pipe.
type guests struct {
	t *testing.T
	crowd
	ends map[*guest]net.Conn // the clients'
}

func (g *guests) arrives() (*guest, *wire.Error) {
	ours, theirs := net.Pipe()
	one, refused := g.come(ipc.NewSession(ours, nil))
	g.t.Cleanup(func() {
		ours.Close()
		theirs.Close()
	})
	if one != nil {
		g.ends[one] = theirs
	}
	return one, refused
}

// fill has so many come; settled ones have said what they want.
func (g *guests) fill(n int, settled, stays bool) (list []*guest) {
	g.t.Helper()
	for range n {
		one, refused := g.arrives()
		if refused != nil {
			g.t.Fatal(refused)
		}
		if settled {
			if refused := g.settle(one, stays); refused != nil {
				g.t.Fatal(refused)
			}
		}
		list = append(list, one)
	}
	return list
}

func crowdOf(t *testing.T) *guests { return &guests{t: t, ends: make(map[*guest]net.Conn)} }

// Where there is no place left, the oldest client that has not said what it wants goes, never one
// that waits for its answer.
func TestTheOldestSilentGuestGoes(t *testing.T) {
	g := crowdOf(t)
	most := capacity()
	first := g.fill(10, true, false)
	silent := g.fill(most-10, false, false)
	g.fill(20, false, false)
	for i, one := range silent {
		if err := g.settle(one, false); (err != nil) != (i < 20) {
			t.Errorf("silent client %d: %v", i, err)
		}
	}
	if len(g.clients) != most || g.clients[0] != first[0] {
		t.Errorf("%d clients, the first is %p, want %d and %p", len(g.clients), g.clients[0], most, first[0])
	}
}

// Where all wait for an answer, the one that comes is refused, and told what to do.
func TestAFullHouse(t *testing.T) {
	g := crowdOf(t)
	waiting := g.fill(capacity(), true, false)
	if _, refused := g.arrives(); refused == nil || refused.Code != wire.CodeBusy || refused.Hint == "" {
		t.Errorf("one more is told %+v", refused)
	}
	g.leave(waiting[3])
	g.fill(1, true, false)
}

// Followers leave places to others, however many they are.
func TestFollowersLeaveRoom(t *testing.T) {
	g := crowdOf(t)
	most := capacity()
	g.fill(most-(most+7)/8, true, true)
	one, refused := g.arrives()
	if refused != nil {
		t.Fatal(refused)
	}
	if refused := g.settle(one, true); refused == nil || refused.Code != wire.CodeBusy {
		t.Errorf("one more follower is told %+v", refused)
	}
	g.leave(one)
	g.fill((most+7)/8, true, false)
}

// A client that has not read what it was sent for long is silent too.
func TestWhoDoesNotReadGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := crowdOf(t)
		all := g.fill(capacity(), true, false)
		go all[7].Fail(wire.Usagef("what it was to be told"))
		synctest.Wait()
		if _, refused := g.arrives(); refused == nil {
			t.Error("one that has only just been answered is sent away")
		}
		time.Sleep(silence + time.Second)
		g.fill(1, true, false)
		if _, err := g.ends[all[7]].Read(make([]byte, 1)); err == nil {
			t.Error("it is still there")
		}
		if _, refused := g.arrives(); refused == nil {
			t.Error("more are sent away than are silent")
		}
	})
}

// 2,000 clients of one program come and say nothing, and the next one is served: over a socket, as
// it is.
func TestACrowdKeepsNobodyOut(t *testing.T) {
	d, _ := with(func() wire.StatusReply { return wire.StatusReply{} })
	l, err := net.Listen("unix", shortDir(t)+"/s")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go d.serve(l)
	var first net.Conn
	for i := range 2000 {
		conn, err := net.Dial("unix", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if i == 0 {
			first = conn
		}
	}
	if last := lastFrame(t, first); last.Err == nil || last.Err.Code != wire.CodeBusy {
		t.Errorf("the first one was told %+v", last)
	}
	conn, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, `{"hello":{"proto_min":1,"proto_max":1}}`+"\n"+`{"op":"status"}`+"\n")
	var heard []string
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		heard = append(heard, lines.Text())
	}
	if len(heard) != 2 || !strings.HasPrefix(heard[1], `{"ok":`) {
		t.Errorf("the last one was told %q", heard)
	}
}
