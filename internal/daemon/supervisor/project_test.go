package supervisor

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locald/locald/internal/procid"
)

// fake is a system in which every process does as the test says.
type fake struct {
	t *testing.T
	p *Project

	mu      sync.Mutex
	batches [][]Launch
	alive   map[runID]bool
	most    int // the most that were alive of one service
	saves   []Snapshot
	saveErr error
	good    *Snapshot     // the latest that was saved
	slow    time.Duration // of each save
	script  func(runID) Exit
	life    time.Duration // how long each run lives; 0 until it is stopped
	// unrecorded were let go although the record did not name them.
	unrecorded []runID
	stubborn   bool     // only a hurried stop ends it
	misdeeds   []string // what a model saw that must not be
}

func newFake(t *testing.T, inherited Inherited) *fake {
	f := &fake{t: t, alive: make(map[runID]bool)}
	f.p = NewProject(f, f, inherited)
	t.Cleanup(f.p.Close)
	return f
}

// inside takes a turn, in which a test may look at what belongs to the actor.
func (f *fake) inside(do func(*actor)) {
	f.t.Helper()
	if err := f.p.box.call(context.Background(), do); err != nil {
		f.t.Error(err)
	}
}

func (f *fake) Spawn(batch []Launch) {
	f.mu.Lock()
	f.batches = append(f.batches, batch)
	var out []Launched
	for _, l := range batch {
		f.alive[runID{l.Service, l.Run}] = true
		f.count(l.Service)
		live := &Live{Leader: procid.Identity{PID: 1000 + l.Run}}
		out = append(out, Launched{Launch: l, Live: live})
	}
	f.mu.Unlock()
	go f.p.Launched(out)
}

func (f *fake) count(service string) {
	n := 0
	for l := range f.alive {
		if l.service == service {
			n++
		}
	}
	f.most = max(f.most, n)
}

func (f *fake) Release(service string, run int) {
	l := runID{service, run}
	f.mu.Lock()
	if !f.recorded(l) {
		f.unrecorded = append(f.unrecorded, l)
	}
	f.mu.Unlock()
	go func() {
		f.p.Ready(service, run, procid.Identity{}, nil)
		if f.life > 0 {
			time.Sleep(f.life)
			f.end(l, f.script(l), f.life)
		}
	}()
}

func (f *fake) end(l runID, e Exit, ran time.Duration) {
	f.mu.Lock()
	was := f.alive[l]
	delete(f.alive, l)
	f.mu.Unlock()
	if was {
		f.p.Ended(l.service, End{Run: l.run, At: time.Now(), Exit: e, Ran: ran})
	}
}

func (f *fake) Discard(service string, run int) {
	go f.end(runID{service, run}, Exit{Code: 125}, 0)
}

func (f *fake) Stop(service string, run int, hurry bool) {
	if !f.stubborn || hurry {
		go f.end(runID{service, run}, Exit{Signal: 15}, time.Second)
	}
}

func (f *fake) Note(string, int, string) {}

func (f *fake) Save(s Snapshot) error {
	time.Sleep(f.slow)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.saves = append(f.saves, s)
	if f.saveErr == nil {
		f.good = &s
	}
	return f.saveErr
}

func plan(names ...string) Plan {
	var out Plan
	for _, n := range names {
		out.Services = append(out.Services, Declared{Name: n, Policy: RestartOnFailure})
	}
	return out
}

func states(p *Project) map[string]State {
	s, _ := p.Snapshot()
	out := map[string]State{}
	for _, v := range s.Services {
		out[v.Name] = v.State
	}
	return out
}

func wantStates(t *testing.T, p *Project, want map[string]State) {
	t.Helper()
	synctest.Wait()
	if got := states(p); !cmp.Equal(got, want) {
		t.Fatalf("states %v, want %v", got, want)
	}
}

func TestAWholeSetIsOneBatchAndOneRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		if err := f.p.Up(t.Context(), plan("web", "worker", "db"), nil); err != nil {
			t.Fatal(err)
		}
		wantStates(t, f.p, map[string]State{"web": Running, "worker": Running, "db": Running})
		if len(f.batches) != 1 || len(f.batches[0]) != 3 {
			t.Errorf("spawned in %v, want one batch of three", f.batches)
		}
		live := func(s Snapshot) (n int) {
			for _, v := range s.Services {
				if v.Live != nil {
					n++
				}
			}
			return n
		}
		for _, s := range f.saves {
			if n := live(s); n != 0 && n != 3 {
				t.Errorf("a record names %d of three runs", n)
			}
		}
	})
}

func TestNothingIsReleasedUnrecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		f.saveErr = errors.New("no space left on device")
		if err := f.p.Up(t.Context(), plan("web"), nil); err != nil {
			t.Fatal(err)
		}
		wantStates(t, f.p, map[string]State{"web": Failed})
		if v, _ := mustFind(f.p, "web"); v.Note != "no space left on device" || len(f.alive) != 0 {
			t.Errorf("note %q, alive %v", v.Note, f.alive)
		}
	})
}

func mustFind(p *Project, name string) (Service, bool) {
	s, _ := p.Snapshot()
	return s.Find(name)
}

func TestRacingCommandsKeepOneRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		f.slow = 3 * time.Millisecond
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				time.Sleep(time.Duration(i%17) * time.Millisecond)
				switch i % 3 {
				case 0:
					_ = f.p.Up(context.Background(), plan("web"), nil)
				case 1:
					_ = f.p.Restart(context.Background(), plan("web"), []string{"web"})
				case 2:
					_ = f.p.Down(context.Background(), nil, false)
				}
			})
		}
		wg.Wait()
		if err := f.p.Up(t.Context(), plan("web"), nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		wantStates(t, f.p, map[string]State{"web": Running})
		if f.most > 1 || len(f.alive) != 1 {
			t.Errorf("%d at a time, %d in the end", f.most, len(f.alive))
		}
	})
}

func TestCrashLoopEndsInFailedAndUpTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		f.life, f.script = time.Second, func(runID) Exit { return Exit{Code: 3} }
		_ = f.p.Up(t.Context(), plan("web"), nil)
		time.Sleep(time.Minute)
		wantStates(t, f.p, map[string]State{"web": Failed})
		v, _ := mustFind(f.p, "web")
		if v.Run != failureLimit || v.Restarts != failureLimit-1 || *v.Exit != (Exit{Code: 3}) {
			t.Errorf("service %+v", v)
		}
		f.script = func(runID) Exit { return Exit{} }
		_ = f.p.Up(t.Context(), plan("web"), nil)
		time.Sleep(time.Minute)
		wantStates(t, f.p, map[string]State{"web": Exited})
	})
}

func TestDownHoldsWhileSomebodyIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		one, two := procid.Identity{PID: 1, Start: 1}, procid.Identity{PID: 2, Start: 1}
		enter := func(shell procid.Identity) []string {
			t.Helper()
			started, err := f.p.Enter(t.Context(), shell, plan("web", "worker"), true)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			return started
		}
		if got := enter(one); !cmp.Equal(got, []string{"web", "worker"}) {
			t.Fatalf("the first shell starts %v", got)
		}
		if got := enter(two); got != nil {
			t.Errorf("the second shell starts %v", got)
		}
		_ = f.p.Down(t.Context(), nil, false)
		wantStates(t, f.p, map[string]State{"web": Stopped, "worker": Stopped})
		f.p.Leave(two)
		if got := enter(two); got != nil {
			t.Errorf("with somebody there, entering starts %v after down", got)
		}
		f.p.Leave(one)
		f.p.Leave(two)
		if got := enter(one); len(got) != 2 {
			t.Errorf("after everybody had left, entering starts %v", got)
		}
		_ = f.p.Down(t.Context(), []string{"worker"}, false)
		f.p.Leave(one)
		if got := enter(one); got != nil {
			t.Errorf("web is up, yet entering starts %v", got)
		}
	})
}

func TestUnannouncedServicesAreStoppedAndForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		_ = f.p.Up(t.Context(), plan("web", "old"), nil)
		wantStates(t, f.p, map[string]State{"web": Running, "old": Running})
		_ = f.p.Up(t.Context(), plan("web", "new"), nil)
		wantStates(t, f.p, map[string]State{"web": Running, "new": Running})
	})
}

func TestRestoreStartsWhatWasWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{Wanted: []string{"web"}, LastRun: map[string]int{"web": 7}})
		_ = f.p.Restore(t.Context(), plan("web", "worker"))
		wantStates(t, f.p, map[string]State{"web": Running, "worker": Stopped})
		if v, _ := mustFind(f.p, "web"); v.Run != 8 {
			t.Errorf("run %d, want 8: numbers are never used twice", v.Run)
		}
	})
}

func TestShutdownKeepsWhatIsWanted(t *testing.T) {
	for _, keep := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, Inherited{})
			_ = f.p.Up(t.Context(), plan("web", "worker"), []string{"web"})
			if err := f.p.Shutdown(t.Context(), keep); err != nil {
				t.Fatal(err)
			}
			last := f.saves[len(f.saves)-1]
			web, _ := last.Find("web")
			if len(f.alive) != 0 || web.Wanted != keep || web.Live != nil {
				t.Errorf("keep %v: alive %v, recorded %+v", keep, f.alive, web)
			}
		})
	}
}

func TestSyncWaitsForTheRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		f.slow = time.Hour
		_ = f.p.Up(t.Context(), plan("web"), nil)
		_ = f.p.Down(t.Context(), nil, false)
		if err := f.p.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		last := f.saves[len(f.saves)-1]
		if web, _ := last.Find("web"); last.Wanted() || web.State != Stopped {
			t.Errorf("recorded %+v", last)
		}
	})
}

func TestHurriedDownEndsAStubbornService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		f.stubborn = true
		_ = f.p.Up(t.Context(), plan("web"), nil)
		synctest.Wait()
		_ = f.p.Down(t.Context(), nil, false)
		wantStates(t, f.p, map[string]State{"web": Stopping})
		_ = f.p.Down(t.Context(), nil, true)
		wantStates(t, f.p, map[string]State{"web": Stopped})
	})
}

func TestNothingStartsDuringShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		f.stubborn = true
		_ = f.p.Up(t.Context(), plan("web"), nil)
		synctest.Wait()
		ended := make(chan error)
		go func() { ended <- f.p.Shutdown(context.Background(), false) }()
		synctest.Wait()
		if err := f.p.Up(t.Context(), plan("web", "worker"), nil); !errors.Is(err, ErrClosing) {
			t.Errorf("up during shutdown: %v, want ErrClosing", err)
		}
		f.end(runID{"web", 1}, Exit{Signal: 9}, time.Second)
		if err := <-ended; err != nil || len(f.alive) != 0 {
			t.Errorf("shutdown: %v, alive %v", err, f.alive)
		}
	})
}

// chain declares web, which needs api, which needs db.
func chain() Plan {
	return Plan{Services: []Declared{
		{Name: "web", Policy: RestartOnFailure, DependsOn: []string{"api"}},
		{Name: "api", Policy: RestartOnFailure, DependsOn: []string{"db"}},
		{Name: "db", Policy: RestartOnFailure},
	}}
}

func batchNames(f *fake) (out []string) {
	for _, b := range f.batches {
		for _, l := range b {
			out = append(out, l.Service)
		}
	}
	return out
}

func TestDependenciesStartFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		f.slow = time.Second // so that each becomes ready in its own time
		_ = f.p.Up(t.Context(), chain(), []string{"web"})
		wantStates(t, f.p, map[string]State{"web": Starting, "api": Starting, "db": Starting})
		if v, _ := mustFind(f.p, "web"); v.Note != "waits for api" {
			t.Errorf("note %q", v.Note)
		}
		time.Sleep(time.Minute)
		wantStates(t, f.p, map[string]State{"web": Running, "api": Running, "db": Running})
		if got := batchNames(f); !cmp.Equal(got, []string{"db", "api", "web"}) {
			t.Errorf("started in the order %v", got)
		}
	})
}

func TestDependentsStopFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		_ = f.p.Up(t.Context(), chain(), nil)
		synctest.Wait()
		f.stubborn = true
		_ = f.p.Down(t.Context(), nil, false)
		wantStates(t, f.p, map[string]State{"web": Stopping, "api": Stopping, "db": Stopping})
		if v, _ := mustFind(f.p, "db"); v.Note != "waits for api" || v.Live == nil {
			t.Errorf("db is %+v, want it alive and waiting", v)
		}
		f.end(runID{"web", 1}, Exit{Signal: 15}, time.Second)
		synctest.Wait()
		if v, _ := mustFind(f.p, "api"); v.Note != "" || v.State != Stopping {
			t.Errorf("api is %+v, want it told to stop", v)
		}
		_ = f.p.Down(t.Context(), nil, true)
		wantStates(t, f.p, map[string]State{"web": Stopped, "api": Stopped, "db": Stopped})
	})
}

func TestRestartKeepsTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		_ = f.p.Up(t.Context(), chain(), nil)
		synctest.Wait()
		f.batches = nil
		_ = f.p.Restart(t.Context(), chain(), nil)
		wantStates(t, f.p, map[string]State{"web": Running, "api": Running, "db": Running})
		if got := batchNames(f); !cmp.Equal(got, []string{"db", "api", "web"}) {
			t.Errorf("started again in the order %v", got)
		}
		f.batches = nil
		_ = f.p.Restart(t.Context(), chain(), []string{"api"})
		wantStates(t, f.p, map[string]State{"web": Running, "api": Running, "db": Running})
		if got := batchNames(f); !cmp.Equal(got, []string{"api"}) {
			t.Errorf("restart of api started %v", got)
		}
	})
}

func TestAFailedDependencyFailsWhatNeedsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		f.saveErr = errors.New("disk full")
		_ = f.p.Up(t.Context(), chain(), nil)
		wantStates(t, f.p, map[string]State{"web": Failed, "api": Failed, "db": Failed})
		if v, _ := mustFind(f.p, "web"); v.Note != "it needs api, which has failed" {
			t.Errorf("note %q", v.Note)
		}
	})
}
