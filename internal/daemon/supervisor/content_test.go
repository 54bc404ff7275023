package supervisor

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// of is a plan that was made from content. A slice cannot be compared, as the content of a caller
// may well not be.
func (p Plan) of(content string) Plan {
	p.Content = []string{content}
	return p
}

// started takes what was launched since it was called last: "service=content", without "=" where
// the Runner is to read the files.
func (f *fake) started() (out []string) {
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, batch := range f.batches {
		for _, l := range batch {
			text := l.Service
			if content, ok := l.Content.([]string); ok {
				text += "=" + content[0]
			}
			out = append(out, text)
		}
	}
	f.batches = nil
	return out
}

func wantStarted(t *testing.T, f *fake, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, f.started()); diff != "" {
		t.Fatalf("started (-want +got):\n%s", diff)
	}
}

func TestAnOrderIsStartedFromItsOwnContent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{Wanted: []string{"old"}})
		names := plan("web", "worker", "old")
		_ = f.p.Restore(t.Context(), names.of("restore"))
		wantStarted(t, f, "old=restore")
		_ = f.p.Down(t.Context(), nil, false)
		enter(t, f.p, shellA, names.of("enter"))
		wantStarted(t, f, "web=enter", "worker=enter", "old=enter")
		_ = f.p.Restart(t.Context(), names.of("restart"), []string{"worker"})
		wantStarted(t, f, "worker=restart")
		_ = f.p.Up(t.Context(), names.of("up again"), nil) // all are up
		wantStarted(t, f)
		_ = f.p.Down(t.Context(), []string{"web"}, false)
		synctest.Wait()
		_ = f.p.Up(t.Context(), names.of("up"), nil)
		wantStarted(t, f, "web=up")
	})
}

// A crash comes whenever it likes, and the files may have changed since.
func TestARestartAfterAFailureReadsTheFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		f.life, f.script = 10*time.Second, func(runID) Exit { return Exit{Code: 3} }
		_ = f.p.Up(t.Context(), plan("web").of("up"), nil)
		wantStarted(t, f, "web=up")
		pass(11 * time.Second)
		wantStarted(t, f, "web")
		_ = f.p.Up(t.Context(), plan("web").of("too late"), nil) // it is up already
		pass(11 * time.Second)
		wantStarted(t, f, "web")
		pass(9 * time.Second)
		wantStates(t, f.p, map[string]State{"web": Backoff})
		_ = f.p.Up(t.Context(), plan("web").of("in backoff"), nil)
		wantStarted(t, f, "web=in backoff")
		_ = f.p.Down(t.Context(), nil, false)
		pass(11 * time.Second) // until the fake has seen its end
	})
}

// What waits for another service keeps what it was ordered from, as long as nobody knows better.
func TestAWaitingServiceKeepsItsContent(t *testing.T) {
	second := chain().of("second")
	for name, tt := range map[string]struct {
		meanwhile func(*fake) error
		want      []string
	}{
		"nothing": {func(*fake) error { return nil }, []string{"api=first", "web=first"}},
		"an order for another": {
			func(f *fake) error { return f.p.Up(f.t.Context(), second, []string{"db"}) },
			[]string{"api=second", "web=second"},
		},
		"the same order": {
			func(f *fake) error { return f.p.Up(f.t.Context(), second, nil) },
			[]string{"api=second", "web=second"},
		},
		"a plan without content": {
			func(f *fake) error { return f.p.Declare(f.t.Context(), chain()) },
			[]string{"api", "web"},
		},
		"somebody who only enters": {
			func(f *fake) error {
				_, err := f.p.Enter(f.t.Context(), shellA, Plan{}, false)
				return err
			},
			[]string{"api=first", "web=first"},
		},
		"a change of mind": {
			func(f *fake) error { return f.p.Down(f.t.Context(), []string{"web"}, false) },
			[]string{"api=first"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, Inherited{})
				f.slow = time.Minute // until a run is on record, and so until it is ready
				_ = f.p.Up(t.Context(), chain().of("first"), nil)
				wantStarted(t, f, "db=first")
				if err := tt.meanwhile(f); err != nil {
					t.Fatal(err)
				}
				pass(time.Hour)
				wantStarted(t, f, tt.want...)
				f.inside(func(a *actor) {
					for _, s := range a.services.list {
						if s.content != nil {
							t.Errorf("%s still holds %v, for nobody", s.name, s.content)
						}
					}
				})
			})
		})
	}
}

// The new run is started from what restart was given, although the old one takes its time to end.
func TestARestartKeepsItsContentUntilTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, Inherited{})
		_ = f.p.Up(t.Context(), plan("web").of("up"), nil)
		wantStarted(t, f, "web=up")
		f.stubborn = true
		_ = f.p.Restart(t.Context(), plan("web").of("restart"), nil)
		wantStarted(t, f)
		f.end(runID{"web", 1}, Exit{Signal: 15}, time.Second)
		wantStarted(t, f, "web=restart")
	})
}
