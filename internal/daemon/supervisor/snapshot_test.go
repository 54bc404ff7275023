package supervisor

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// many are names enough for a map to give them in another order each time.
func many(prefix string) (names []string) {
	for i := range 20 {
		names = append(names, fmt.Sprintf("%s%02d", prefix, 19-i))
	}
	return names
}

// What a status shows and a record holds must not change while nothing happens.
func TestASnapshotIsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		was := many("was")
		f := newFake(t, Inherited{Wanted: was, Entered: was, HeldDown: []string{"y", "x"}})
		enter(t, f.p, shellB, plan("x", "y", "z"))
		enter(t, f.p, shellA, plan("x", "y", "z"))
		_ = f.p.Up(t.Context(), plan("y", "x", "z"), []string{"x"})
		for _, name := range []string{"z", "y"} {
			_ = f.p.Down(t.Context(), []string{name}, false)
		}
		f.p.Ready("x", 1, shellA, []int{3000, 80, 443})
		synctest.Wait()
		s, _ := f.p.Snapshot()
		for name, list := range map[string][]string{
			"held down": s.HeldDown, "unrestored": s.Unrestored, "entered": s.Entered,
		} {
			if !slices.IsSorted(list) || len(list) < 2 {
				t.Errorf("%s: %v", name, list)
			}
		}
		if s.Services[0].Name != "y" || s.Shells[0] != shellB {
			t.Errorf("services %v, shells %v", s.Services, s.Shells)
		}
		if x, _ := s.Find("x"); !slices.IsSorted(x.Live.Listening) {
			t.Errorf("listening on %v", x.Live.Listening)
		}
		f.inside(func(a *actor) {
			for range 50 {
				if again := a.picture(); !cmp.Equal(again, s) {
					t.Errorf("the same picture twice (-first +again):\n%s", cmp.Diff(s, again))
					return
				}
			}
		})
	})
}

// What is changed without starting or stopping anything is shown too.
func TestAChangeAloneIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		enter(t, f.p, shellA, plan("web"))
		enter(t, f.p, shellA, plan("web").stoppedAfter(time.Hour))
		if s, _ := f.p.Snapshot(); s.AutoStop != time.Hour || len(s.Entered) != 1 {
			t.Errorf("auto_stop after %v of %v", s.AutoStop, s.Entered)
		}
	})
}
