package engine_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/engine/enginetest"
	"github.com/locald/locald/internal/daemon/state"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/procid"
)

// inWorld runs a test in a bubble of time, in a world of its own.
func inWorld(t *testing.T, test func(*testing.T, *enginetest.World)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, enginetest.New(t)) })
}

// took is for how long something goes on.
func took(do func()) time.Duration {
	begun := time.Now()
	do()
	return time.Since(begun)
}

func TestAFileSystemThatDoesNotAnswer(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		root := w.Project("shop", "web: serve\n")
		p := w.Engine.At(root)
		w.Hang(root)
		read := func() (c engine.Content, n time.Duration) {
			n = took(func() { c = p.Read() })
			return c, n
		}
		if c, n := read(); !errors.Is(c.Problem, engine.ErrNoAnswer) || n != 2*time.Second {
			t.Errorf("the first read: %v after %v", c.Problem, n)
		}
		if c, n := read(); !errors.Is(c.Problem, engine.ErrNoAnswer) || n != 0 {
			t.Errorf("while it is overdue: %v after %v", c.Problem, n)
		}
		if files, _ := w.Reads(root); files != 1 {
			t.Errorf("%d reads wait for the file system", files)
		}
		w.Answer(root)
		synctest.Wait()
		if c, n := read(); c.Problem != nil || n != 0 {
			t.Errorf("once it answers: %v after %v", c.Problem, n)
		}
	})
}

// Fifty shells enter at once, and the directory does not answer: one thread waits for it.
func TestManyReadersOfAFileSystemThatDoesNotAnswer(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		root := w.Project("shop", "web: serve\n")
		p := w.Engine.At(root)
		w.Hang(root)
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if c := p.Read(); !errors.Is(c.Problem, engine.ErrNoAnswer) {
					t.Errorf("read: %v", c.Problem)
				}
			})
		}
		if n := took(all.Wait); n != 2*time.Second {
			t.Errorf("they wait for %v", n)
		}
		if files, _ := w.Reads(root); files != 1 {
			t.Errorf("%d reads wait for the file system", files)
		}
		w.Answer(root)
		synctest.Wait()
		for range 50 {
			all.Go(func() {
				if c := p.Read(); c.Problem != nil {
					t.Errorf("once it answers: %v", c.Problem)
				}
			})
		}
		all.Wait()
	})
}

// record is one of a project of which web was up when its daemon died.
func record(w *enginetest.World, root string) state.Record {
	return state.Record{
		Root: bytes(root), Name: "shop", Wanted: []string{"web"}, Consent: w.Digest(root),
		LastRun: map[string]int{"web": 7}, Ports: map[string]int{"web": 20100},
		Runs: map[string]state.Run{"web": {Number: 7, Leader: procid.Identity{PID: 1}}},
	}
}

func recall(w *enginetest.World, records ...state.Record) {
	all := make(map[string]state.Record)
	for _, r := range records {
		all[string(r.Root)] = r
	}
	w.Engine.Recall(all, nil)
}

// Whoever waits for what is restored is held up by a directory that does not answer for as long as
// a read may take, and what was up is started as soon as it answers.
func TestRestoreOfADirectoryThatDoesNotAnswer(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		hung, well := w.Project("hung", "web: serve\n"), w.Project("well", "web: serve\n")
		a, b := record(w, hung), record(w, well)
		a.Name, b.Name, b.Ports = "hung", "well", nil
		w.Hang(hung)
		recall(w, a, b)
		go w.Engine.At(hung).Read() // somebody else waits for it too
		w.Engine.Restore()
		ctx := context.Background()
		if n := took(func() { w.Engine.At(well).AwaitRestored(ctx) }); n != 0 {
			t.Errorf("another project is waited for %v", n)
		}
		if n := took(func() { w.Engine.At(hung).AwaitRestored(ctx) }); n != 2*time.Second {
			t.Errorf("waited for %v", n)
		}
		if s := w.Engine.At(hung).Snapshot(); len(s.Unrestored) != 1 {
			t.Errorf("not waiting to be restored: %+v", s)
		}
		time.Sleep(time.Hour)
		w.Answer(hung)
		time.Sleep(time.Minute)
		for _, root := range []string{hung, well} {
			v, _ := w.Engine.At(root).Snapshot().Find("web")
			if v.State != supervisor.Running || v.Run != 8 {
				t.Errorf("%s: %+v", root, v)
			}
		}
	})
}

// Somebody has decided before the restore comes to it: there is nothing to wait for any more.
func TestNothingIsLeftToRestore(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		root := w.Project("shop", "web: serve\n")
		recall(w, record(w, root))
		p := w.Engine.At(root)
		if err := p.Actor.Down(t.Context(), nil, false); err != nil {
			t.Fatal(err)
		}
		w.Engine.Restore()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if n := took(func() { p.AwaitRestored(ctx) }); n != 0 {
			t.Errorf("waited for %v", n)
		}
		if n := len(w.Host.Starts()); n != 0 {
			t.Errorf("%d processes", n)
		}
	})
}

// What is no longer what was allowed stays wanted, and is not started.
func TestRestoreOfOtherContent(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		root := w.Project("shop", "web: serve\n")
		r := record(w, root)
		w.Write(root, "Procfile", "web: evil\n")
		recall(w, r)
		w.Engine.Restore()
		p := w.Engine.At(root)
		p.AwaitRestored(context.Background())
		if s := p.Snapshot(); len(s.Unrestored) != 1 || len(w.Host.Starts()) != 0 {
			t.Errorf("%+v, %d processes", s, len(w.Host.Starts()))
		}
	})
}
