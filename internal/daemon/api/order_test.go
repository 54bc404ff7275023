package api

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locald/locald/internal/daemon/engine/enginetest"
	"github.com/locald/locald/internal/daemon/proc"
	"github.com/locald/locald/internal/wire"
)

// Of two services the one that the other needs fails, at the first start or at a restart. The order
// is over then: it must not wait for a run that never comes.
func TestAnOrderEndsWhereWhatIsNeededFails(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		shop := w.Project("shop", "web: serve\ndb: postgres\n")
		w.Write(shop, "locald.toml", "[services.web]\ndepends_on = ['db']\n")
		broken := false
		w.Host.OnRelease(func(p *enginetest.Process) {
			if broken && p.Command.Line == "postgres" {
				p.End(proc.Exit{Code: 127})
				return
			}
			p.Listen(p.Command.Port)
		})
		fails := map[string]wire.Outcome{
			"shop/web": wire.OutcomeFailed, "shop/db": wire.OutcomeFailed,
		}
		for _, c := range []struct {
			kind   kind
			broken bool
			want   map[string]wire.Outcome
		}{
			{up, true, fails},
			{up, false, map[string]wire.Outcome{
				"shop/web": wire.OutcomeReady, "shop/db": wire.OutcomeReady,
			}},
			{restart, true, fails},
		} {
			broken = c.broken
			reply, err := w.order(c.kind, wire.OrderRequest{
				Scope: here(shop), Wait: true, TimeoutMS: 60_000,
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, outcomes(reply)); diff != "" {
				t.Errorf("%s, broken %v (-want +got):\n%s", c.kind.verb(), c.broken, diff)
			}
			if want := wire.CodeServiceFailed; c.broken && reply.Code != want {
				t.Errorf("code %q, want %q", reply.Code, want)
			}
		}
	})
}

// A service on whose port somebody else listens is told at once, and decides the order's code.
func TestAPortThatAStrangerHas(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		shop := w.Project("shop", "web: serve\nworker: work\n")
		w.must(up, shop)
		w.must(down, shop)
		port := w.Deps.Ports.Known(shop)["web"]
		w.Host.Take(port, true)
		reply := w.must(up, shop)
		want := map[string]wire.Outcome{
			"shop/web": wire.OutcomeFailed, "shop/worker": wire.OutcomeReady,
		}
		if diff := cmp.Diff(want, outcomes(reply)); diff != "" || reply.Code != wire.CodePortTaken {
			t.Errorf("code %q; (-want +got):\n%s", reply.Code, diff)
		}
		w.Host.Take(port, false)
		if reply := w.must(up, shop); reply.Code != "" {
			t.Errorf("with the port free again: %+v", reply)
		}
	})
}

func TestRestartOfWhatHasChanged(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		shop := w.Project("shop", "web: serve\nworker: work\n")
		w.must(up, shop)
		changed := func() []string {
			t.Helper()
			before := len(w.Host.Starts())
			_, err := w.order(restart, wire.OrderRequest{
				Scope: here(shop), Wait: true, Changed: true,
			})
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, p := range w.Host.Starts()[before:] {
				lines = append(lines, p.Command.Line)
			}
			return lines
		}
		if got := changed(); got != nil {
			t.Errorf("nothing has changed, and %v are started", got)
		}
		w.Write(shop, "Procfile", "web: serve --new\nworker: work\n")
		if got := changed(); !cmp.Equal(got, []string{"serve --new"}) {
			t.Errorf("started %v", got)
		}
		if got := changed(); got != nil {
			t.Errorf("started again: %v", got)
		}
	})
}

// What runs can always be stopped, whatever has become of the files.
func TestDownWithoutFiles(t *testing.T) {
	for name, ruin := range map[string]func(*world, string){
		"gone":         func(w *world, root string) { w.Remove(root, "Procfile") },
		"not parsable": func(w *world, root string) { w.Write(root, "Procfile", "a: b\na: c\n") },
		"hung":         func(w *world, root string) { w.Hang(root) },
		"other":        func(w *world, root string) { w.Write(root, "Procfile", "site: hugo\n") },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				shop := w.Project("shop", "web: serve\n")
				w.must(up, shop)
				ruin(w, shop)
				reply := w.must(down, shop, "shop/web")
				want := map[string]wire.Outcome{"shop/web": wire.OutcomeStopped}
				if diff := cmp.Diff(want, outcomes(reply)); diff != "" ||
					len(w.Host.Living()) != 0 {
					t.Errorf("%d alive; (-want +got):\n%s", len(w.Host.Living()), diff)
				}
			})
		})
	}
}

// For the others the files must be right, and the refusal says what is wrong.
func TestUpWithoutFiles(t *testing.T) {
	for name, c := range map[string]struct {
		ruin func(*world, string)
		code wire.Code
	}{
		"gone": {
			func(w *world, root string) { w.Remove(root, "Procfile") }, wire.CodeNoProject,
		},
		"not parsable": {
			func(w *world, root string) { w.Write(root, "Procfile", "a: b\na: c\n") },
			wire.CodeFailure,
		},
		"hung": {func(w *world, root string) { w.Hang(root) }, wire.CodeFailure},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				shop := w.Project("shop", "web: serve\n")
				w.must(up, shop)
				c.ruin(w, shop)
				before := w.Picture()
				for _, k := range []kind{up, restart} {
					_, err := w.order(k, wire.OrderRequest{Scope: here(shop, "shop/web")})
					if codeOf(err) != c.code {
						t.Errorf("%s: %v, want %q", k.verb(), err, c.code)
					}
				}
				if diff := cmp.Diff(before, w.Picture()); diff != "" {
					t.Errorf("changed (-before +after):\n%s", diff)
				}
			})
		})
	}
}

// An up starts what is declared and stops what no longer is; both are in its answer.
func TestUpStopsWhatIsGone(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		shop := w.Project("shop", "web: serve\nworker: work\n")
		w.must(up, shop)
		w.Write(shop, "Procfile", "web: serve\n")
		want := map[string]wire.Outcome{
			"shop/web": wire.OutcomeReady, "shop/worker": wire.OutcomeStopped,
		}
		if diff := cmp.Diff(want, outcomes(w.must(up, shop))); diff != "" {
			t.Errorf("outcomes (-want +got):\n%s", diff)
		}
		if want = map[string]wire.Outcome{"shop/web": wire.OutcomeReady}; !cmp.Equal(
			want, outcomes(w.must(up, shop))) {
			t.Error("what is gone is told twice")
		}
	})
}

// Somebody types down while somebody else waits for up.
func TestAnOrderIsWithdrawn(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		shop := w.Project("shop", "web: serve $PORT\n")
		w.Host.OnRelease(func(*enginetest.Process) {}) // it never listens
		answer := make(chan wire.OrderReply)
		go func() {
			reply, _ := w.api.order(up)(t.Context(), wire.OrderRequest{
				Scope: here(shop), Wait: true,
			}, unheard)
			answer <- reply
		}()
		pass()
		w.must(down, shop)
		reply := <-answer
		want := map[string]wire.Outcome{"shop/web": wire.OutcomeWithdrawn}
		if diff := cmp.Diff(want, outcomes(reply)); diff != "" || reply.Code != wire.CodeNotReady {
			t.Errorf("code %q; (-want +got):\n%s", reply.Code, diff)
		}
	})
}
