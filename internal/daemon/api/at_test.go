package api

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/engine/enginetest"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/daemon/trust"
	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/project"
	"github.com/locald/locald/internal/wire"
)

// What a prompt says, once for each shell and each content.
func TestWhatThePromptSays(t *testing.T) {
	const unknown = "locald: Procfile in ~/shop is not allowed yet · review: locald allow"
	for name, c := range map[string]struct {
		prepare func(w *world, root string)
		want    string
		again   bool // it is said to another shell too
	}{
		"not allowed": {func(*world, string) {}, unknown, true},
		"allowed": {func(w *world, root string) {
			w.Approve(root)
		}, "locald: starting web, worker (shop) · locald status", false},
		"denied": {func(w *world, root string) { _ = w.Engine.At(root).Deny() }, "", false},
		"changed": {func(w *world, root string) {
			w.allow(root)
			w.Write(root, "Procfile", "web: other\njob: once\n")
		}, "locald: shop changed since you allowed it (~web, +job, -worker) · " +
			"review: locald allow", true},
		"changed in settings only": {func(w *world, root string) {
			w.allow(root)
			w.Write(root, "locald.toml", "auto_stop = '1m'\n")
		}, "locald: shop changed since you allowed it (+auto_stop) · review: locald allow", true},
		"changed in values only": {func(w *world, root string) {
			w.Write(root, ".env", "PATH=/a\nX_DIR=a\nY_DIR=a\n")
			w.allow(root)
			w.Write(root, ".env", "PATH=/b\nX_DIR=a\nBASH_ENV=a\n")
		}, "locald: shop changed since you allowed it (-Y_DIR, ~PATH, +BASH_ENV) · review: ", true},
		"changed, and cannot be used": {func(w *world, root string) {
			w.allow(root)
			w.Write(root, "Procfile", "web: a\nweb: b\n")
		}, "locald: shop changed since you allowed it · review: locald allow", true},
		"allowed, and cannot be used": {func(w *world, root string) {
			w.Write(root, "Procfile", "web: a\nweb: b\n")
			w.Approve(root)
		}, "locald: cannot start shop: Procfile:2: ", true},
		"an edit of .env": {func(w *world, root string) {
			w.Write(root, ".env", "A=1\n")
			w.Approve(root)
			w.Write(root, ".env", "A=2\n")
		}, "locald: starting web, worker (shop) · locald status", false},
		"others can write": {func(_ *world, root string) {
			_ = os.Chmod(root, 0o777)
		}, "locald: ~/shop is not safe to start: ", true},
		"gone": {func(w *world, root string) {
			w.Remove(root, "Procfile")
		}, "locald: cannot find a project in ", true},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				root := w.Project("shop", "web: serve\nworker: work\n")
				c.prepare(w, root)
				say := func(shell procid.Identity) string {
					said := strings.Join(w.enter(shell, root).Say, "\n")
					w.enter(shell, "")
					return said
				}
				one, two := w.Host.Shell(), w.Host.Shell()
				got := say(one)
				if !strings.HasPrefix(got, c.want) || got != "" && c.want == "" {
					t.Errorf("said %q, want %q", got, c.want)
				}
				if again := say(one); again != "" {
					t.Errorf("said again: %q", again)
				}
				if other := say(two); (other != "") != c.again {
					t.Errorf("said to another shell: %q", other)
				}
			})
		})
	}
}

func TestASilentPrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *engine.Deps) { d.Config.Silent = true })
		root := w.Project("shop", "web: serve\n")
		if said := w.enter(w.Host.Shell(), root); said.Say != nil {
			t.Errorf("said %q", said.Say)
		}
	})
}

// A shell that is not there, or is another one by now, is refused; a root that is nobody's project
// is none.
func TestAShellIsWhereItCanBe(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		shell := w.Host.Shell()
		for _, wrong := range []procid.Identity{
			{PID: shell.PID, Start: shell.Start + 1}, {PID: 7, Start: shell.Start}, {},
		} {
			_, err := w.api.at(t.Context(), wire.AtRequest{PID: wrong.PID, Start: wrong.Start})
			if codeOf(err) != wire.CodeUsage || len(w.Engine.Shells()) != 0 {
				t.Errorf("%+v: %v; shells %v", wrong, err, w.Engine.Shells())
			}
		}
		root := w.Project("shop", "web: serve\n")
		for _, c := range []struct{ root, want string }{
			{root, root},
			{filepath.Join(w.Home, "nowhere"), ""},
			{root, root},
			{"/tmp", ""},
			{root, root},
			{"", ""},
		} {
			w.enter(shell, c.root)
			if got := w.Engine.Shells()[0].Root; got != c.want {
				t.Errorf("at %q it is in %q, want %q", c.root, got, c.want)
			}
			here := w.shown(root).Shells
			if (len(here) == 1) != (c.want == root) {
				t.Errorf("at %q: %v are in the project", c.root, here)
			}
		}
	})
}

// Somebody forgets the project in which a shell stands. The shell is still there when the project
// is known again, so a down holds.
func TestPresenceSurvivesForget(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		shop := w.Project("shop", "web: serve\n")
		w.Approve(shop)
		shell := w.Host.Shell()
		w.enter(shell, shop)
		w.must(down, shop)
		forget := wire.ForgetRequest{Dir: bytestr.String(shop), Sure: true}
		if _, err := w.api.forget(t.Context(), forget); err != nil {
			t.Fatal(err)
		}
		if here := w.shown(shop).Shells; len(here) != 1 || here[0].PID != shell.PID {
			t.Errorf("after forget %v are there", here)
		}
		w.allow(shop) // which starts it, since somebody is there
		pass()
		w.wantStates(shop, map[string]wire.State{"web": wire.Running})
		w.must(down, shop)
		w.enter(w.Host.Shell(), shop)
		w.wantStates(shop, map[string]wire.State{"web": wire.Stopped})
	})
}

// Of a forget beside an up one comes first, and neither is told that the daemon stops.
func TestForgetBesideUp(t *testing.T) {
	for range 30 {
		inWorld(t, func(t *testing.T, w *world) {
			shop := w.Project("shop", "web: serve\n")
			w.must(up, shop)
			w.must(down, shop)
			forgotten := make(chan error)
			go func() {
				_, err := w.api.forget(t.Context(), wire.ForgetRequest{
					Dir: bytestr.String(shop), Sure: true,
				})
				forgotten <- err
			}()
			reply, err := w.api.order(up)(t.Context(), wire.OrderRequest{
				Scope: here(shop), Wait: true,
			}, unheard)
			if err != nil || reply.Code != "" {
				t.Errorf("up: %v, %+v", err, reply)
			}
			if err := <-forgotten; err != nil && codeOf(err) != wire.CodeFailure {
				t.Errorf("forget: %v", err)
			}
			synctest.Wait()
			w.wantStates(shop, map[string]wire.State{"web": wire.Running})
			p, _ := w.Engine.Named("shop")
			if r := w.Records()[p.Slug]; !cmp.Equal(r.Wanted, []string{"web"}) {
				t.Errorf("on record: %+v", r)
			}
			if n := len(w.Host.Living()); n != 1 {
				t.Errorf("%d processes", n)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		_, spec := w.specOf("web: serve\nworker: work\n", "[services.worker]\ncount = 2\n")
		line := func(name, command string, mark wire.Mark) wire.Change {
			return wire.Change{Name: name, Command: bytestr.String(command), Change: mark}
		}
		for _, c := range []struct {
			last map[string]bytestr.String
			want []wire.Change
		}{
			{nil, []wire.Change{line("web", "serve", ""), line("worker", "work", "")}},
			{
				map[string]bytestr.String{"web": "serve", "worker": "work"},
				[]wire.Change{line("web", "serve", ""), line("worker", "work", "")},
			},
			{
				map[string]bytestr.String{"web": "old", "z": "gone", "a": "gone too"},
				[]wire.Change{
					{Name: "web", Command: "serve", Change: "~", Was: "old"},
					line("worker", "work", "+"),
					line("a", "gone too", "-"), line("z", "gone", "-"),
				},
			},
			{
				map[string]bytestr.String{},
				[]wire.Change{line("web", "serve", "+"), line("worker", "work", "+")},
			},
		} {
			var last *trust.Approval
			if c.last != nil {
				last = &trust.Approval{Services: c.last}
			}
			if diff := cmp.Diff(c.want, compare(spec, last)); diff != "" {
				t.Errorf("after %v (-want +got):\n%s", c.last, diff)
			}
		}
	})
}

// What allow shows is all that decides, and nothing of the values.
func TestDescribe(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		root := w.Project("shop", "web: serve\nrelease: migrate\n")
		w.Write(root, ".env", "SECRET=x\nNODE_OPTIONS=-r ./evil\n")
		reply, err := w.api.allow(t.Context(), wire.AllowRequest{Dir: bytestr.String(root)})
		if err != nil {
			t.Fatal(err)
		}
		want := wire.AllowReply{
			Project: "shop", Root: bytestr.String(root), Trust: wire.TrustUnknown,
			Digest: w.Digest(root), File: "Procfile",
			Services: []wire.Change{{Name: "web", Command: "serve"}},
			EnvNames: []string{"SECRET", "NODE_OPTIONS"},
			Dangers:  []string{"NODE_OPTIONS (.env:2) decides which options programs run with"},
			Warnings: reply.Warnings,
			Entries: []wire.Entry{{
				File: ".env", Line: 2, Name: "NODE_OPTIONS",
				Reason: "decides which options programs run with",
			}},
		}
		if diff := cmp.Diff(want, reply); diff != "" || len(reply.Warnings) != 1 {
			t.Errorf("warnings %v; (-want +got):\n%s", reply.Warnings, diff)
		}
	})
}

// The review says which entry or key is another one, those that differ first. What an older version
// recorded has no marks to compare with.
func TestDescribeWhatChanged(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		root := w.Project("shop", "web: serve\n")
		review := func() wire.AllowReply {
			reply, err := w.api.allow(t.Context(), wire.AllowRequest{Dir: bytestr.String(root)})
			if err != nil {
				t.Fatal(err)
			}
			return reply
		}
		w.Write(root, ".env", "A_DIR=a\nPATH=/a\n")
		w.Write(root, "locald.toml", "services.web.port = 3000\nauto_stop = '1m'\n")
		w.Approve(root)
		w.Write(root, ".env", "A_DIR=a\nPATH=/b\n")
		for _, e := range review().Entries {
			if e.Change != wire.MarkSame || review().Compared {
				t.Errorf("compared with an approval that has no marks: %+v", e)
			}
		}
		w.allow(root)
		w.Write(root, ".env", "A_DIR=a\nPATH=/c\n")
		w.Write(root, "locald.toml", "services.web.port = 3001\n")
		var got []string
		for _, e := range review().Entries {
			got = append(got, string(e.Change)+e.File+" "+e.Name)
		}
		want := []string{
			"-locald.toml auto_stop", "~.env PATH", "~locald.toml services.web.port", ".env A_DIR",
		}
		if diff := cmp.Diff(want, got); diff != "" || !review().Compared {
			t.Errorf("compared %v (-want +got):\n%s", review().Compared, diff)
		}
	})
}

func TestTrustOf(t *testing.T) {
	for _, c := range []struct {
		content engine.Content
		want    wire.Trust
	}{
		{engine.Content{Decision: trust.Unknown}, wire.TrustUnknown},
		{engine.Content{Decision: trust.Changed}, wire.TrustChanged},
		{engine.Content{Decision: trust.Allowed}, wire.TrustAllowed},
		{engine.Content{Decision: trust.Denied}, wire.TrustDenied},
		{engine.Content{Decision: trust.Unknown, Problem: project.ErrUnsafe}, wire.TrustUnsafe},
		{engine.Content{Decision: trust.Unknown, Problem: project.ErrNoProcfile}, wire.TrustGone},
		{engine.Content{Decision: trust.Unknown, Problem: fs.ErrNotExist}, wire.TrustGone},
		{engine.Content{Decision: trust.Unknown, Problem: engine.ErrNoAnswer}, wire.TrustUnreadable},
		{engine.Content{Decision: trust.Unknown, Problem: errors.New("disk")}, wire.TrustUnknown},
	} {
		if got := trustOf(c.content); got != c.want {
			t.Errorf("%s, %v: %q, want %q", c.content.Decision, c.content.Problem, got, c.want)
		}
	}
}

func TestMisplaced(t *testing.T) {
	for _, c := range []struct {
		listening  []int
		flag, want string
	}{
		{nil, "", "as it was"},
		{[]int{20340}, "", "as it was"},
		{[]int{5173, 20340}, "--port $PORT", "as it was"},
		{[]int{5173}, "", "web listens on 5173, not on its PORT 20340"},
		{
			[]int{5173, 9229},
			"--port $PORT",
			"web listens on 5173, 9229, not on its PORT 20340; add to its line: --port $PORT",
		},
	} {
		v := supervisor.Service{Name: "web", Live: &supervisor.Live{Listening: c.listening}}
		if got := misplaced(v, 20340, c.flag, "as it was"); got != c.want {
			t.Errorf("%v: %q, want %q", c.listening, got, c.want)
		}
	}
}

// A service that listens elsewhere is told of, and an up that waits for it is over.
func TestAServiceThatIgnoresItsPort(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		shop := w.Project("shop", "web: vite # $PORT\n")
		w.Host.OnRelease(func(p *enginetest.Process) { p.Listen(5173) })
		reply := w.must(up, shop)
		want := map[string]wire.Outcome{"shop/web": wire.OutcomeElsewhere}
		if diff := cmp.Diff(want, outcomes(reply)); diff != "" || reply.Code != wire.CodeNotReady {
			t.Errorf("code %q; (-want +got):\n%s", reply.Code, diff)
		}
		web := w.shown(shop).Services[0]
		if !cmp.Equal(web.Listening, []int{5173}) ||
			!strings.HasPrefix(web.Note, "web listens on 5173,") {
			t.Errorf("shown as %+v", web)
		}
	})
}

func TestExplain(t *testing.T) {
	other := errors.New("other")
	if got := Explain("up", other); got != other {
		t.Errorf("another error becomes %v", got)
	}
	err := Explain("up", ErrStopping)
	if codeOf(err) != wire.CodeShuttingDown ||
		err.Error() != "cannot start: the daemon is stopping" {
		t.Errorf("explained as %v", err)
	}
}
