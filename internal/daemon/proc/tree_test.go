package proc

import (
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
)

// A look that failed shows no process, which is no reason to forget those that were attributed: a
// child that has left the session would not be found again, since its parent may have ended.
func TestAFailedLookForgetsNothing(t *testing.T) {
	leader := aliveOf(t, os.Getpid())
	child := aliveOf(t, os.Getppid()) // any live process will do
	failed := &procinfo.Scan{Err: errors.New("too many open files")}
	for name, ask := range map[string]func(*tree) []procid.Identity{
		"kin": func(r *tree) []procid.Identity { return r.kin(failed) },
		"members": func(r *tree) []procid.Identity {
			ours, _ := r.members(failed)
			return ours
		},
	} {
		r := newTree(leader, "", nil, 0)
		r.known[leader.PID], r.known[child.PID] = leader.Start, child.Start
		want := []procid.Identity{leader, child}
		for range 2 {
			if got := ask(r); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
		if len(r.known) != len(want) {
			t.Errorf("%s: known are only %v", name, r.known)
		}
	}
}

// Nor is a group forgotten: who is in it decides whether a signal to the group has reached them.
func TestAFailedLookKeepsTheGroups(t *testing.T) {
	leader := aliveOf(t, os.Getpid())
	r := newTree(leader, "", nil, 0)
	r.groups = map[int]int{7: leader.PID}
	r.kin(&procinfo.Scan{Err: errors.New("too many open files")})
	if !r.inGroup(7) {
		t.Error("the group was forgotten")
	}
}

// What was seen to end does not come back with a look that fails, zombie though it may be.
func TestWhatHasEndedIsNotRemembered(t *testing.T) {
	leader := aliveOf(t, os.Getpid())
	r := newTree(leader, "", nil, 0)
	r.ended([]procid.Identity{leader})
	if got := r.kin(&procinfo.Scan{Err: errors.New("too many open files")}); len(got) != 0 {
		t.Errorf("remembered: %v", got)
	}
}

// The first look of all may be the one that fails.
func TestAFailedFirstLookKnowsTheLeader(t *testing.T) {
	leader := aliveOf(t, os.Getpid())
	failed := &procinfo.Scan{Err: errors.New("too many open files")}
	got := newTree(leader, "", nil, 0).kin(failed)
	if !slices.Equal(got, []procid.Identity{leader}) {
		t.Errorf("a run: %v", got)
	}
	if got := newSweptTree(Leftover{Leader: leader}, nil, false).kin(failed); len(got) != 0 {
		t.Errorf("a record that nobody has confirmed: %v", got)
	}
}

// A number comes back: who has it now, and whom that one has started, are strangers.
func TestAttribute(t *testing.T) {
	const leader, own, other = 100, 200, 300
	row := func(pid int, start uint64, parent, session int) procinfo.Process {
		id := procid.Identity{PID: pid, Start: start}
		return procinfo.Process{ID: id, Parent: parent, Group: session, Session: session}
	}
	first := row(leader, 10, 1, leader)
	back := row(other, 50, 1, 9)
	for name, c := range map[string]struct {
		rows []procinfo.Process // beside the leader
		want []int              // beside the leader
	}{
		"of the session":          {[]procinfo.Process{row(own, 11, 1, leader)}, []int{own}},
		"older than the leader":   {[]procinfo.Process{row(own, 9, leader, leader)}, nil},
		"child of one just ended": {[]procinfo.Process{row(7, 13, other, 9)}, []int{7}},
		"a number that came back": {[]procinfo.Process{back}, nil},
		"and a child of that":     {[]procinfo.Process{back, row(7, 51, other, 9)}, nil},
		"a child before its parent": {
			[]procinfo.Process{row(7, 13, own, 9), row(own, 11, leader, 9)}, []int{7, own},
		},
	} {
		r := newTree(first.ID, "", nil, 0)
		r.known[other] = 12 // seen to belong to the run by an earlier look
		var got []int
		for _, id := range r.kin(&procinfo.Scan{Processes: append(c.rows, first)}) {
			got = append(got, id.PID)
		}
		if !slices.Equal(got, append([]int{leader}, c.want...)) {
			t.Errorf("%s: %v, want the leader and %v", name, got, c.want)
		}
	}
}
