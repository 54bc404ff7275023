package api

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/wire"
)

// twoProjects are shop, of which web is up and worker is there twice, and blog, of which nothing
// ever was.
func twoProjects(w *world) (shop, blog string) {
	shop = w.Project("shop", "web: serve\nworker: work\n")
	blog = w.Project("blog", "site: hugo\n")
	w.must(up, shop, "worker=2", "web")
	w.must(down, shop, "worker")
	w.must(up, blog)
	w.must(down, blog)
	return shop, blog
}

// An order of which any part is refused changes nothing: not what runs, not what the next order
// does.
func TestARefusedOrderChangesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		kind    kind
		targets []string
		broken  string // a Procfile for blog that cannot be used
		want    wire.Code
	}{
		"an unknown service of another project": {
			up, []string{"worker=3", "blog/nosuch"}, "", wire.CodeNoService,
		},
		"an unknown line in a formation": {
			up, []string{"blog/site", "wroker=3"}, "", wire.CodeNoService,
		},
		"an unknown project":        {up, []string{"worker", "blgo/site"}, "", wire.CodeNoProject},
		"too many instances":        {up, []string{"worker=1", "web=101"}, "", wire.CodeUsage},
		"not a number of instances": {up, []string{"worker=x"}, "", wire.CodeUsage},
		"no service named":          {up, []string{"worker=1", "blog/"}, "", wire.CodeUsage},
		"another Procfile is wrong": {
			up, []string{"worker=3", "blog/site"}, "site: a\nsite: b\n", wire.CodeFailure,
		},
		"a restart of an unknown service": {
			restart, []string{"web", "blog/nosuch"}, "", wire.CodeNoService,
		},
		"a restart that knows no formation": {
			restart, []string{"web", "worker=2"}, "", wire.CodeNoService,
		},
		"a down of an unknown service": {
			down, []string{"web", "nosuch"}, "", wire.CodeNoService,
		},
		"a down of an unknown project": {
			down, []string{"web", "nosuch/web"}, "", wire.CodeNoProject,
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				shop, blog := twoProjects(w)
				if c.broken != "" {
					w.Write(blog, "Procfile", c.broken)
				}
				before := w.Picture()
				started := len(w.Host.Starts())
				_, err := w.order(c.kind, wire.OrderRequest{Scope: here(shop, c.targets...)})
				if codeOf(err) != c.want {
					t.Errorf("refused with %q (%v), want %q", codeOf(err), err, c.want)
				}
				if diff := cmp.Diff(before, w.Picture()); diff != "" {
					t.Errorf("changed (-before +after):\n%s", diff)
				}
				if n := len(w.Host.Starts()); n != started {
					t.Errorf("%d processes were started", n-started)
				}
				// What comes next does what it would have done.
				w.Write(blog, "Procfile", "site: hugo\n")
				w.must(up, shop)
				w.wantStates(shop, map[string]wire.State{
					"web": wire.Running, "worker.1": wire.Running, "worker.2": wire.Running,
				})
			})
		})
	}
}

// looks are the requests that only look. They are made while web runs under the name that it had,
// and the Procfile calls it site.
func looks(dir bytestr.String) map[string]func(context.Context, *API) error {
	scope := wire.Scope{Dir: dir}
	return map[string]func(context.Context, *API) error{
		"status": func(ctx context.Context, a *API) error {
			_, err := a.status(ctx, scope)
			return err
		},
		"status --all": func(ctx context.Context, a *API) error {
			_, err := a.status(ctx, wire.Scope{All: true})
			return err
		},
		"check": func(ctx context.Context, a *API) error {
			_, err := a.check(ctx, wire.CheckRequest{Dir: dir})
			return err
		},
		"env": func(ctx context.Context, a *API) error {
			_, err := a.env(ctx, wire.EnvRequest{Dir: dir})
			return err
		},
		"env of a service": func(ctx context.Context, a *API) error {
			_, err := a.env(ctx, wire.EnvRequest{Dir: dir, Target: "site"})
			return err
		},
		"logs": func(ctx context.Context, a *API) error {
			_, err := a.logs(ctx, wire.LogsRequest{Scope: scope, Tail: 10},
				func(wire.LogEvent) error { return nil })
			return err
		},
		"wait": func(ctx context.Context, a *API) error {
			_, err := a.wait(
				ctx, wire.WaitRequest{Scope: scope, For: wire.WaitReady, TimeoutMS: 10}, unheard,
			)
			return err
		},
		"watch": func(ctx context.Context, a *API) error {
			ctx, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			_, err := a.watch(ctx, scope, func(wire.WatchEvent) error { return nil })
			return err
		},
		"allow, to look": func(ctx context.Context, a *API) error {
			_, err := a.allow(ctx, wire.AllowRequest{Dir: dir})
			return err
		},
		"allow of what it no longer is": func(ctx context.Context, a *API) error {
			_, err := a.allow(ctx, wire.AllowRequest{Dir: dir, Digest: "other"})
			if codeOf(err) != wire.CodeNotAllowed {
				return err
			}
			return nil
		},
		"forget, unsure": func(ctx context.Context, a *API) error {
			_, err := a.forget(ctx, wire.ForgetRequest{Names: []string{"blog"}})
			return err
		},
		"forget --gone": func(ctx context.Context, a *API) error {
			_, err := a.forget(ctx, wire.ForgetRequest{Gone: true})
			return err
		},
	}
}

func TestALookChangesNothing(t *testing.T) {
	for name, look := range looks("") {
		_ = look
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				shop, _ := twoProjects(w)
				w.enter(w.Host.Shell(), shop)
				w.Write(shop, "Procfile", "site: serve\nworker: work\n")
				w.Engine.At(shop).Runs.AwaitNotes()
				before, seen := w.Picture(), w.shown(shop)
				if err := looks(bytestr.String(shop))[name](t.Context(), w.api); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if diff := cmp.Diff(before, w.Picture()); diff != "" {
					t.Errorf("changed (-before +after):\n%s", diff)
				}
				if diff := cmp.Diff(seen, w.shown(shop)); diff != "" {
					t.Errorf("looks otherwise (-before +after):\n%s", diff)
				}
			})
		})
	}
}

// What runs is shown as it was started, whatever its files say by now.
func TestARunKeepsWhatItWasStartedWith(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		shop := w.Project("shop", "web: serve\n")
		w.must(up, shop)
		before := w.shown(shop).Services[0]
		w.Write(shop, "Procfile", "web: serve --other\n")
		w.Write(shop, ".env", "PORT=4000\n")
		if _, err := w.api.env(t.Context(), wire.EnvRequest{
			Dir: bytestr.String(shop), Lease: true,
		}); err != nil {
			t.Fatal(err)
		}
		after := w.shown(shop).Services[0]
		if after.Port != before.Port || after.Command != "serve" || !after.Ready {
			t.Errorf("was %+v, is shown as %+v", before, after)
		}
		if want := []string{"command", "PORT"}; !cmp.Equal(after.Changed, want) {
			t.Errorf("changed: %v, want %v", after.Changed, want)
		}
	})
}

// Leasing is what env changes when it is asked to, and nothing else.
func TestEnvWithALease(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		shop := w.Project("shop", "web: serve $PORT\nworker: work\n")
		port := func(lease bool) string {
			reply, err := w.api.env(t.Context(), wire.EnvRequest{
				Dir: bytestr.String(shop), Target: "web", Lease: lease,
			})
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			for _, v := range reply.Vars {
				if v.Name == "PORT" {
					return string(v.Value)
				}
			}
			return ""
		}
		none := port(false)
		if len(w.Records()) != 0 || len(w.Deps.Ports.Known(shop)) != 0 {
			t.Errorf("a look leased %v", w.Deps.Ports.Known(shop))
		}
		got := port(true)
		if got == none || got == "" || len(w.Deps.Ports.Known(shop)) != 2 {
			t.Errorf("leased %v, PORT is %q", w.Deps.Ports.Known(shop), got)
		}
		if again := port(false); again != got {
			t.Errorf("PORT is %q, and then %q", got, again)
		}
		w.reborn()
		if again := port(false); again != got {
			t.Errorf("PORT is %q, and for the next daemon %q", got, again)
		}
	})
}
