package supervisor

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locald/locald/internal/procid"
)

func (p Plan) stoppedAfter(d time.Duration) Plan {
	p.AutoStop = d
	return p
}

var shellA, shellB = procid.Identity{PID: 41, Start: 1}, procid.Identity{PID: 42, Start: 2}

func enter(t *testing.T, p *Project, shell procid.Identity, plan Plan) {
	t.Helper()
	if _, err := p.Enter(t.Context(), shell, plan, true); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

func leave(p *Project, shell procid.Identity) {
	p.Leave(shell)
	synctest.Wait()
}

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestAutoStopStopsWhatEnteringStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		p := plan("web", "worker").stoppedAfter(30 * time.Minute)
		enter(t, f.p, shellA, p)
		enter(t, f.p, shellB, p)
		leave(f.p, shellA)
		pass(time.Hour) // the other one is still there
		wantStates(t, f.p, map[string]State{"web": Running, "worker": Running})
		leave(f.p, shellB)
		pass(29 * time.Minute)
		enter(t, f.p, shellA, p) // back in time
		pass(time.Hour)
		wantStates(t, f.p, map[string]State{"web": Running, "worker": Running})
		leave(f.p, shellA)
		pass(30*time.Minute - time.Second)
		wantStates(t, f.p, map[string]State{"web": Running, "worker": Running})
		pass(2 * time.Second)
		wantStates(t, f.p, map[string]State{"web": Stopped, "worker": Stopped})
		if s, _ := f.p.Snapshot(); s.Wanted() || len(s.HeldDown) > 0 {
			t.Errorf("wanted %v, held %v: the next one to enter would not start it",
				s.Wanted(), s.HeldDown)
		}
		enter(t, f.p, shellB, p)
		wantStates(t, f.p, map[string]State{"web": Running, "worker": Running})
	})
}

func TestAutoStopIsOffByDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		enter(t, f.p, shellA, plan("web"))
		leave(f.p, shellA)
		pass(1000 * time.Hour)
		wantStates(t, f.p, map[string]State{"web": Running})
	})
}

// A time that is written down while nobody is there counts from when the last one left.
func TestAutoStopChangedWhileDeserted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		enter(t, f.p, shellA, plan("web", "worker"))
		leave(f.p, shellA)
		pass(10 * time.Minute)
		changed := plan("web", "worker").stoppedAfter(30 * time.Minute)
		_ = f.p.Restart(t.Context(), changed, []string{"web"})
		pass(19 * time.Minute)
		wantStates(t, f.p, map[string]State{"web": Running, "worker": Running})
		pass(2 * time.Minute)
		wantStates(t, f.p, map[string]State{"web": Stopped, "worker": Stopped})
	})
}

func TestAutoStopLeavesWhatAPersonStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		p := chain().stoppedAfter(time.Minute)
		p.Services = append(p.Services, Declared{Name: "css", Policy: RestartOnFailure})
		enter(t, f.p, shellA, p)
		_ = f.p.Up(t.Context(), p, []string{"api"}) // which needs db
		_ = f.p.Restart(t.Context(), p, []string{"css"})
		leave(f.p, shellA)
		s, _ := f.p.Snapshot()
		if diff := cmp.Diff([]string{"css", "db", "web"}, s.Entered); diff != "" {
			t.Errorf("entered (-want +got):\n%s", diff)
		}
		pass(2 * time.Minute)
		wantStates(t, f.p, map[string]State{
			"web": Stopped, "api": Running, "db": Running, "css": Stopped,
		})
	})
}

// What a person started before anybody entered stays theirs.
func TestEnteringDoesNotTakeOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		p := plan("web", "worker").stoppedAfter(time.Minute)
		_ = f.p.Up(t.Context(), p, []string{"web"})
		enter(t, f.p, shellA, p)
		leave(f.p, shellA)
		pass(time.Hour)
		wantStates(t, f.p, map[string]State{"web": Running, "worker": Stopped})
	})
}

func TestAutoStopSurvivesTheDaemon(t *testing.T) {
	p := plan("web", "worker").stoppedAfter(30 * time.Minute)
	inherited := func(left time.Duration) Inherited {
		return Inherited{
			Wanted: []string{"web", "worker"}, Entered: []string{"web"},
			EmptySince: time.Now().Add(-left),
		}
	}
	for name, tc := range map[string]struct {
		left  time.Duration // how long nobody had been there when the daemon came back
		after time.Duration
		want  State
	}{
		"in time":            {20 * time.Minute, 9 * time.Minute, Running},
		"the rest of it":     {20 * time.Minute, 11 * time.Minute, Stopped},
		"over meanwhile":     {40 * time.Minute, 0, Stopped},
		"a clock set back":   {-10 * time.Hour, 29 * time.Minute, Running},
		"a clock set back 2": {-10 * time.Hour, 31 * time.Minute, Stopped},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, inherited(tc.left))
				if err := f.p.Restore(context.Background(), p); err != nil {
					t.Fatal(err)
				}
				pass(tc.after)
				wantStates(t, f.p, map[string]State{"web": tc.want, "worker": Running})
				if tc.left > p.AutoStop && len(f.batches[0]) != 1 {
					t.Errorf("started %v: nobody wants web any more", f.batches[0])
				}
			})
		})
	}
}

// A stop for a restart of the daemon must not be taken for the end of what was wanted.
func TestAutoStopDuringShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		enter(t, f.p, shellA, plan("web").stoppedAfter(time.Minute))
		leave(f.p, shellA)
		if err := f.p.Shutdown(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		pass(time.Hour)
		if s, _ := f.p.Snapshot(); !s.Wanted() || len(s.Entered) != 1 {
			t.Errorf("wanted %v, entered %v", s.Wanted(), s.Entered)
		}
	})
}
