package api

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/wire"
)

// watcher is a client that keeps the last picture of each project, as the protocol tells it to.
type watcher struct {
	pictures map[string]wire.Project // by root
	ended    chan error
}

func (w *world) watch(ctx context.Context, scope wire.Scope) *watcher {
	c := &watcher{pictures: make(map[string]wire.Project), ended: make(chan error, 1)}
	go func() {
		_, err := w.api.watch(ctx, scope, func(e wire.WatchEvent) error {
			for _, p := range e.Projects {
				c.pictures[string(p.Root)] = p
			}
			for _, root := range e.Forgotten {
				delete(c.pictures, string(root))
			}
			return nil
		})
		c.ended <- err
	}()
	return c
}

// Whatever happens to a project, each watch of it ends up with the picture that status has: also of
// one that was forgotten and has come back, and of what was allowed or denied.
func TestWatchHasTheWholeTruth(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		shop := w.Project("shop", "web: serve $PORT\n")
		blog := w.Project("blog", "web: hugo\n")
		w.must(up, shop)
		ctx, cancel := context.WithCancel(t.Context())
		watchers := map[string]*watcher{
			"all":  w.watch(ctx, wire.Scope{All: true}),
			"here": w.watch(ctx, wire.Scope{Dir: bytestr.String(shop)}),
		}
		same := func(after string) {
			t.Helper()
			pass()
			want := w.shown(shop)
			for name, c := range watchers {
				if diff := cmp.Diff(want, c.pictures[shop]); diff != "" {
					t.Errorf("after %s, %s (-status +watch):\n%s", after, name, diff)
				}
			}
		}
		same("nothing")
		w.must(down, shop)
		same("down")
		deny := wire.DenyRequest{Dir: bytestr.String(shop)}
		if _, err := w.api.deny(t.Context(), deny); err != nil {
			t.Fatal(err)
		}
		same("deny")
		w.allow(shop)
		same("allow")
		forget := wire.ForgetRequest{Dir: bytestr.String(shop), Sure: true}
		if _, err := w.api.forget(t.Context(), forget); err != nil {
			t.Fatal(err)
		}
		pass()
		for name, c := range watchers {
			if p, still := c.pictures[shop]; still {
				t.Errorf("%s still shows %+v, which is forgotten", name, p)
			}
		}
		w.must(up, shop)
		same("up again")
		w.must(up, blog)
		pass()
		if got := watchers["all"].pictures[blog]; got.Name != "blog" {
			t.Errorf("all does not show a project that is new: %+v", got)
		}
		if got, shown := watchers["here"].pictures[blog]; shown {
			t.Errorf("here shows %+v", got)
		}
		cancel()
		for name, c := range watchers {
			if err := <-c.ended; err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// What cannot be forgotten is kept whole: the approval, the logs, the ports and the name.
func TestForgetThatFailsLosesNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		shop := w.Project("shop", "web: serve $PORT\n")
		w.allow(shop)
		w.must(up, shop)
		w.must(down, shop)
		before := w.shown(shop)
		before.Services[0].Exit = nil // how the last run ended is not in a record
		w.Full(errors.New("a disk that cannot be written"))
		forget := wire.ForgetRequest{Dir: bytestr.String(shop), Sure: true}
		if _, err := w.api.forget(t.Context(), forget); err == nil {
			t.Fatal("it is forgotten")
		}
		w.Full(nil)
		pass()
		if diff := cmp.Diff(before, w.shown(shop)); diff != "" {
			t.Errorf("(-before +after):\n%s", diff)
		}
		if r := w.must(up, shop); r.Results[0].Service.Run != 2 {
			t.Errorf("it starts anew: %+v", r.Results[0].Service)
		}
	})
}

// Who only looks at a directory puts it on nobody's list; what it was called then is good for the
// next command all the same.
func TestAGlanceListsNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		shop := w.Project("shop", "web: serve $PORT\n")
		listed := func() (names []string) {
			reply, err := w.api.status(t.Context(), wire.Scope{All: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range reply.Projects {
				names = append(names, p.Name)
			}
			return names
		}
		w.shown(shop)
		if got := listed(); got != nil {
			t.Errorf("after a glance there are %q", got)
		}
		w.must(up, "", "shop/web")
		if diff := cmp.Diff([]string{"shop"}, listed()); diff != "" {
			t.Errorf("started (-want +got):\n%s", diff)
		}
		blog := w.Project("blog", "web: hugo\n")
		w.enter(w.Host.Shell(), blog)
		if diff := cmp.Diff([]string{"blog", "shop"}, listed()); diff != "" {
			t.Errorf("entered (-want +got):\n%s", diff)
		}
	})
}
