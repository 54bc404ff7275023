package api

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/daemon/engine/enginetest"
	"github.com/locald/locald/internal/daemon/proc"
	"github.com/locald/locald/internal/project"
	"github.com/locald/locald/internal/wire"
)

// ways in which a project comes to say "web: evil", which nobody has allowed.
var ways = map[string]func(w *world, root string){
	"unknown": func(w *world, root string) {
		w.Write(root, "Procfile", "web: evil\n")
		if err := w.Deps.Trust.Forget(project.Hash(root)); err != nil {
			w.t.Fatal(err)
		}
	},
	"changed": func(w *world, root string) { w.Write(root, "Procfile", "web: evil\n") },
	"denied": func(w *world, root string) {
		w.Write(root, "Procfile", "web: evil\n")
		if _, err := w.api.deny(w.t.Context(), wire.DenyRequest{
			Dir: bytestr.String(root),
		}); err != nil {
			w.t.Fatal(err)
		}
	},
	"unsafe": func(w *world, root string) {
		w.Write(root, "Procfile", "web: evil\n")
		w.Approve(root)
		if err := os.Chmod(filepath.Join(root, "Procfile"), 0o666); err != nil {
			w.t.Fatal(err)
		}
	},
	"gone": func(w *world, root string) { w.Remove(root, "Procfile") },
}

// --all is consent to what was allowed and to nothing else, whatever is up. What is left out is
// named, with what to type next.
func TestAllIsNoConsent(t *testing.T) {
	skipped := map[string]string{
		"unknown": "skipped shop, which is not allowed yet: locald -C ~/shop VERB",
		"changed": "skipped shop, which changed since you allowed it: locald -C ~/shop VERB",
		"denied":  "skipped shop, which is denied; to lift that: locald -C ~/shop allow",
		"unsafe": "skipped shop, which is not safe to start: cannot trust HOME/shop/Procfile: " +
			"it can be written by others (mode 0666); run: chmod go-w HOME/shop/Procfile",
		"gone": "skipped shop, whose Procfile is gone; to stop what is up: locald down shop/web",
	}
	for way, spoil := range ways {
		for order, req := range map[string]struct {
			kind    kind
			changed bool
			up      bool // before
		}{
			"up of what is down": {up, false, false},
			"up of what is up":   {up, false, true},
			"restart":            {restart, false, true},
			"restart --changed":  {restart, true, true},
		} {
			t.Run(way+"/"+order, func(t *testing.T) {
				inWorld(t, func(t *testing.T, w *world) {
					shop, blog := w.Project("shop", "web: serve\n"), w.Project("blog", "site: hugo\n")
					w.allow(shop)
					w.allow(blog)
					w.must(up, blog)
					w.must(up, shop)
					if !req.up {
						w.must(down, shop)
					}
					spoil(w, shop)
					before := len(w.Host.Starts())
					reply, err := w.order(req.kind, wire.OrderRequest{
						Scope: wire.Scope{All: true}, Wait: true, Changed: req.changed,
					})
					if err != nil {
						t.Fatal(err)
					}
					for _, p := range w.Host.Starts()[before:] {
						if p.Command.Dir == shop {
							t.Errorf("started unseen: %s", p.Command.Line)
						}
					}
					var want []string
					if way != "gone" || req.up { // nobody misses what is neither there nor up
						want = []string{strings.NewReplacer(
							"VERB", req.kind.name(), "HOME", w.Home,
						).Replace(skipped[way])}
					}
					if diff := cmp.Diff(want, reply.Warnings); diff != "" {
						t.Errorf("warnings (-want +got):\n%s", diff)
					}
					if _, there := outcomes(reply)["blog/site"]; !there && !req.changed {
						t.Error("what is allowed was left out too")
					}
				})
			})
		}
	}
}

// What was started by --all restarts by itself as it was approved, and the order is no consent to
// the same content later.
func TestAllIsNotRemembered(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		shop := w.Project("shop", "web: serve\n")
		w.allow(shop)
		if _, err := w.order(up, wire.OrderRequest{
			Scope: wire.Scope{All: true}, Wait: true,
		}); err != nil {
			t.Fatal(err)
		}
		if err := w.Deps.Trust.Forget(project.Hash(shop)); err != nil {
			t.Fatal(err)
		}
		w.reborn()
		w.Engine.Restore()
		pass()
		if living := w.Host.Living(); len(living) > 0 {
			t.Errorf("restored: %s", living[0].Command.Line)
		}
	})
}

// Nobody has to have typed anything for these, so nothing of them may start what was not allowed.
func TestNothingUnseenStartsByItself(t *testing.T) {
	for way, spoil := range ways {
		for how, c := range map[string]struct {
			do   func(w *world, root string)
			want []string // lines that are started
		}{
			"entering": {func(w *world, root string) {
				w.must(down, root)
				w.enter(w.Host.Shell(), root)
			}, nil},
			"entering what is up": {func(w *world, root string) {
				w.enter(w.Host.Shell(), root)
			}, nil},
			"a restart by itself": {func(w *world, _ string) {
				w.Host.Process("serve").End(failed)
			}, []string{"serve"}},
			"the next daemon": {func(w *world, _ string) {
				w.reborn()
				w.Engine.Restore()
			}, nil},
			"the next daemon and its --all": {func(w *world, _ string) {
				w.reborn()
				w.Engine.Restore()
				synctest.Wait()
				for _, k := range []kind{up, restart} {
					if _, err := w.order(k, wire.OrderRequest{
						Scope: wire.Scope{All: true}, Wait: true,
					}); err != nil {
						w.t.Fatal(err)
					}
				}
			}, nil},
		} {
			t.Run(way+"/"+how, func(t *testing.T) {
				inWorld(t, func(t *testing.T, w *world) {
					shop := w.Project("shop", "web: serve\n")
					w.allow(shop)
					w.must(up, shop)
					spoil(w, shop)
					before := len(w.Host.Starts())
					c.do(w, shop)
					pass()
					var got []string
					for _, p := range w.Host.Starts()[before:] {
						got = append(got, p.Command.Line)
					}
					if diff := cmp.Diff(c.want, got); diff != "" {
						t.Errorf("started (-want +got):\n%s", diff)
					}
				})
			})
		}
	}
}

// An up that somebody typed is consent to that start. Once what was allowed has been started since,
// the content of that day is what any other is.
func TestConsentEndsWithWhatItStarted(t *testing.T) {
	for how, begin := range map[string]func(w *world, root string){
		"entering": func(w *world, root string) { w.enter(w.Host.Shell(), root) },
		"up --all": func(w *world, _ string) {
			if _, err := w.order(up, wire.OrderRequest{Scope: wire.Scope{All: true}}); err != nil {
				w.t.Fatal(err)
			}
		},
		"allow": func(w *world, root string) {
			if err := w.Deps.Trust.Forget(project.Hash(root)); err != nil {
				w.t.Fatal(err)
			}
			w.enter(w.Host.Shell(), root)
			w.allow(root)
		},
	} {
		t.Run(how, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				shop := w.Project("shop", "web: serve\n")
				w.allow(shop)
				w.Write(shop, "Procfile", "web: once\n")
				w.must(up, shop) // typed
				w.must(down, shop)
				w.Write(shop, "Procfile", "web: serve\n")
				begin(w, shop)
				w.Host.Process("serve")
				w.Write(shop, "Procfile", "web: once\n")
				w.Host.Process("serve").End(failed)
				pass()
				for _, p := range w.Host.Living() {
					if p.Command.Line != "serve" {
						t.Errorf("it restarted by itself as %q", p.Command.Line)
					}
				}
			})
		})
	}
}

// To stop one service is no consent to start another from what the files say by then.
func TestDownIsNoConsent(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		shop := w.Project("shop", "web: serve\ndb: postgres\nworker: work\n")
		w.Write(shop, "locald.toml", "[services.web]\ndepends_on = ['db']\n")
		w.must(up, shop)
		w.Write(shop, "Procfile", "web: serve --seen\ndb: postgres\nworker: work\n")
		w.reborn()
		w.Engine.Restore() // refuses: nobody has said yes to that
		synctest.Wait()
		var fails atomic.Bool
		fails.Store(true)
		w.Host.OnRelease(func(p *enginetest.Process) {
			if fails.Load() && p.Command.Line == "postgres" {
				p.End(proc.Exit{Code: 1})
				return
			}
			p.Listen(p.Command.Port)
		})
		if _, err := w.order(up, wire.OrderRequest{Scope: here(shop, "web")}); err != nil {
			t.Fatal(err)
		}
		w.Write(shop, "Procfile", "web: evil\ndb: postgres\nworker: work\n")
		w.must(down, shop, "worker")
		fails.Store(false)
		pass()
		lines := make(map[string]bool)
		for _, p := range w.Host.Living() {
			lines[p.Command.Line] = true
		}
		want := map[string]bool{"serve --seen": true, "postgres": true}
		if diff := cmp.Diff(want, lines); diff != "" {
			t.Errorf("alive (-want +got):\n%s", diff)
		}
	})
}

// To name a project is to consent to what it says now, from wherever that is typed.
func TestNamingIsConsent(t *testing.T) {
	for _, k := range []kind{up, restart} {
		inWorld(t, func(t *testing.T, w *world) {
			shop, blog := w.Project("shop", "web: serve\n"), w.Project("blog", "site: hugo\n")
			w.allow(shop)
			w.allow(blog)
			w.Write(shop, "Procfile", "web: serve --new\n")
			w.must(k, blog, "shop/web")
			if !slices.ContainsFunc(w.Host.Living(), func(p *enginetest.Process) bool {
				return p.Command.Line == "serve --new"
			}) {
				t.Errorf("%s started nothing", k.verb())
			}
		})
	}
}
