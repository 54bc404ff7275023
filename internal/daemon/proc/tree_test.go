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
		r := newTree(leader, Command{}, nil)
		r.keep(child)
		want := []procid.Identity{leader, child}
		for range 2 {
			if got := ask(r); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
	}
}

// Nor is a group forgotten: who is in it decides whether a signal to the group has reached them.
func TestAFailedLookKeepsTheGroups(t *testing.T) {
	leader := aliveOf(t, os.Getpid())
	r := newTree(leader, Command{}, nil)
	r.groups = map[int]int{7: leader.PID}
	r.kin(&procinfo.Scan{Err: errors.New("too many open files")})
	if !r.inGroup(7) {
		t.Error("the group was forgotten")
	}
}

// What was seen to end does not come back with a look that fails, zombie though it may be.
func TestWhatHasEndedIsNotRemembered(t *testing.T) {
	leader := aliveOf(t, os.Getpid())
	r := newTree(leader, Command{}, nil)
	r.ended([]procid.Identity{leader})
	if got := r.kin(&procinfo.Scan{Err: errors.New("too many open files")}); len(got) != 0 {
		t.Errorf("remembered: %v", got)
	}
}

// The first look of all may be the one that fails.
func TestAFailedFirstLookKnowsTheLeader(t *testing.T) {
	leader := aliveOf(t, os.Getpid())
	failed := &procinfo.Scan{Err: errors.New("too many open files")}
	got := newTree(leader, Command{}, nil).kin(failed)
	if !slices.Equal(got, []procid.Identity{leader}) {
		t.Errorf("a run: %v", got)
	}
	if got := newSweptTree(Leftover{Leader: leader}, nil, false).kin(failed); len(got) != 0 {
		t.Errorf("a record that nobody has confirmed: %v", got)
	}
}
