package supervisor

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

var errFull = errors.New("no space left on device")

// disk sets what the next saves answer.
func (f *fake) disk(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.saveErr = err
}

// saved is how many attempts there were, and the last one's content.
func (f *fake) saved() (n int, last Snapshot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.saves) > 0 {
		last = f.saves[len(f.saves)-1]
	}
	return len(f.saves), last
}

func unsaved(p *Project) string {
	s, _ := p.Snapshot()
	return s.Unsaved
}

// A service is up, the disk is full, and a person says down. That must be known to be at risk, and
// must be on disk soon after there is room again.
func TestAFailedSaveIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		_ = f.p.Up(t.Context(), plan("web"), nil)
		synctest.Wait()
		f.disk(errFull)
		_ = f.p.Down(t.Context(), nil, false)
		if err := f.p.Sync(t.Context()); !errors.Is(err, errFull) {
			t.Fatalf("sync on a full disk: %v", err)
		}
		wantStates(t, f.p, map[string]State{"web": Stopped})
		if got := unsaved(f.p); got != errFull.Error() {
			t.Errorf("unsaved %q, want the reason", got)
		}
		pass(10 * time.Hour)
		f.disk(nil)
		pass(longestRetry)
		if _, last := f.saved(); last.Wanted() {
			t.Errorf("the record still says that web is wanted: %+v", last)
		}
		if got := unsaved(f.p); got != "" {
			t.Errorf("unsaved %q after a save", got)
		}
		if err := f.p.Sync(t.Context()); err != nil {
			t.Errorf("sync after a save: %v", err)
		}
	})
}

// While the disk is full the attempts get rarer, and with nothing to save there are none.
func TestRetriesGetRarerAndEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		_ = f.p.Up(t.Context(), plan("web"), nil)
		synctest.Wait()
		quiet, _ := f.saved()
		pass(24 * time.Hour)
		if n, _ := f.saved(); n != quiet {
			t.Fatalf("%d saves while nothing happened", n-quiet)
		}
		f.disk(errFull)
		f.p.Rewrite()
		synctest.Wait()
		start := time.Now()
		var pauses []time.Duration
		for last, _ := f.saved(); len(pauses) < 9 && time.Since(start) < time.Hour; {
			pass(time.Second)
			if n, _ := f.saved(); n != last {
				pauses = append(pauses, time.Since(start))
				last, start = n, time.Now()
			}
		}
		want := []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60}
		for i := range want {
			want[i] *= time.Second
		}
		if !cmp.Equal(pauses, want) {
			t.Fatalf("pauses %v, want %v", pauses, want)
		}
		f.disk(nil)
		pass(longestRetry)
		quiet, _ = f.saved()
		pass(24 * time.Hour)
		if n, _ := f.saved(); n != quiet {
			t.Errorf("%d saves after one that succeeded", n-quiet)
		}
	})
}

// An order is not made to wait for the retry, and does not make the next one later.
func TestAChangeIsSavedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		f.disk(errFull)
		for range 20 {
			before, _ := f.saved()
			if err := f.p.Up(t.Context(), plan("web"), nil); err != nil {
				t.Fatal(err)
			}
			if err := f.p.Sync(t.Context()); !errors.Is(err, errFull) {
				t.Fatalf("sync: %v", err)
			}
			wantStates(t, f.p, map[string]State{"web": Failed})
			if n, _ := f.saved(); n == before {
				t.Fatal("the order was not tried to be saved")
			}
		}
		f.disk(nil)
		pass(firstRetry)
		if unsaved(f.p) != "" {
			t.Error("not saved a second after there was room")
		}
		_ = f.p.Up(t.Context(), plan("web"), nil)
		wantStates(t, f.p, map[string]State{"web": Running})
	})
}

// A disk that does not answer for an hour, and then says no.
func TestSyncOfASlowFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		f.slow = time.Hour
		f.disk(errFull)
		_ = f.p.Down(t.Context(), nil, false)
		f.p.Rewrite()
		start := time.Now()
		if err := f.p.Sync(t.Context()); !errors.Is(err, errFull) {
			t.Errorf("sync: %v", err)
		}
		if took := time.Since(start); took > time.Hour {
			t.Errorf("the answer of one attempt took %v", took)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		f.p.Rewrite()
		if err := f.p.Sync(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("sync of somebody with less patience: %v", err)
		}
		f.p.Close()
		pass(3 * time.Hour)
	})
}

func TestShutdownOnAFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		_ = f.p.Up(t.Context(), plan("web", "worker"), nil)
		synctest.Wait()
		f.disk(errFull)
		if err := f.p.Shutdown(t.Context(), false); !errors.Is(err, errFull) {
			t.Errorf("shutdown: %v, want what kept it from being recorded", err)
		}
		if len(f.alive) != 0 {
			t.Errorf("still alive: %v", f.alive)
		}
		f.p.Close()
		quiet, _ := f.saved()
		pass(24 * time.Hour)
		if n, _ := f.saved(); n != quiet {
			t.Errorf("%d saves after the end", n-quiet)
		}
	})
}

// What an earlier daemon wanted and nobody wants any more must not come back with the next one,
// although none of it is declared: the files may not even be readable.
func TestADroppedRestoreIsSaved(t *testing.T) {
	for name, drop := range map[string]func(*fake) error{
		"down":     func(f *fake) error { return f.p.Down(f.t.Context(), nil, false) },
		"shutdown": func(f *fake) error { return f.p.Shutdown(f.t.Context(), false) },
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, Inherited{Wanted: []string{"web"}})
			if err := drop(f); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if n, last := f.saved(); n == 0 || last.Wanted() {
				t.Errorf("%s: %d saves, the last one wants %v", name, n, last.Unrestored)
			}
		})
	}
}
