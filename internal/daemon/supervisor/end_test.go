package supervisor

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// everyCall is each method that can be refused.
func everyCall(p *Project) map[string]error {
	ctx := context.Background()
	_, enter := p.Enter(ctx, shellA, plan("web"), true)
	return map[string]error{
		"up": p.Up(ctx, plan("web"), nil), "down": p.Down(ctx, nil, false), "enter": enter,
		"restart": p.Restart(ctx, plan("web"), nil), "restore": p.Restore(ctx, plan("web")),
		"declare": p.Declare(ctx, plan("web")), "sync": p.Sync(ctx), "retire": p.Retire(ctx),
	}
}

// wantBusy retires a project that must refuse.
func wantBusy(t *testing.T, p *Project, want ...string) {
	t.Helper()
	var busy *InUseError
	if err := p.Retire(t.Context()); !errors.As(err, &busy) || !cmp.Equal(busy.Services, want) {
		t.Errorf("retire: %v, want it refused because of %v", err, want)
	}
}

func TestRetireRefusesWhatIsInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		f.stubborn = true
		_ = f.p.Up(t.Context(), chain(), []string{"api"})
		synctest.Wait()
		wantBusy(t, f.p, "api", "db")
		_ = f.p.Down(t.Context(), nil, false)
		wantBusy(t, f.p, "api", "db") // they take their time
		_ = f.p.Up(t.Context(), chain(), []string{"web"})
		_ = f.p.Down(t.Context(), nil, true)
		wantStates(t, f.p, map[string]State{"web": Stopped, "api": Stopped, "db": Stopped})
		if err := f.p.Retire(t.Context()); err != nil {
			t.Fatal(err)
		}
		for name, err := range everyCall(f.p) {
			if !errors.Is(err, ErrForgotten) {
				t.Errorf("%s of a forgotten project: %v", name, err)
			}
		}
		if err := f.p.Shutdown(t.Context(), true); err != nil {
			t.Errorf("the end of the daemon: %v, want nothing to do", err)
		}
	})
}

func TestRetireRefusesWhatWillStartAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		f.life, f.script = 10*time.Second, func(runID) Exit { return Exit{Code: 3} }
		_ = f.p.Up(t.Context(), plan("web"), nil)
		pass(10 * time.Second)
		wantStates(t, f.p, map[string]State{"web": Backoff})
		wantBusy(t, f.p, "web")
		f.p.Close()
	})
}

// Who wants to be rid of a project whose service is broken, or has done its work, need not stop
// first what does not run.
func TestRetireForgetsWhatIsAtRest(t *testing.T) {
	exit := func(code int) func(*fake) {
		return func(f *fake) {
			f.life, f.script = time.Second, func(runID) Exit { return Exit{Code: code} }
		}
	}
	for name, tt := range map[string]struct {
		prepare func(*fake)
		plan    Plan
		want    State
	}{
		"finished":               {exit(0), plan("web"), Exited},
		"failed":                 {exit(3), plan("web"), Failed},
		"not found":              {exit(127), plan("web"), Failed},
		"never started":          {func(f *fake) { f.disk(errFull) }, plan("web"), Failed},
		"a dependency's fault":   {func(f *fake) { f.disk(errFull) }, chain(), Failed},
		"idle, and never wanted": {exit(0), idlePlan("web"), Stopped},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, Inherited{})
				tt.prepare(f)
				_ = f.p.Up(t.Context(), tt.plan, nil)
				pass(time.Hour)
				web, _ := mustFind(f.p, "web")
				if web.State != tt.want || web.Wanted != (tt.want != Stopped) {
					t.Fatalf("web is %+v, want it %s", web, tt.want)
				}
				if err := f.p.Retire(t.Context()); err != nil {
					t.Errorf("retire: %v", err)
				}
			})
		})
	}
}

func idlePlan(name string) Plan { return Plan{Services: []Declared{{Name: name, Idle: true}}} }

// A service that is at rest and has just been asked for is about to start.
func TestRetireRefusesWhatIsAboutToStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		f.slow = time.Hour // until a run is on record, and so until it is ready
		_ = f.p.Up(t.Context(), chain(), nil)
		synctest.Wait()
		wantBusy(t, f.p, "web", "api", "db")
		_ = f.p.Down(t.Context(), nil, true)
		pass(2 * time.Hour)
		if err := f.p.Retire(t.Context()); err != nil {
			t.Errorf("retire: %v", err)
		}
	})
}

// What was wanted before a crash and could not be started again must not keep a directory that no
// longer exists from being forgotten.
func TestRetireDropsWhatWasNotRestored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{Wanted: []string{"web"}})
		if err := f.p.Retire(t.Context()); err != nil {
			t.Errorf("retire: %v", err)
		}
	})
}

// Who follows a project must hear that there is nothing more to come.
func TestTheEndIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		_, changed := f.p.Snapshot()
		if err := f.p.Err(); err != nil {
			t.Errorf("before the end: %v", err)
		}
		time.AfterFunc(time.Hour, func() { _ = f.p.Retire(context.Background()) })
		select {
		case <-changed:
			t.Error("a snapshot, although nothing has changed")
		case <-f.p.Done():
		}
		if err := f.p.Err(); !errors.Is(err, ErrForgotten) {
			t.Errorf("after it: %v", err)
		}
	})
}

// After Retire the record is removed. A save that was under way must be over by then, and a retry
// must not come.
func TestNothingIsSavedAfterRetire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		f.slow = time.Hour
		f.disk(errFull)
		f.p.Rewrite()
		synctest.Wait()
		gone, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		if err := f.p.Retire(gone); err != nil {
			t.Fatal(err)
		}
		if n, _ := f.saved(); n != 1 {
			t.Fatalf("retired with %d of one save done", n)
		}
		f.p.Rewrite()
		f.p.Leave(shellA)
		pass(24 * time.Hour)
		if n, _ := f.saved(); n != 1 {
			t.Errorf("%d saves after the end", n-1)
		}
	})
}

// Whoever comes first decides: either the project is kept and web runs, or web was never started.
func TestUpBesideRetire(t *testing.T) {
	kept := 0
	for i := range 300 {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, Inherited{})
			_ = f.p.Declare(t.Context(), plan("web"))
			var up, retire error
			var both sync.WaitGroup
			orders := []func(){
				func() { up = f.p.Up(context.Background(), plan("web"), nil) },
				func() { retire = f.p.Retire(context.Background()) },
			}
			both.Go(orders[i%2])
			both.Go(orders[1-i%2])
			both.Wait()
			synctest.Wait()
			var busy *InUseError
			switch {
			case up == nil && errors.As(retire, &busy) && len(f.alive) == 1:
				kept++
			case retire == nil && errors.Is(up, ErrForgotten) && len(f.batches) == 0:
			default:
				t.Fatalf("up: %v, retire: %v, alive %v, started %v", up, retire, f.alive, f.batches)
			}
		})
	}
	if kept == 0 || kept == 300 {
		t.Errorf("kept in %d of 300 rounds: only one order was tried", kept)
	}
}

func TestTheDaemonsEndDoesNotForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		if err := f.p.Shutdown(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		if err := f.p.Retire(t.Context()); !errors.Is(err, ErrClosing) {
			t.Errorf("retire during the daemon's end: %v", err)
		}
		f.p.Close()
		for name, err := range everyCall(f.p) {
			if !errors.Is(err, ErrClosing) {
				t.Errorf("%s after the daemon's end: %v", name, err)
			}
		}
	})
}

// Two who stop the daemon at a time: the one that comes second must not wait for ever.
func TestShutdownBesideClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		f.stubborn = true
		_ = f.p.Up(t.Context(), plan("web"), nil)
		synctest.Wait()
		over := make(chan error)
		go func() { over <- f.p.Shutdown(context.Background(), true) }()
		synctest.Wait()
		f.p.Close()
		if err := <-over; !errors.Is(err, ErrClosing) {
			t.Errorf("shutdown: %v", err)
		}
	})
}

// A timer keeps its project in memory, and wakes the machine, until it fires.
func TestCloseStopsEveryTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		f.life, f.script = 10*time.Second, func(runID) Exit { return Exit{Code: 3} }
		_ = f.p.Up(t.Context(), plan("web").stoppedAfter(time.Hour), nil)
		pass(10 * time.Second) // the restart is armed
		enter(t, f.p, shellA, plan("web").stoppedAfter(time.Hour))
		f.disk(errFull)
		leave(f.p, shellA) // auto_stop is armed, and the retry
		var timers map[string]*time.Timer
		f.inside(func(a *actor) {
			timers = map[string]*time.Timer{
				"restart":   a.services.find("web").timer,
				"auto_stop": a.presence.timer, "retry": a.record.timer,
			}
		})
		f.p.Close()
		synctest.Wait()
		for name, timer := range timers {
			if timer == nil || timer.Stop() {
				t.Errorf("the timer of %s is armed after the end: %v", name, timer)
			}
		}
	})
}

// A restart that is no longer coming must not wake anybody.
func TestAStopDisarmsTheRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		f.life, f.script = 10*time.Second, func(runID) Exit { return Exit{Code: 3} }
		_ = f.p.Up(t.Context(), plan("web"), nil)
		pass(10 * time.Second)
		var armed, after *time.Timer
		f.inside(func(a *actor) { armed = a.services.find("web").timer })
		_ = f.p.Down(t.Context(), nil, false)
		f.inside(func(a *actor) { after = a.services.find("web").timer })
		if armed == nil || armed.Stop() || after != nil {
			t.Error("the timer of the restart is still armed")
		}
	})
}

// A timer that was too late to be stopped must not step what has the same name by now.
func TestALateTimerOfAForgottenService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		f.life, f.script = 10*time.Second, func(runID) Exit { return Exit{Code: 3} }
		_ = f.p.Up(t.Context(), plan("web"), nil)
		pass(10 * time.Second)
		var old *service
		f.inside(func(a *actor) { old = a.services.find("web") })
		_ = f.p.Declare(t.Context(), plan("other"))
		f.life = 0
		_ = f.p.Up(t.Context(), plan("web"), nil)
		synctest.Wait()
		f.inside(func(a *actor) { a.services.elapsed(old, 1) })
		if s, _ := f.p.Snapshot(); s.LastRun["web"] != 2 {
			t.Errorf("the last run of web is %d, want 2", s.LastRun["web"])
		}
	})
}

func TestReportsOfOtherRunsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		_ = f.p.Up(t.Context(), plan("web"), nil)
		synctest.Wait()
		_ = f.p.Restart(t.Context(), plan("web"), nil)
		synctest.Wait()
		f.p.Ended("web", End{Run: 1, Exit: Exit{Code: 1}})
		f.p.Ready("web", 1, shellA, []int{80})
		synctest.Wait()
		v, _ := mustFind(f.p, "web")
		if v.State != Running || v.Dropped != 2 || len(v.Live.Listening) != 0 {
			t.Errorf("web is %+v, want run 2 untouched and two reports dropped", v)
		}
	})
}
