package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/engine/enginetest"
	"github.com/locald/locald/internal/daemon/state"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/daemon/trust"
	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/project"
)

func bytes(path string) bytestr.String { return bytestr.String(path) }

// start makes a project's name its own for good, as every start does.
func start(t *testing.T, p *engine.Project) {
	t.Helper()
	c, spec, err := p.ReadSpec()
	if err != nil {
		t.Fatal(err)
	}
	p.Use(spec, nil, c.Digest)
	p.SetFormation(nil)
	if err := p.Actor.Up(t.Context(), p.Plan(spec), nil); err != nil {
		t.Fatal(err)
	}
	if err := p.Actor.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func short(root string) string { return "shop~" + project.Hash(root)[:4] }

// A project that somebody only looked at has no claim to its name.
func TestAGlanceTakesNoName(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		glanced := w.Project("downloads/shop", "web: serve\n")
		own := w.Project("src/shop", "web: serve\n")
		a, b := w.Engine.At(glanced), w.Engine.At(own)
		if a.Name() != "shop" || b.Name() != short(own) {
			t.Errorf("looked at, they are %s and %s", a.Name(), b.Name())
		}
		start(t, b)
		if a.Name() != short(glanced) || b.Name() != "shop" {
			t.Errorf("with one of them started, they are %s and %s", a.Name(), b.Name())
		}
		if got, ok := w.Engine.Named("shop"); !ok || got != b {
			t.Error("shop is not the one that was started")
		}
		start(t, a)
		if a.Name() != short(glanced) || b.Name() != "shop" {
			t.Errorf("with both of them started, they are %s and %s", a.Name(), b.Name())
		}
		// The name stays when the other project has gone, also for the next daemon.
		if err := b.Actor.Down(t.Context(), nil, true); err != nil {
			t.Fatal(err)
		}
		wait()
		if err := b.Forget(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.Reborn()
		if name := w.Engine.At(glanced).Name(); name != short(glanced) {
			t.Errorf("for the next daemon it is %s", name)
		}
		if name := w.Engine.At(own).Name(); name != "shop" {
			t.Errorf("the one that was forgotten is %s", name)
		}
	})
}

// Names do not depend on the order in which the records are read. A record without a name is of a
// project that has no claim to one.
func TestNamesOfRecords(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		a, b, c := w.Home+"/a/shop", w.Home+"/b/shop", w.Home+"/c/shop"
		records := []state.Record{
			{Root: bytes(a)}, {Root: bytes(b), Name: "shop"}, {Root: bytes(c)},
		}
		want := []string{short(a), "shop", short(c)}
		for range 20 { // a map has another order each time
			e := engine.New(w.Deps)
			byRoot := make(map[string]state.Record)
			for _, r := range records {
				byRoot[string(r.Root)] = r
			}
			e.Recall(byRoot, nil)
			got := []string{e.At(a).Name(), e.At(b).Name(), e.At(c).Name()}
			if !slices.Equal(got, want) {
				t.Errorf("they are %v, want %v", got, want)
			}
			e.Shutdown(false)
		}
	})
}

// Whoever walks through a thousand directories leaves nothing behind: neither one that only looks
// nor a shell that enters what is not allowed. What is more than that stays.
func TestGlancesAreBounded(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		started := w.Engine.At(w.Project("started", "web: serve\n"))
		start(t, started)
		followed := w.Engine.At(w.Project("followed", "web: serve\n"))
		release := followed.Keep()
		inhabited := w.Engine.At(w.Project("inhabited", "web: serve\n"))
		wanderer, somebody := w.Host.Shell(), w.Host.Shell()
		if _, err := inhabited.Actor.Enter(t.Context(), somebody, supervisor.Plan{}, false); err != nil {
			t.Fatal(err)
		}
		const many = 1000
		var roots []string
		for i := range many {
			root := fmt.Sprintf("%s/%d", w.Home, i)
			roots = append(roots, root)
			p := w.Engine.At(root)
			if i%2 == 0 {
				continue
			}
			w.Engine.MoveShell(wanderer, root)
			if _, err := p.Actor.Enter(t.Context(), wanderer, supervisor.Plan{}, false); err != nil {
				t.Fatal(err)
			}
			wait() // until the project that it came from has heard of it
		}
		w.Host.EndShell(wanderer)
		wait()
		known := 0
		for i, root := range roots {
			p, is := w.Engine.Known(root)
			if is {
				known++
			}
			if latest := i >= many-50; is != latest && latest {
				t.Errorf("%s, of the latest, is not known", root)
			}
			if named, ok := w.Engine.Named(fmt.Sprint(i)); ok != is || is && named != p {
				t.Errorf("%s is known: %v, and by name: %v", root, is, ok)
			}
		}
		if known > 102 { // with the last one, and where the wanderer was
			t.Errorf("%d of %d that were looked at are remembered", known, many)
		}
		for _, p := range []*engine.Project{started, followed, inhabited} {
			if now, ok := w.Engine.Known(p.Root); !ok || now != p || p.Actor.Err() != nil {
				t.Errorf("%s is not the daemon's any more", p.Root)
			}
		}
		release()
		for _, root := range roots {
			w.Engine.At(root)
		}
		if _, ok := w.Engine.Known(followed.Root); ok || followed.Actor.Err() == nil {
			t.Error("what nobody follows any more is remembered")
		}
		if records := w.Records(); len(records) != 1 {
			t.Errorf("%d records, want that of what was started", len(records))
		}
	})
}

// What is taken up at the moment at which it is dropped is not lost: it is made anew.
func TestAGlanceThatIsTakenUp(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		old := w.Engine.At(w.Project("shop", "web: serve\n"))
		for i := range 200 {
			w.Engine.At(fmt.Sprintf("%s/%d", w.Home, i))
		}
		approval := trust.Approval{Digest: w.Digest(old.Root)}
		if err := old.Allow(approval); !errors.Is(err, supervisor.ErrForgotten) {
			t.Errorf("allowed: %v", err)
		}
		again := old.Again()
		if err := again.Allow(approval); err != nil || again == old {
			t.Errorf("allowed again: %v", err)
		}
		start(t, again)
	})
}

// One shell after the other, and one that ends, in and out of projects.
func TestShells(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		shop, blog := w.Project("shop", "web: serve\n"), w.Project("blog", "web: serve\n")
		one, two := w.Host.Shell(), w.Host.Shell()
		enter := func(id procid.Identity, root string) {
			t.Helper()
			p := w.Engine.At(root)
			w.Engine.MoveShell(id, root)
			_, spec, _ := p.ReadSpec()
			if _, err := p.Actor.Enter(t.Context(), id, p.Plan(spec), false); err != nil {
				t.Fatal(err)
			}
		}
		where := func() string {
			wait()
			var out []string
			for _, s := range w.Engine.Shells() {
				out = append(out, strings.TrimPrefix(s.Root, w.Home))
			}
			for _, root := range []string{shop, blog} {
				n := len(w.Engine.At(root).Snapshot().Shells)
				out = append(out, strings.Repeat("+", n))
			}
			return strings.Join(out, " ")
		}
		for _, c := range []struct {
			what string
			do   func()
			want string
		}{
			{"one enters", func() { enter(one, shop) }, "/shop + "},
			{"again", func() { enter(one, shop) }, "/shop + "},
			{"another one", func() { enter(two, shop) }, "/shop /shop ++ "},
			{"one moves", func() { enter(one, blog) }, "/blog /shop + +"},
			{"one leaves", func() { w.Engine.MoveShell(one, "") }, " /shop + "},
			{"the other ends", func() { w.Host.EndShell(two) }, "  "},
			{"one comes back", func() { enter(one, shop) }, "/shop + "},
			{"one ends", func() { w.Host.EndShell(one) }, " "},
		} {
			if c.do(); where() != c.want {
				t.Errorf("%s: %q, want %q", c.what, where(), c.want)
			}
		}
	})
}

func TestAShellIsToldOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		one, two := w.Host.Shell(), w.Host.Shell()
		if w.Engine.TellOnce(one, "/shop", "a") {
			t.Error("a shell that was never heard of is told something")
		}
		w.Engine.MoveShell(one, "/shop")
		w.Engine.MoveShell(two, "/shop")
		for _, c := range []struct {
			shell      procid.Identity
			root, text string
			want       bool
		}{
			{one, "/shop", "a", true},
			{one, "/shop", "a", false},
			{two, "/shop", "a", true},
			{one, "/blog", "a", true},
			{one, "/shop", "b", true},
			{one, "/shop", "a", true}, // it has changed back, which is news
		} {
			if got := w.Engine.TellOnce(c.shell, c.root, c.text); got != c.want {
				t.Errorf("%d, %s %s: %v", c.shell.PID, c.root, c.text, got)
			}
		}
	})
}

// Of the shells on record those that still live are there; with none of them left, a down that was
// said to them no longer holds.
func TestShellsOfARecord(t *testing.T) {
	for name, alive := range map[string]bool{"alive": true, "gone": false} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *enginetest.World) {
				root := w.Project("shop", "web: serve\n")
				shell := w.Host.Shell()
				if !alive {
					w.Host.EndShell(shell)
				}
				w.Engine.Recall(map[string]state.Record{"shop": {
					Root: bytes(root), Name: "shop", HeldDown: []string{"web"},
					Shells: []state.Shell{shell},
				}}, nil)
				s := w.Engine.At(root).Snapshot()
				if there := len(s.Shells) == 1; there != alive || (len(s.HeldDown) == 1) != alive {
					t.Errorf("there: %v, held down: %v", s.Shells, s.HeldDown)
				}
				if s.EmptySince.IsZero() == !alive {
					t.Errorf("empty since %v", s.EmptySince)
				}
			})
		})
	}
}
