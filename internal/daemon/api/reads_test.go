package api

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/wire"
)

// What was hashed and allowed travels to the launch: one cd, or one order, that starts services
// reads each file once, and what is decided about them once.
func TestEachStartReadsOnce(t *testing.T) {
	for name, c := range map[string]struct {
		allowed bool
		do      func(*world, string)
		want    int // services that run after it
	}{
		"a cd that starts": {true, func(w *world, root string) {
			w.enter(w.Host.Shell(), root)
		}, 2},
		"a cd that starts nothing": {false, func(w *world, root string) {
			w.enter(w.Host.Shell(), root)
		}, 0},
		"up": {false, func(w *world, root string) { w.must(up, root) }, 2},
		"up of two by name": {false, func(w *world, root string) {
			w.must(up, root, "web", "shop/worker", "web")
		}, 2},
		"up --all": {true, func(w *world, _ string) {
			_, _ = w.order(up, wire.OrderRequest{Scope: wire.Scope{All: true}, Wait: true})
		}, 2},
		"restart":               {false, func(w *world, root string) { w.must(restart, root) }, 2},
		"down":                  {true, func(w *world, root string) { w.must(down, root) }, 0},
		"allow, with nobody in": {false, func(w *world, root string) { w.allow(root) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				root := w.Project("shop", "web: serve $PORT\nworker: work\n")
				if c.allowed {
					w.allow(root)
				}
				w.Reads(root)
				c.do(w, root)
				synctest.Wait()
				files, decisions := w.Reads(root)
				if files != 1 || decisions != 1 {
					t.Errorf("the files are read %d times, the decision %d times", files, decisions)
				}
				if n := len(w.Host.Living()); n != c.want {
					t.Errorf("%d processes, want %d", n, c.want)
				}
			})
		})
	}
}

// allow approves what the files say now, as somebody does who knows it.
func (w *world) allow(root string) {
	w.t.Helper()
	_, err := w.api.allow(w.t.Context(), wire.AllowRequest{
		Dir: bytestr.String(root), Digest: w.Digest(root),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	synctest.Wait()
}

// A restart that the machine decides by itself reads the files as they are by then, once.
func TestARestartByItselfReadsOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		root := w.Project("shop", "web: serve\nworker: work\n")
		w.must(up, root)
		w.Reads(root)
		w.Host.Process("serve").End(failed)
		pass()
		if files, decisions := w.Reads(root); files != 1 || decisions != 1 {
			t.Errorf("the files are read %d times, the decision %d times", files, decisions)
		}
		w.wantStates(root, map[string]wire.State{"web": wire.Running, "worker": wire.Running})
	})
}

// What an environment may have, up to the last variable and byte.
func TestEnvironIsBounded(t *testing.T) {
	many := func(n int) wire.Environ { return make(wire.Environ, n) }
	long := func(n int) wire.Environ {
		return wire.Environ{"A=1", bytestr.String("SECRET=" + strings.Repeat("x", n-len("SECRET=")))}
	}
	for name, c := range map[string]struct {
		env  wire.Environ
		want string
	}{
		"nothing":                  {nil, ""},
		"as many as may be":        {many(maxVariables), ""},
		"one more":                 {many(maxVariables + 1), "of 3001 variables: at most 3000"},
		"as long as may be":        {long(maxEntry), ""},
		"a byte longer, unprinted": {long(maxEntry + 1), "whose SECRET has 131072 bytes: at most 131071"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := environ(c.env)
			if c.want == "" && (err != nil || len(got) != len(c.env)) {
				t.Errorf("%d variables and %v, want %d", len(got), err, len(c.env))
			}
			if c.want != "" && (err == nil || err.Error() != "cannot use an environment "+c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}
