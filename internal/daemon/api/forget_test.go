package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/daemon/proc"
	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/wire"
)

// Of several projects none is forgotten where one is on its way, though nothing of it is alive.
func TestARefusedForgetForgetsNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		shop := w.Project("shop", "web: serve\n")
		blog := w.Project("blog", "web: hugo\n")
		w.must(up, shop)
		w.must(down, shop)
		w.must(up, blog)
		w.Host.Process("hugo").End(proc.Exit{Code: 1})
		synctest.Wait()
		w.wantStates(blog, map[string]wire.State{"web": wire.Backoff})
		w.Engine.At(blog).Runs.AwaitNotes()
		before := w.Picture()
		for _, sure := range []bool{false, true} {
			_, err := w.api.forget(t.Context(), wire.ForgetRequest{
				Names: []string{"shop", "blog"}, Sure: sure,
			})
			const hint = "stop it first: locald down blog/web"
			if codeOf(err) != wire.CodeFailure || hintOf(err) != hint {
				t.Errorf("sure %v: %v, hint %q", sure, err, hintOf(err))
			}
			if diff := cmp.Diff(before, w.Picture()); diff != "" {
				t.Errorf("sure %v: changed (-before +after):\n%s", sure, diff)
			}
		}
	})
}

// Those that are gone are forgotten, but for what of them is still up. What has failed is at rest.
func TestForgetWhatIsGone(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		roots := make(map[string]string)
		for _, name := range []string{"there", "gone", "up", "failed"} {
			roots[name] = w.Project(name, "web: "+name+"\n")
			w.must(up, roots[name])
		}
		for _, name := range []string{"there", "gone"} {
			w.must(down, roots[name])
		}
		w.Host.Process("failed").End(proc.Exit{Code: 127})
		synctest.Wait()
		for _, name := range []string{"gone", "up", "failed"} {
			w.Remove(roots[name], "")
		}
		reply, err := w.api.forget(t.Context(), wire.ForgetRequest{Gone: true, Sure: true})
		want := []wire.Forgotten{
			{Name: "failed", Root: bytestr.String(roots["failed"]), Gone: true},
			{Name: "gone", Root: bytestr.String(roots["gone"]), Gone: true},
		}
		if diff := cmp.Diff(want, reply.Projects); diff != "" || err != nil {
			t.Errorf("%v; forgotten (-want +got):\n%s", err, diff)
		}
		for name := range roots {
			if _, known := w.Engine.Named(name); known == (name == "gone" || name == "failed") {
				t.Errorf("%s is known: %v", name, known)
			}
		}
	})
}

// Fifty orders, shells and forgets at once: a service never has two runs, nobody is told anything
// but what is so, and once the last order has been given it is so.
func TestOrdersAtOnce(t *testing.T) {
	for round := range 10 {
		inWorld(t, func(t *testing.T, w *world) {
			shop := w.Project("shop", "web: serve $PORT\nworker: work\n")
			w.Approve(shop)
			var shells []procid.Identity
			for range 5 {
				shells = append(shells, w.Host.Shell())
			}
			var all sync.WaitGroup
			for i := range 50 {
				all.Go(func() {
					time.Sleep(time.Duration((i*7+round)%13) * time.Millisecond)
					if err := w.oneOfMany(i, shop, shells[i%len(shells)]); err != nil {
						t.Errorf("%d: %v", i, err)
					}
				})
			}
			all.Wait()
			reply := w.must(up, shop)
			w.wantStates(shop, map[string]wire.State{"web": wire.Running, "worker": wire.Running})
			if n := len(w.Host.Living()); n != 2 || reply.Code != "" || w.Host.Most(shop) > 1 {
				t.Errorf("%d alive, %d of one at a time, %+v", n, w.Host.Most(shop), reply)
			}
			record := w.Records()[w.Engine.At(shop).Slug]
			if len(record.Wanted) != 2 || len(record.Runs) != 2 {
				t.Errorf("on record: %+v", record)
			}
		})
	}
}

func (w *world) oneOfMany(i int, root string, shell procid.Identity) (err error) {
	ctx, req := context.Background(), wire.OrderRequest{Scope: here(root)}
	switch i % 6 {
	case 0:
		_, err = w.api.order(up)(ctx, req, unheard)
	case 1:
		_, err = w.api.order(restart)(ctx, req, unheard)
	case 2, 3:
		_, err = w.api.order(down)(ctx, req, unheard)
	case 4:
		_, err = w.api.at(ctx, wire.AtRequest{
			PID: shell.PID, Start: shell.Start, Root: bytestr.String(root),
		})
	case 5:
		_, err = w.api.forget(ctx, wire.ForgetRequest{Dir: bytestr.String(root), Sure: true})
		if codeOf(err) == wire.CodeFailure { // it is up
			err = nil
		}
	}
	return err
}

// Where the disk is full an order says that it could not be recorded, and status says it until it
// could.
func TestAnOrderThatIsNotRecorded(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		shop := w.Project("shop", "web: serve\n")
		w.must(up, shop)
		w.Full(errors.New("no space left on device"))
		reply := w.must(down, shop)
		const why = "not recorded: no space left on device; " +
			"a crash would undo the latest orders; trying again"
		if !slices.Contains(reply.Warnings, "shop: "+why) {
			t.Errorf("the order warns of %q", reply.Warnings)
		}
		if note := w.shown(shop).Note; note != why {
			t.Errorf("status says %q", note)
		}
		w.Full(nil)
		pass()
		if note := w.shown(shop).Note; note != "" {
			t.Errorf("with room again, status says %q", note)
		}
		if r := w.Records()[w.Engine.At(shop).Slug]; len(r.Wanted) != 0 {
			t.Errorf("on record: %+v", r)
		}
	})
}

// A watch of all projects shows each change once, and what has been forgotten.
func TestWatch(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		shop := w.Project("shop", "web: serve $PORT\n")
		w.must(up, shop)
		ctx, cancel := context.WithCancel(t.Context())
		var said []string
		ended := make(chan error)
		go func() {
			_, err := w.api.watch(ctx, wire.Scope{All: true}, func(e wire.WatchEvent) error {
				for _, p := range e.Projects {
					text := fmt.Sprint(e.Revision, " ", p.Name)
					for _, v := range p.Services {
						text += fmt.Sprint(" ", v.Name, " ", v.State)
					}
					said = append(said, text)
				}
				for range e.Forgotten {
					said = append(said, fmt.Sprint(e.Revision, " forgotten"))
				}
				return nil
			})
			ended <- err
		}()
		heard := func(want ...string) {
			t.Helper()
			pass()
			if len(said) == 0 || !cmp.Equal(said[len(said)-len(want):], want) {
				t.Errorf("told %q, want it to end with %q", said, want)
			}
			said = nil
		}
		heard("1 shop web running")
		w.must(down, shop)
		pass()
		last := said[len(said)-1]
		if last[len(last)-len("shop web stopped"):] != "shop web stopped" {
			t.Errorf("told %q", said)
		}
		said = nil
		pass()
		if said != nil {
			t.Errorf("while nothing happens, it tells %q", said)
		}
		forget := wire.ForgetRequest{Dir: bytestr.String(shop), Sure: true}
		if _, err := w.api.forget(t.Context(), forget); err != nil {
			t.Fatal(err)
		}
		pass()
		if len(said) != 1 {
			t.Errorf("of a project that is forgotten it tells %q", said)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// Every operation of the wire is answered, and no other.
func TestHandlers(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var got []string
		for _, h := range w.api.Handlers() {
			got = append(got, h.Op)
		}
		slices.Sort(got)
		if diff := cmp.Diff(slices.Sorted(slices.Values(wire.Names())), got); diff != "" {
			t.Errorf("operations (-want +got):\n%s", diff)
		}
	})
}
