package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/engine/enginetest"
	"github.com/locald/locald/internal/daemon/proc"
	"github.com/locald/locald/internal/daemon/supervisor"
)

func wait() { synctest.Wait() }

// One batch has launches of two plans and two that the machine decided by itself. Each is started
// from its own content, and the files are read once for those that have none.
func TestOneBatchOfSeveralContents(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		root := w.Project("shop", "web: serve 1\nworker: work 1\njob: once 1\n")
		p := w.Engine.At(root)
		source := func(n int, base ...string) engine.Source {
			w.Write(
				root, "Procfile",
				fmt.Sprintf("web: serve %d\nworker: work %d\njob: once %d\n", n, n, n),
			)
			_, spec, err := p.ReadSpec()
			if err != nil {
				t.Fatal(err)
			}
			return engine.Source{Spec: spec, Base: base}
		}
		first := source(1, "SHELL=one", "LOCALD_UMASK=027")
		second := source(2, "SHELL=two")
		source(3)
		w.Approve(root)
		w.Reads(root)
		p.Runs.Spawn([]supervisor.Launch{
			{Service: "web", Run: 1, Content: first},
			{Service: "worker", Run: 1, Content: second},
			{Service: "job", Run: 1},
			{Service: "web", Run: 2},
			{Service: "nosuch", Run: 1, Content: second},
		})
		wait()
		if files, decisions := w.Reads(root); files != 1 || decisions != 1 {
			t.Errorf("the files are read %d times, the decision %d times", files, decisions)
		}
		var got []string
		for _, s := range w.Host.Starts() {
			shell := slices.IndexFunc(s.Command.Env, func(e string) bool {
				return strings.HasPrefix(e, "SHELL=")
			})
			line := s.Command.Line + " umask " + s.Command.Umask
			if shell >= 0 {
				line += " " + s.Command.Env[shell]
			}
			got = append(got, line)
		}
		slices.Sort(got)
		want := []string{
			"once 3 umask ", "serve 1 umask 027 SHELL=one", "serve 3 umask ",
			"work 2 umask  SHELL=two",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("started (-want +got):\n%s", diff)
		}
	})
}

// What the daemon says stands in the log in the order in which it was said, all of it once
// AwaitNotes returns.
func TestNotesAreWrittenInOrder(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		p := w.Engine.At(w.Project("shop", "web: serve\n"))
		p.Runs.AwaitNotes() // there are none
		var want []string
		for i := range 200 {
			want = append(want, fmt.Sprint("note ", i))
			p.Runs.Note("web", 1, want[i])
		}
		p.Runs.AwaitNotes()
		if diff := cmp.Diff(want, notes(t, p, "web", 1)); diff != "" {
			t.Errorf("notes (-want +got):\n%s", diff)
		}
	})
}

func notes(t *testing.T, p *engine.Project, service string, run int) (out []string) {
	t.Helper()
	lines, err := p.Logs.Service(service).Tail(run, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		out = append(out, string(l.Text))
	}
	return out
}

// How a run ended is told as what it was: by itself, because somebody said so, or before it began.
func TestHowARunEnded(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*testing.T, *enginetest.World, *engine.Project)
		want string
	}{
		"by itself": {func(_ *testing.T, w *enginetest.World, _ *engine.Project) {
			w.Host.Process("serve").End(proc.Exit{})
		}, "exited with 0"},
		"by a signal": {func(_ *testing.T, w *enginetest.World, _ *engine.Project) {
			w.Host.Process("serve").End(proc.Exit{Code: -1, Signal: 11})
		}, "killed by SIGSEGV"},
		"down": {func(t *testing.T, _ *enginetest.World, p *engine.Project) {
			_ = p.Actor.Down(t.Context(), nil, false)
		}, "stopped, killed by SIGTERM"},
		"down, and it ignores it": {func(t *testing.T, w *enginetest.World, p *engine.Project) {
			w.Host.Process("serve").Ignore()
			_ = p.Actor.Down(t.Context(), nil, false)
		}, "stopped, killed by SIGKILL"},
		"what it left": {func(_ *testing.T, w *enginetest.World, _ *engine.Project) {
			w.Host.Process("serve").End(proc.Exit{Detached: []proc.Info{{PID: 7, Command: "code"}}})
		}, "exited with 0|left alive: PID 7 (code), " +
			"started by it and detached from it"},
		"what cannot be killed": {func(_ *testing.T, w *enginetest.World, _ *engine.Project) {
			w.Host.Process("serve").End(proc.Exit{Survivors: []proc.Info{{PID: 7, Command: "dd"}}})
		}, "exited with 0|PID 7 (dd) cannot be killed: it hangs in the kernel"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *enginetest.World) {
				p := w.Engine.At(w.Project("shop", "web: serve\n"))
				start(t, p)
				time.Sleep(time.Second)
				c.end(t, w, p)
				time.Sleep(15 * time.Second)
				got := strings.Join(notes(t, p, "web", 1)[1:], "|")
				if !strings.HasPrefix(got, c.want) {
					t.Errorf("the log says %q, want %q", got, c.want)
				}
			})
		})
	}
}

// A run that cannot be put on record is never let go.
func TestARunThatIsOnNoRecord(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		root := w.Project("shop", "web: serve\n")
		w.Full(errors.New("no space left on device"))
		p := w.Engine.At(root)
		c, spec, _ := p.ReadSpec()
		p.Use(spec, nil, c.Digest)
		if err := p.Actor.Up(t.Context(), p.Plan(spec), nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		for _, s := range w.Host.Starts() {
			if s.Released() {
				t.Error("it was let go")
			}
		}
		v, _ := p.Snapshot().Find("web")
		if v.State != supervisor.Failed || len(w.Host.Living()) != 0 {
			t.Errorf("%+v, %d alive", v, len(w.Host.Living()))
		}
		if got := notes(t, p, "web", 1); !slices.Contains(got, "stopped before it was let go") {
			t.Errorf("the log says %q", got)
		}
	})
}

// Of a service that goes on, it is remembered whether it listened: the next one is waited for.
func TestWhenARunIsReady(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		line   string
		after  time.Duration // it listens on its port; 0 never
		other  int           // it listens there, from the beginning
		blind  time.Duration // for so long nobody can look
		ready  time.Duration // at most; 0 never
		before time.Duration // not before
		note   []int         // found listening on
	}{
		"at once": {"serve $PORT", ms, 0, 0, 5 * ms, ms, []int{0}},
		"later": {
			"serve $PORT", time.Minute, 0, 0, 64 * time.Second, time.Minute, []int{0},
		},
		"never":                   {"serve $PORT", 0, 0, 0, 0, 0, nil},
		"it needs no port":        {"work", 0, 0, 0, time.Second, time.Second, nil},
		"no port, and it listens": {"work", 100 * ms, 0, 0, 1100 * ms, 100 * ms, []int{0}},
		"elsewhere":               {"serve $PORT", 0, 5173, 0, 0, 0, []int{5173}},
		"no port, elsewhere":      {"work", 0, 5173, 0, time.Second, time.Second, []int{5173}},
		"nobody can look for a while": {
			"work", 0, 0, 10 * time.Second, 11 * time.Second, 10 * time.Second, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *enginetest.World) {
				w.Host.OnRelease(func(p *enginetest.Process) {
					if c.other > 0 {
						p.Listen(c.other)
					}
					if c.after > 0 {
						time.AfterFunc(c.after, func() { p.Listen(p.Command.Port) })
					}
				})
				w.Host.Blind(true)
				time.AfterFunc(c.blind, func() { w.Host.Blind(false) })
				p := w.Engine.At(w.Project("shop", "worker: "+c.line+"\n"))
				begun := time.Now()
				start(t, p)
				ready := time.Duration(0)
				for ready == 0 && time.Since(begun) < time.Hour {
					s, changed := p.Actor.Snapshot()
					if v, _ := s.Find("worker"); v.Ready {
						ready = time.Since(begun)
						break
					}
					select {
					case <-changed:
					case <-time.After(time.Hour):
					}
				}
				if ready > c.ready || ready < c.before {
					t.Errorf("ready after %v, want it within %v and %v", ready, c.before, c.ready)
				}
				v, _ := p.Snapshot().Find("worker")
				port := p.Runs.Of("worker").Port
				for i, n := range c.note {
					if n == 0 {
						c.note[i] = port
					}
				}
				if got := v.Live.Listening; !slices.Equal(got, c.note) {
					t.Errorf("found listening on %v, want %v", got, c.note)
				}
				looks := w.Host.Looks()
				time.Sleep(time.Hour)
				if n := w.Host.Looks() - looks; ready > 0 && n > 0 {
					t.Errorf("%d looks after it was ready", n)
				}
			})
		})
	}
}
