package api

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/daemon/trust"
	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/wire"
)

func TestAutoStop(t *testing.T) {
	left := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	at := left.Add(30 * time.Minute)
	entered, there := []string{"web"}, []procid.Identity{{PID: 7}}
	for name, c := range map[string]struct {
		s    supervisor.Snapshot
		want *wire.AutoStop
	}{
		"never":          {supervisor.Snapshot{Entered: entered, EmptySince: left}, nil},
		"nothing to end": {supervisor.Snapshot{AutoStop: time.Minute, EmptySince: left}, nil},
		"somebody is there": {
			supervisor.Snapshot{AutoStop: 30 * time.Minute, Entered: entered, Shells: there},
			&wire.AutoStop{Services: entered, AfterMS: 1_800_000},
		},
		"nobody is there": {
			supervisor.Snapshot{AutoStop: 30 * time.Minute, Entered: entered, EmptySince: left},
			&wire.AutoStop{Services: entered, AfterMS: 1_800_000, At: &at},
		},
	} {
		if diff := cmp.Diff(c.want, autoStop(c.s)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A project has one note: what keeps it from starting comes first.
func TestProjectNote(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		p := w.Engine.At(w.Project("shop", "web: serve\n"))
		full := supervisor.Snapshot{Unsaved: "disk full", Unrestored: []string{"web", "db"}}
		changed := engine.Content{Decision: trust.Changed}
		for _, c := range []struct {
			s    supervisor.Snapshot
			err  error
			want string
		}{
			{supervisor.Snapshot{}, nil, ""},
			{full, errors.New("Procfile:2: a twice"), "Procfile:2: a twice"},
			{full, nil, "not recorded: disk full; "},
			{
				supervisor.Snapshot{Unrestored: full.Unrestored},
				nil,
				"web, db not restarted after the daemon crashed: " +
					"the content is changed since it was allowed · locald allow, or: locald up",
			},
		} {
			got := projectNote(p, changed, c.s, c.err)
			if !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") {
				t.Errorf("%q, want %q", got, c.want)
			}
		}
	})
}

func TestExitOf(t *testing.T) {
	two := 2
	for _, c := range []struct {
		exit *supervisor.Exit
		want *wire.Exit
	}{
		{nil, nil},
		{&supervisor.Exit{Code: 2}, &wire.Exit{Code: &two}},
		{&supervisor.Exit{Code: -1, Signal: syscall.SIGKILL}, &wire.Exit{Signal: "SIGKILL"}},
	} {
		if diff := cmp.Diff(c.want, exitOf(c.exit)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.exit, diff)
		}
	}
}

// Where the directory is in no project, status shows all of them, in the order of their names.
func TestStatusFromNowhere(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for _, name := range []string{"shop", "blog"} {
			w.must(up, w.Project(name, "web: serve\n"))
		}
		reply, err := w.api.status(t.Context(), here(w.Home))
		if err != nil || len(reply.Projects) != 2 || reply.Projects[0].Name != "blog" {
			t.Errorf("%+v, %v", reply, err)
		}
		_, err = w.api.status(t.Context(), here(w.Home, "web"))
		if codeOf(err) != wire.CodeNoProject {
			t.Errorf("of a service there: %v", err)
		}
	})
}

// What status says of a directory in which nothing can be started.
func TestStatusOfWhatCannotStart(t *testing.T) {
	for name, c := range map[string]struct {
		ruin func(*world, string)
		want wire.Trust
	}{
		"gone": {func(w *world, root string) { w.Remove(root, "Procfile") }, wire.TrustGone},
		"hung": {func(w *world, root string) { w.Hang(root) }, wire.TrustUnreadable},
		"not parsable": {
			func(w *world, root string) { w.Write(root, "Procfile", "a: b\na: c\n") },
			wire.TrustUnknown,
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				root := w.Project("shop", "web: serve $PORT\n")
				w.must(up, root)
				c.ruin(w, root)
				shown := w.shown(root)
				if shown.Trust != c.want || shown.Note == "" || len(shown.Services) != 1 ||
					shown.Services[0].State != wire.Running || shown.Services[0].URL == "" {
					t.Errorf("shown as %+v", shown)
				}
			})
		})
	}
}
