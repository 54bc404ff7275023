package supervisor

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// world is the outside of a machine as simply as it can be put: the processes that exist, and the
// answers that are on their way.
type world struct {
	m        *machine
	now      time.Time
	forking  map[int]bool // Spawn asked for, not answered
	gated    map[int]bool // alive behind its gate
	writing  map[int]bool // Record asked for, not answered
	loose    map[int]bool // alive and let go
	told     map[int]bool // to end
	timers   map[int]bool
	recorded map[int]bool
	wanted   bool // by the last of Start and Stop
}

func (w *world) step(t *rapid.T, ev event) {
	for _, e := range w.m.step(ev) {
		switch e.Kind {
		case doSpawn:
			if len(w.forking)+len(w.gated)+len(w.loose) > 0 {
				t.Fatalf("run %d is spawned beside a live one", e.Run)
			}
			w.forking[e.Run] = true
		case doRecord:
			w.writing[e.Run] = true
		case doRelease:
			if !w.gated[e.Run] || !w.recorded[e.Run] {
				t.Fatalf("run %d is let go before it is on record", e.Run)
			}
			delete(w.gated, e.Run)
			w.loose[e.Run] = true
		case doDiscard:
			if !w.gated[e.Run] {
				t.Fatalf("run %d is discarded and was not behind its gate", e.Run)
			}
			w.told[e.Run] = true
		case doStop:
			w.told[e.Run] = true
		case doArm:
			w.timers[e.Run] = true
		}
	}
}

func any1(t *rapid.T, set map[int]bool) (int, bool) {
	for run := range set {
		return run, true // at most a handful, and mostly one
	}
	t.Skip("none")
	return 0, false
}

// TestModel plays random commands and answers, late and stale ones among them, and checks after
// each step what must always hold.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		policies := []Policy{RestartOnFailure, RestartAlways, RestartNo}
		w := &world{
			m:   newMachine(rapid.SampledFrom(policies).Draw(t, "policy"), 0),
			now: epoch, forking: map[int]bool{}, gated: map[int]bool{}, writing: map[int]bool{},
			loose: map[int]bool{}, told: map[int]bool{}, timers: map[int]bool{},
			recorded: map[int]bool{},
		}
		end := func(t *rapid.T, run int) {
			w.now = w.now.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "seconds")) * time.Second)
			code := rapid.SampledFrom([]int{0, 1, 127}).Draw(t, "code")
			delete(w.gated, run)
			delete(w.loose, run)
			w.step(t, ended(End{Run: run, At: w.now, Exit: Exit{Code: code}}))
		}
		t.Repeat(map[string]func(*rapid.T){
			"start": func(t *rapid.T) {
				w.wanted = w.m.phase != stopping
				w.step(t, event{Kind: evStart})
			},
			"stop": func(t *rapid.T) { w.wanted = false; w.step(t, event{Kind: evStop}) },
			"spawned": func(t *rapid.T) {
				run, _ := any1(t, w.forking)
				delete(w.forking, run)
				w.gated[run] = true
				w.step(t, event{Kind: evSpawned, Run: run})
			},
			"spawn fails": func(t *rapid.T) {
				run, _ := any1(t, w.forking)
				delete(w.forking, run)
				w.step(t, event{Kind: evSpawnFailed, Run: run, Reason: "no"})
			},
			"recorded": func(t *rapid.T) {
				run, _ := any1(t, w.writing)
				delete(w.writing, run)
				w.recorded[run] = true
				w.step(t, event{Kind: evRecorded, Run: run})
			},
			"record fails": func(t *rapid.T) {
				run, _ := any1(t, w.writing)
				delete(w.writing, run)
				w.step(t, event{Kind: evRecordFailed, Run: run, Reason: "disk"})
			},
			"ready": func(t *rapid.T) {
				run, _ := any1(t, w.loose)
				w.step(t, event{Kind: evReady, Run: run})
			},
			"ends":         func(t *rapid.T) { run, _ := any1(t, w.loose); end(t, run) },
			"ends in gate": func(t *rapid.T) { run, _ := any1(t, w.gated); end(t, run) },
			"elapsed": func(t *rapid.T) {
				run, _ := any1(t, w.timers)
				delete(w.timers, run)
				w.step(t, event{Kind: evElapsed, Run: run})
			},
			"stale": func(t *rapid.T) {
				run := rapid.IntRange(0, max(0, w.m.run-1)).Draw(t, "run")
				kind := eventKind(rapid.IntRange(int(evSpawned), int(evElapsed)).Draw(t, "kind"))
				if run < w.m.run {
					w.step(t, event{Kind: kind, Run: run, End: End{Run: run, At: w.now}})
				}
			},
			"": w.check,
		})
	})
}

// check holds after every step.
func (w *world) check(t *rapid.T) {
	alive := len(w.forking) + len(w.gated) + len(w.loose)
	if alive > 1 {
		t.Fatalf("%d runs at a time", alive)
	}
	if w.m.live() != (alive == 1) {
		t.Fatalf("the machine is in phase %d with %d runs alive", w.m.phase, alive)
	}
	if w.m.phase == stopping && !w.told[w.m.run] {
		t.Fatal("it waits for the end of a run that nobody told to end")
	}
	if w.m.phase == waiting && !w.timers[w.m.run] {
		t.Fatal("it waits for a timer that is not armed")
	}
	if w.m.phase == recording && !w.writing[w.m.run] {
		t.Fatal("it waits for a record that nobody writes")
	}
	if !w.wanted && w.m.phase == waiting {
		t.Fatal("it will restart although it was told to stop")
	}
}
