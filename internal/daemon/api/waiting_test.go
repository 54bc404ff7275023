package api

import (
	"fmt"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/daemon/engine/enginetest"
	"github.com/locald/locald/internal/daemon/logs"
	"github.com/locald/locald/internal/daemon/proc"
	"github.com/locald/locald/internal/wire"
)

// print has a run print something, all of which is in its log when print returns.
func (w *world) print(root, service string, run int, text string) {
	w.t.Helper()
	out, in, err := os.Pipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := in.WriteString(text); err != nil {
		w.t.Fatal(err)
	}
	in.Close()
	capture := w.Engine.At(root).Logs.Service(service).Capture(run, logs.Output, out)
	if err := capture.Finish(); err != nil {
		w.t.Fatal(err)
	}
}

// waits are what somebody waits for while web starts at 0 s, prints "listening" at 10 s, listens at
// 20 s and does what end says at 30 s.
func TestWait(t *testing.T) {
	ends := map[string]func(*enginetest.Process){
		"stays": func(*enginetest.Process) {},
		"exits": func(p *enginetest.Process) { p.End(proc.Exit{}) },
	}
	for _, c := range []struct {
		end     string
		req     wire.WaitRequest
		want    wire.Outcome
		code    wire.Code
		seconds int
		line    string
	}{
		{"stays", wire.WaitRequest{For: wire.WaitReady}, wire.OutcomeReady, "", 20, ""},
		{
			"stays",
			wire.WaitRequest{For: wire.WaitReady, TimeoutMS: 5000},
			wire.OutcomeWaiting, wire.CodeTimeout, 5, "",
		},
		{"exits", wire.WaitRequest{For: wire.WaitExit}, wire.OutcomeExited, "", 30, ""},
		{
			"stays",
			wire.WaitRequest{For: wire.WaitExit, TimeoutMS: 60_000},
			wire.OutcomeWaiting, wire.CodeTimeout, 60, "",
		},
		{
			"stays",
			wire.WaitRequest{For: wire.WaitLog, Match: "^listening"},
			wire.OutcomePrinted, "", 10, "listening on 80",
		},
		{
			"exits",
			wire.WaitRequest{For: wire.WaitLog, Match: "nothing such"},
			wire.OutcomeExited, wire.CodeNotReady, 30, "",
		},
	} {
		inWorld(t, func(t *testing.T, w *world) {
			root := w.Project("shop", "web: serve $PORT\n")
			w.Host.OnRelease(func(p *enginetest.Process) {
				time.AfterFunc(10*time.Second, func() {
					w.print(root, "web", 1, "starting\n\x1b[32mlistening\x1b[0m on 80\n")
				})
				time.AfterFunc(20*time.Second, func() { p.Listen(p.Command.Port) })
				time.AfterFunc(30*time.Second, func() { ends[c.end](p) })
			})
			if _, err := w.order(up, wire.OrderRequest{Scope: here(root)}); err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			c.req.Scope = here(root)
			reply, err := w.api.wait(t.Context(), c.req, unheard)
			if err != nil || len(reply.Results) != 1 {
				t.Fatalf("%+v: %+v, %v", c.req, reply, err)
			}
			r, took := reply.Results[0], time.Since(begun).Round(time.Second)
			if r.Outcome != c.want || reply.Code != c.code || r.Line != c.line {
				t.Errorf("%+v, and it %s: %q, %q, %q", c.req, c.end, r.Outcome, reply.Code, r.Line)
			}
			want := time.Duration(c.seconds) * time.Second
			if took < want || took > want+2*time.Second {
				t.Errorf("%+v, and it %s: after %v, want %v", c.req, c.end, took, want)
			}
		})
	}
}

// Nothing starts what is waited for: that is over at once.
func TestWaitForWhatNobodyStarts(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		root := w.Project("shop", "web: serve\n")
		for _, goal := range []wire.Goal{wire.WaitReady, wire.WaitExit} {
			reply, err := w.api.wait(t.Context(), wire.WaitRequest{
				Scope: here(root), For: goal,
			}, unheard)
			if err != nil || reply.Code != wire.CodeNotReady {
				t.Errorf("for %s: %+v, %v", goal, reply, err)
			}
		}
		for _, wrong := range []wire.WaitRequest{
			{For: "dinner"}, {For: wire.WaitLog}, {For: wire.WaitLog, Match: "("},
		} {
			wrong.Scope = here(root)
			if _, err := w.api.wait(t.Context(), wrong, unheard); codeOf(err) != wire.CodeUsage {
				t.Errorf("%+v: %v", wrong, err)
			}
		}
	})
}

// The log of a service that is followed while it is up ends with it, and has all that it printed.
func TestLogsWhileUp(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		root := w.Project("shop", "web: serve\nworker: work\n")
		w.must(up, root)
		w.print(root, "web", 1, "one\ntwo\n")
		var got []string
		ended := make(chan error)
		go func() {
			_, err := w.api.logs(t.Context(), wire.LogsRequest{
				Scope: here(root, "web"), Tail: -1, Follow: true, WhileUp: true,
			}, func(e wire.LogEvent) error {
				for _, l := range e.Lines {
					if l.Stream != wire.StreamLocald {
						line := fmt.Sprintf("%s/%s %d %s", l.Project, l.Service, l.Run, l.Line)
						got = append(got, line)
					}
				}
				return nil
			})
			ended <- err
		}()
		pass()
		w.print(root, "web", 1, "three\n")
		w.print(root, "worker", 1, "other\n")
		w.must(down, root, "web")
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		want := []string{"shop/web 1 one", "shop/web 1 two", "shop/web 1 three"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
		if _, err := w.api.logs(t.Context(), wire.LogsRequest{Scope: here(root, "wbe")},
			func(wire.LogEvent) error { return nil }); codeOf(err) != wire.CodeNoService {
			t.Errorf("of no service: %v", err)
		}
	})
}

// The next daemon goes on where the one before ended: with what was wanted, on the same ports, for
// the same shells and with the numbers of runs that follow.
func TestTheNextDaemonGoesOn(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		shop := w.Project("shop", "web: serve $PORT\nworker: work\njob: once\n")
		blog := w.Project("blog", "site: hugo\n")
		w.must(up, shop, "worker=2", "web")
		w.must(up, blog)
		shell := w.Host.Shell()
		w.enter(shell, shop)
		w.must(down, shop, "worker.1")
		w.Write(blog, "Procfile", "site: evil\n")
		before := w.Deps.Ports.Known(shop)
		w.reborn()
		w.Engine.Restore()
		pass()
		w.wantStates(shop, map[string]wire.State{
			"web": wire.Running, "worker.1": wire.Stopped, "worker.2": wire.Running,
			"job": wire.Stopped,
		})
		if diff := cmp.Diff(before, w.Deps.Ports.Known(shop)); diff != "" {
			t.Errorf("ports (-before +after):\n%s", diff)
		}
		shown := w.shown(shop)
		if v := shown.Services[0]; v.Run != 2 || len(shown.Shells) != 1 {
			t.Errorf("shown as %+v", shown)
		}
		w.wantStates(blog, map[string]wire.State{"site": wire.Stopped})
		if blog := w.shown(blog); !blog.Wanted || blog.Note == "" {
			t.Errorf("what has changed is shown as %+v", blog)
		}
		// Allowing it is what starts it.
		reply, err := w.api.allow(t.Context(), wire.AllowRequest{
			Dir: bytestr.String(blog), Digest: w.Digest(blog),
		})
		synctest.Wait()
		if err != nil || !cmp.Equal(reply.Started, []string{"site"}) {
			t.Errorf("allow: %+v, %v", reply, err)
		}
		pass()
		w.wantStates(blog, map[string]wire.State{"site": wire.Running})
	})
}
