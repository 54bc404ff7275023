package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/wire"
)

// services are so many lines whose commands have so many bytes each.
func services(n, length int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "s%d: %s\n", i, strings.Repeat("\x01", length))
	}
	return b.String()
}

// goesIntoAFrame fails unless an event does.
func goesIntoAFrame(t *testing.T, event any) {
	t.Helper()
	if err := ipc.Write(&bytes.Buffer{}, ipc.Message{Ev: event}); err != nil {
		t.Errorf("an event: %v", err)
	}
}

// One project that is too large is shown as far as it goes, and says so; a part of it can be seen
// whole; others are shown as they are.
func TestATooLargeProjectIsCut(t *testing.T) {
	for name, c := range map[string]struct {
		lines, length int
		toml          string
		shown         int
		note          string
	}{
		"as large as its file may be": {100, 900, "", 100, ""},
		"instances of long lines": {
			10, 9000, "services.s0.count = 100\nservices.s1.count = 100\n", 208, "its commands are cut",
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.must(up, w.Project("blog", "web: hugo\n"))
				shop := w.Project("shop", services(c.lines, c.length))
				w.Write(shop, "locald.toml", c.toml)
				w.allow(shop)
				var got []wire.Project
				_, err := answerStatus(
					t.Context(), w.api, wire.StatusRequest{Scope: wire.Scope{All: true}},
					func(e wire.StatusEvent) error {
						goesIntoAFrame(t, e)
						got = append(got, e.Project)
						return nil
					})
				if err != nil || len(got) != 2 || len(got[0].Services) != 1 || got[0].Note != "" {
					t.Fatalf("%v, %+v", err, got)
				}
				if p := got[1]; len(p.Services) != c.shown || (c.note == "") != (p.Note == "") ||
					!strings.Contains(p.Note, c.note) {
					t.Errorf("%d services are shown, and it is said: %q", len(p.Services), p.Note)
				}
				one, err := w.api.status(t.Context(), here(shop, "s1.1"))
				if err != nil || len(one.Projects[0].Services) != 1 || one.Projects[0].Note != "" {
					t.Errorf("one of them: %v, %+v", err, one)
				}
			})
		})
	}
}

// Where even the names are too long together, it is said how to see one.
func TestAProjectOfLongNamesIsLeftOut(t *testing.T) {
	p := wire.Project{Name: "shop", Note: "before", Warnings: []string{"one"}}
	for i := range 1000 {
		p.Services = append(p.Services, wire.Service{Name: fmt.Sprint(strings.Repeat("x", 1000), i)})
	}
	got := fitting(p)
	goesIntoAFrame(t, wire.StatusEvent{Project: got})
	want := "its 1000 services are too large to be shown together: locald status shop/NAME"
	if got.Note != want || len(got.Services) != 0 || len(p.Services) != 1000 || p.Note != "before" {
		t.Errorf("%+v, want %s", got, want)
	}
}

// One whose file system does not answer is said to be so; those after it are told all the same.
func TestAHungProjectDelaysNobodyForLong(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for _, name := range []string{"a", "b", "c"} {
			w.allow(w.Project(name, "web: serve\n"))
		}
		w.Hang(w.Home + "/b")
		defer w.Answer(w.Home + "/b")
		began := time.Now()
		var got []wire.Trust
		_, err := answerStatus(
			t.Context(), w.api, wire.StatusRequest{Scope: wire.Scope{All: true}},
			func(e wire.StatusEvent) error {
				got = append(got, e.Project.Trust)
				return nil
			})
		want := []wire.Trust{wire.TrustAllowed, wire.TrustUnreadable, wire.TrustAllowed}
		if took := time.Since(began); err != nil || !slices.Equal(got, want) || took > 5*time.Second {
			t.Errorf("%v, %v after %v, want %v", got, err, took, want)
		}
	})
}

// Hundreds of projects are told one by one, in frames that fit, to who asks for a stream, and in
// several events of a watch, the last of which says that it is all.
func TestHundredsOfProjects(t *testing.T) {
	const many = 100
	inWorld(t, func(t *testing.T, w *world) {
		for i := range many {
			w.allow(w.Project(fmt.Sprintf("p%d", i), services(100, 5)))
		}
		told := 0
		_, err := answerStatus(
			t.Context(), w.api, wire.StatusRequest{Scope: wire.Scope{All: true}},
			func(e wire.StatusEvent) error {
				goesIntoAFrame(t, e)
				if told++; len(e.Project.Services) != 100 {
					t.Errorf("%s has %d services", e.Project.Name, len(e.Project.Services))
				}
				return nil
			})
		if err != nil || told != many {
			t.Errorf("%d projects, %v", told, err)
		}
		seen, events, enough := make(map[string]bool), 0, errors.New("enough")
		_, err = w.api.watch(context.Background(), wire.Scope{All: true}, func(e wire.WatchEvent) error {
			goesIntoAFrame(t, e)
			if events++; e.Revision != int64(events) {
				t.Errorf("event %d has revision %d", events, e.Revision)
			}
			for _, p := range e.Projects {
				seen[p.Name] = true
			}
			if !e.More {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) || len(seen) != many || events < 2 {
			t.Errorf("%d projects in %d events, %v", len(seen), events, err)
		}
		synctest.Wait()
	})
}
