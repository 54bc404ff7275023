package supervisor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/locald/locald/internal/procid"
)

// step is one thing that happens to a project. The steps are drawn before the bubble is entered, in
// which rapid cannot run.
type step struct {
	What    string
	Service string
	Force   bool
	Seconds int
	Wait    bool // until nothing moves any more, else the next step comes in the middle of it
}

func drawStep(t *rapid.T) step {
	return step{
		What: rapid.SampledFrom([]string{
			"up", "restart", "down", "down all", "enter", "leave", "full", "room", "crash", "pass",
			"finish", "retire",
		}).Draw(t, "what"),
		Service: rapid.SampledFrom([]string{"web", "api", "db"}).Draw(t, "service"),
		Force:   rapid.Bool().Draw(t, "force"),
		Seconds: rapid.IntRange(0, 90).Draw(t, "seconds"),
		Wait:    rapid.Bool().Draw(t, "wait"),
	}
}

// TestActorModel gives a project random orders while its disk and its services fail at random. What
// must hold whatever the order: a run is let go only when it is on record; a project is forgotten
// only where nothing is in use; and once the disk has room, the record says within a minute what is
// true, and nothing wakes up any more.
func TestActorModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.Custom(drawStep), 1, 25).Draw(rt, "steps")
		slow := time.Duration(rapid.IntRange(0, 3).Draw(rt, "slow")) * time.Second
		var wrong string
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, Inherited{})
			f.slow = slow
			for _, s := range steps {
				f.take(s)
			}
			f.disk(nil)
			pass(longestRetry + 2*f.slow)
			wrong = f.wrong()
			f.p.Close()
		})
		if wrong != "" {
			rt.Fatal(wrong)
		}
	})
}

func (f *fake) take(s step) {
	ctx, name := context.Background(), []string{s.Service}
	switch s.What {
	case "up":
		_ = f.p.Up(ctx, chain(), name)
	case "restart":
		_ = f.p.Restart(ctx, chain(), name)
	case "down":
		_ = f.p.Down(ctx, name, s.Force)
	case "down all":
		_ = f.p.Down(ctx, nil, s.Force)
	case "enter":
		_, _ = f.p.Enter(ctx, shellA, chain(), true)
	case "leave":
		f.p.Leave(shellA)
	case "full":
		f.disk(errFull)
	case "room":
		f.disk(nil)
	case "crash":
		f.finish(s.Service, Exit{Code: 1})
	case "finish":
		f.finish(s.Service, Exit{})
	case "retire":
		f.retire()
	case "pass":
		time.Sleep(time.Duration(s.Seconds) * time.Second)
	}
	if s.Wait {
		synctest.Wait()
	}
}

// finish ends whatever is alive of a service.
func (f *fake) finish(service string, exit Exit) {
	f.mu.Lock()
	var alive []runID
	for r := range f.alive {
		if r.service == service {
			alive = append(alive, r)
		}
	}
	f.mu.Unlock()
	for _, r := range alive {
		f.end(r, exit, time.Second)
	}
}

// retire forgets the project where nothing is in use, and only there. Nothing is saved after that,
// until the project is entered again as a new one.
func (f *fake) retire() {
	synctest.Wait()
	now, _ := f.p.Snapshot()
	used := slices.ContainsFunc(now.Services, func(v Service) bool {
		return !slices.Contains([]State{Stopped, Exited, Failed}, v.State)
	})
	err := f.p.Retire(context.Background())
	if _, refused := errors.AsType[*InUseError](err); refused != used || !used && err != nil {
		f.misdeeds = append(f.misdeeds, fmt.Sprintf("retire of %+v: %v", now.Services, err))
	}
	if used {
		return
	}
	before, _ := f.saved()
	pass(longestRetry + f.slow)
	if n, _ := f.saved(); n != before || len(f.alive) > 0 {
		what := fmt.Sprintf("%d saves after it was forgotten, alive %v", n-before, f.alive)
		f.misdeeds = append(f.misdeeds, what)
	}
	f.saves, f.good = nil, nil
	f.p = NewProject(f, f, Inherited{})
}

// wrong says what is not as it must be once the disk works and nothing happens; "" where all is.
func (f *fake) wrong() string {
	if len(f.misdeeds) > 0 {
		return strings.Join(f.misdeeds, "\n")
	}
	now, _ := f.p.Snapshot()
	n, recorded := f.saved()
	if now.Unsaved != "" {
		return "still not saved: " + now.Unsaved
	}
	if err := f.p.Sync(context.Background()); err != nil {
		return fmt.Sprintf("sync: %v", err)
	}
	if diff := cmp.Diff(durable(recorded), durable(now)); n > 0 && diff != "" {
		return "on record (-is +should be):\n" + diff
	}
	if f.most > 1 {
		return fmt.Sprintf("%d runs of one service at a time", f.most)
	}
	if len(f.unrecorded) > 0 {
		return fmt.Sprintf("let go and on no record: %v", f.unrecorded)
	}
	pass(24 * time.Hour)
	if later, _ := f.saved(); later != n {
		return fmt.Sprintf("%d saves while nothing happened", later-n)
	}
	return ""
}

// durable is what of a snapshot must survive the daemon: who is there, what is wanted, what is
// alive.
func durable(s Snapshot) any {
	type run struct {
		Name   string
		Wanted bool
		Leader procid.Identity
	}
	var runs []run
	for _, v := range s.Services {
		r := run{Name: v.Name, Wanted: v.Wanted}
		if v.Live != nil {
			r.Leader = v.Live.Leader
		}
		runs = append(runs, r)
	}
	return []any{runs, s.HeldDown, s.Entered, s.Shells}
}

// recorded reports whether the latest save that succeeded names a run.
func (f *fake) recorded(r runID) bool {
	if f.good == nil {
		return false
	}
	v, _ := f.good.Find(r.service)
	return v.Live != nil && v.Run == r.run
}
