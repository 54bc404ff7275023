package supervisor

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// kinds are the effects of a step without their details.
func kinds(effects []effect) []effectKind {
	var out []effectKind
	for _, e := range effects {
		out = append(out, e.Kind)
	}
	return out
}

// at brings a machine into a phase by the way a real one gets there.
func at(t *testing.T, p phase) *machine {
	t.Helper()
	m := newMachine(RestartOnFailure, 0)
	path := map[phase][]eventKind{
		idle:      nil,
		spawning:  {evStart},
		recording: {evStart, evSpawned},
		starting:  {evStart, evSpawned, evRecorded},
		running:   {evStart, evSpawned, evRecorded, evReady},
		stopping:  {evStart, evSpawned, evRecorded, evReady, evStop},
	}
	if p == waiting {
		m = at(t, running)
		m.step(ended(End{Run: 1, At: epoch, Exit: Exit{Code: 1}}))
	}
	for _, k := range path[p] {
		m.step(event{Kind: k, Run: m.run})
	}
	if m.phase != p {
		t.Fatalf("the machine is in phase %d, want %d", m.phase, p)
	}
	return m
}

func ended(e End) event { return event{Kind: evEnded, Run: e.Run, End: e} }

// ends is such an event of whatever run is the current one.
func ends(e Exit) event { return event{Kind: evEnded, End: End{Exit: e, At: epoch}} }

// TestTransitions is the whole table: each phase, each event of the current run.
func TestTransitions(t *testing.T) {
	crash := Exit{Code: 1}
	for _, tt := range []struct {
		from phase
		ev   event
		want State
		do   []effectKind
	}{
		{idle, event{Kind: evStart}, Starting, []effectKind{doSpawn}},
		{idle, event{Kind: evStop}, Stopped, nil},
		{idle, event{Kind: evElapsed}, Stopped, nil},
		{idle, event{Kind: evBlocked, Reason: "no db"}, Failed, []effectKind{doNote}},

		{spawning, event{Kind: evStart}, Starting, nil},
		{spawning, event{Kind: evStop}, Starting, nil},
		{spawning, event{Kind: evSpawned}, Starting, []effectKind{doRecord}},
		{spawning, event{Kind: evSpawnFailed, Reason: "no"}, Failed, []effectKind{doNote}},
		{spawning, event{Kind: evRecorded}, Starting, nil},

		{recording, event{Kind: evStart}, Starting, nil},
		{recording, event{Kind: evStop}, Stopping, []effectKind{doDiscard}},
		{recording, event{Kind: evRecorded}, Starting, []effectKind{doRelease}},
		{recording, event{Kind: evRecordFailed, Reason: "disk"}, Stopping, []effectKind{doDiscard}},
		{recording, ends(crash), Backoff, []effectKind{doNote, doArm}},

		{starting, event{Kind: evReady}, Running, nil},
		{starting, event{Kind: evStop}, Stopping, []effectKind{doStop}},
		{starting, ends(crash), Backoff, []effectKind{doNote, doArm}},
		{starting, ends(Exit{}), Exited, nil},

		{running, event{Kind: evStart}, Running, nil},
		{running, event{Kind: evStop}, Stopping, []effectKind{doStop}},
		{running, ends(Exit{Signal: syscall.SIGSEGV}), Backoff, []effectKind{doNote, doArm}},
		{running, ends(Exit{}), Exited, nil},

		{stopping, event{Kind: evStart}, Stopping, nil},
		{stopping, event{Kind: evStop}, Stopping, nil},
		{stopping, event{Kind: evReady}, Stopping, nil},
		{stopping, ends(crash), Stopped, nil},

		{waiting, event{Kind: evStart}, Starting, []effectKind{doSpawn}},
		{waiting, event{Kind: evStop}, Stopped, nil},
		{waiting, event{Kind: evElapsed}, Starting, []effectKind{doSpawn}},
	} {
		t.Run(fmt.Sprintf("%d/%d", tt.from, tt.ev.Kind), func(t *testing.T) {
			m := at(t, tt.from)
			tt.ev.Run = m.run
			do := kinds(m.step(tt.ev))
			if m.state() != tt.want || !cmp.Equal(do, tt.do) {
				t.Errorf("state %s, effects %v; want %s, %v", m.state(), do, tt.want, tt.do)
			}
		})
	}
}

func TestOtherRunsAreDropped(t *testing.T) {
	for p := idle; p <= waiting; p++ {
		for k := evSpawned; k <= evElapsed; k++ {
			m := at(t, p)
			before := *m
			effects := m.step(event{Kind: k, Run: m.run - 1})
			if effects != nil || m.phase != before.phase || m.dropped != before.dropped+1 {
				t.Errorf("phase %d, event %d of another run: effects %v, phase %d, dropped %d",
					p, k, effects, m.phase, m.dropped)
			}
		}
	}
}

func TestStopWhileSpawningDiscards(t *testing.T) {
	m := at(t, spawning)
	m.step(event{Kind: evStop})
	got := kinds(m.step(event{Kind: evSpawned, Run: 1}))
	if !cmp.Equal(got, []effectKind{doDiscard}) {
		t.Fatalf("effects %v, want the gate closed unopened", got)
	}
	m.step(ended(End{Run: 1, Exit: Exit{Code: 125}}))
	if m.state() != Stopped {
		t.Errorf("state %s, want stopped", m.state())
	}
}

func TestStartAfterStopOfASpawnGoesOn(t *testing.T) {
	m := at(t, spawning)
	m.step(event{Kind: evStop})
	m.step(event{Kind: evStart})
	got := kinds(m.step(event{Kind: evSpawned, Run: 1}))
	if !cmp.Equal(got, []effectKind{doRecord}) {
		t.Errorf("effects %v, want it recorded", got)
	}
}

func TestRecordFailureIsAFailure(t *testing.T) {
	m := at(t, recording)
	m.step(event{Kind: evRecordFailed, Run: 1, Reason: "no space left"})
	m.step(ended(End{Run: 1, Exit: Exit{Code: 125}}))
	if m.state() != Failed || m.note != "no space left" {
		t.Errorf("state %s, note %q", m.state(), m.note)
	}
}

// crashes lets the service live for ran and then end badly, again and again, and returns the delays
// before each restart and the state in the end.
func crashes(m *machine, ran time.Duration, times int) (delays []time.Duration, end State) {
	now := epoch
	m.step(event{Kind: evStart})
	for range times {
		m.step(event{Kind: evSpawned, Run: m.run})
		m.step(event{Kind: evRecorded, Run: m.run})
		now = now.Add(ran)
		end := End{Run: m.run, At: now, Ran: ran, Exit: Exit{Code: 1}}
		for _, e := range m.step(ended(end)) {
			if e.Kind == doArm {
				delays = append(delays, e.Delay)
				now = now.Add(e.Delay)
				m.step(event{Kind: evElapsed, Run: m.run})
			}
		}
		if m.state() == Failed {
			break
		}
	}
	return delays, m.state()
}

func TestCrashLoops(t *testing.T) {
	ms := func(n ...int) (out []time.Duration) {
		for _, v := range n {
			out = append(out, time.Duration(v)*time.Millisecond)
		}
		return out
	}
	for _, tt := range []struct {
		name   string
		ran    time.Duration
		policy Policy
		times  int
		delays []time.Duration
		end    State
	}{
		{"at once", 0, RestartOnFailure, 20, ms(200, 400, 800, 1600), Failed},
		{"after 2 s", 2 * time.Second, RestartOnFailure, 20, ms(200, 400, 800, 1600), Failed},
		{"after 9 s", 9 * time.Second, RestartOnFailure, 20, ms(200, 400, 800, 1600), Failed},
		{"after 20 s", 20 * time.Second, RestartOnFailure, 4, ms(200, 400, 800, 1600), Starting},
		{"healthy each time", 31 * time.Second, RestartOnFailure, 4, ms(0, 0, 0, 0), Starting},
		{"no restart", 0, RestartNo, 3, nil, Failed},
	} {
		m := newMachine(tt.policy, 0)
		delays, end := crashes(m, tt.ran, tt.times)
		if !cmp.Equal(delays, tt.delays) || end != tt.end {
			t.Errorf("%s: delays %v, then %s; want %v, then %s",
				tt.name, delays, end, tt.delays, tt.end)
		}
	}
	m := newMachine(RestartOnFailure, 0)
	if delays, _ := crashes(m, 20*time.Second, 40); delays[len(delays)-1] != longestDelay {
		t.Errorf("the longest delay is %v, want %v", delays[len(delays)-1], longestDelay)
	}
}

func TestAlwaysCountsAnExitWith0(t *testing.T) {
	m := newMachine(RestartAlways, 0)
	m.step(event{Kind: evStart})
	for range failureLimit {
		m.step(event{Kind: evSpawned, Run: m.run})
		m.step(event{Kind: evRecorded, Run: m.run})
		m.step(ended(End{Run: m.run, At: epoch}))
		m.step(event{Kind: evElapsed, Run: m.run})
	}
	if m.state() != Failed {
		t.Errorf("state %s, want failed: a loop of exits with 0 is a loop", m.state())
	}
}

// A server that cannot bind because of TIME_WAIT ends again and again through no fault of its own.
func TestSomeEndsAreNotCounted(t *testing.T) {
	m := newMachine(RestartOnFailure, 0)
	m.step(event{Kind: evStart})
	for range 3 * failureLimit {
		m.step(event{Kind: evSpawned, Run: m.run})
		m.step(event{Kind: evRecorded, Run: m.run})
		effects := m.step(ended(End{
			Run: m.run, At: epoch, Exit: Exit{Code: 1}, NotCounted: true, Reason: "TIME_WAIT",
		}))
		last := effects[len(effects)-1]
		if last.Kind != doArm || last.Delay > longestUncountedDelay {
			t.Fatalf("it is tried again with %+v", last)
		}
		if m.state() != Backoff || m.note != "TIME_WAIT" {
			t.Fatalf("state %s, note %q", m.state(), m.note)
		}
		m.step(event{Kind: evElapsed, Run: m.run})
	}
}

func TestNumberingGoesOn(t *testing.T) {
	m := newMachine(RestartOnFailure, 41)
	if got := m.step(event{Kind: evStart}); got[0].Run != 42 {
		t.Errorf("first run is %d, want 42", got[0].Run)
	}
}
