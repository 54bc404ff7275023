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
func kinds(effects []Effect) []EffectKind {
	var out []EffectKind
	for _, e := range effects {
		out = append(out, e.Kind)
	}
	return out
}

// at brings a machine into a phase by the way a real one gets there.
func at(t *testing.T, p phase) *Machine {
	t.Helper()
	m := NewMachine(RestartOnFailure, 0)
	path := map[phase][]EventKind{
		idle:      nil,
		spawning:  {Start},
		recording: {Start, Spawned},
		starting:  {Start, Spawned, Recorded},
		running:   {Start, Spawned, Recorded, Ready},
		stopping:  {Start, Spawned, Recorded, Ready, Stop},
	}
	if p == waiting {
		m = at(t, running)
		m.Step(Event{Kind: Ended, Run: 1, At: epoch, Exit: Exit{Code: 1}})
	}
	for _, k := range path[p] {
		m.Step(Event{Kind: k, Run: m.run})
	}
	if m.phase != p {
		t.Fatalf("the machine is in phase %d, want %d", m.phase, p)
	}
	return m
}

// TestTransitions is the whole table: each phase, each event of the current run.
func TestTransitions(t *testing.T) {
	crash := Exit{Code: 1}
	for _, tt := range []struct {
		from phase
		ev   Event
		want State
		do   []EffectKind
	}{
		{idle, Event{Kind: Start}, Starting, []EffectKind{Spawn}},
		{idle, Event{Kind: Stop}, Stopped, nil},
		{idle, Event{Kind: Elapsed}, Stopped, nil},
		{idle, Event{Kind: Blocked, Reason: "no db"}, Failed, []EffectKind{Note}},

		{spawning, Event{Kind: Start}, Starting, nil},
		{spawning, Event{Kind: Stop}, Starting, nil},
		{spawning, Event{Kind: Spawned}, Starting, []EffectKind{Record}},
		{spawning, Event{Kind: SpawnFailed, Reason: "no"}, Failed, []EffectKind{Note}},
		{spawning, Event{Kind: Recorded}, Starting, nil},

		{recording, Event{Kind: Start}, Starting, nil},
		{recording, Event{Kind: Stop}, Stopping, []EffectKind{Discard}},
		{recording, Event{Kind: Recorded}, Starting, []EffectKind{Release}},
		{recording, Event{Kind: RecordFailed, Reason: "disk"}, Stopping, []EffectKind{Discard}},
		{recording, Event{Kind: Ended, Exit: crash, At: epoch}, Backoff, []EffectKind{Note, ArmTimer}},

		{starting, Event{Kind: Ready}, Running, nil},
		{starting, Event{Kind: Stop}, Stopping, []EffectKind{StopRun}},
		{starting, Event{Kind: Ended, Exit: crash, At: epoch}, Backoff, []EffectKind{Note, ArmTimer}},
		{starting, Event{Kind: Ended, At: epoch}, Exited, nil},

		{running, Event{Kind: Start}, Running, nil},
		{running, Event{Kind: Stop}, Stopping, []EffectKind{StopRun}},
		{running, Event{Kind: Ended, Exit: Exit{Signal: syscall.SIGSEGV}, At: epoch}, Backoff, []EffectKind{Note, ArmTimer}},
		{running, Event{Kind: Ended, At: epoch}, Exited, nil},

		{stopping, Event{Kind: Start}, Stopping, nil},
		{stopping, Event{Kind: Stop}, Stopping, nil},
		{stopping, Event{Kind: Ready}, Stopping, nil},
		{stopping, Event{Kind: Ended, Exit: crash, At: epoch}, Stopped, nil},

		{waiting, Event{Kind: Start}, Starting, []EffectKind{Spawn}},
		{waiting, Event{Kind: Stop}, Stopped, nil},
		{waiting, Event{Kind: Elapsed}, Starting, []EffectKind{Spawn}},
	} {
		t.Run(fmt.Sprintf("%d/%d", tt.from, tt.ev.Kind), func(t *testing.T) {
			m := at(t, tt.from)
			tt.ev.Run = m.run
			effects := m.Step(tt.ev)
			if m.State() != tt.want || !cmp.Equal(kinds(effects), tt.do) {
				t.Errorf("state %s, effects %v; want %s, %v", m.State(), kinds(effects), tt.want, tt.do)
			}
		})
	}
}

func TestOtherRunsAreDropped(t *testing.T) {
	for p := idle; p <= waiting; p++ {
		for k := Spawned; k <= Elapsed; k++ {
			m := at(t, p)
			before := *m
			if effects := m.Step(Event{Kind: k, Run: m.run - 1}); effects != nil || m.phase != before.phase || m.dropped != before.dropped+1 {
				t.Errorf("phase %d, event %d of another run: effects %v, phase %d, dropped %d", p, k, effects, m.phase, m.dropped)
			}
		}
	}
}

func TestStopWhileSpawningDiscards(t *testing.T) {
	m := at(t, spawning)
	m.Step(Event{Kind: Stop})
	if got := kinds(m.Step(Event{Kind: Spawned, Run: 1})); !cmp.Equal(got, []EffectKind{Discard}) {
		t.Fatalf("effects %v, want the gate closed unopened", got)
	}
	m.Step(Event{Kind: Ended, Run: 1, Exit: Exit{Code: 125}})
	if m.State() != Stopped {
		t.Errorf("state %s, want stopped", m.State())
	}
}

func TestStartAfterStopOfASpawnGoesOn(t *testing.T) {
	m := at(t, spawning)
	m.Step(Event{Kind: Stop})
	m.Step(Event{Kind: Start})
	if got := kinds(m.Step(Event{Kind: Spawned, Run: 1})); !cmp.Equal(got, []EffectKind{Record}) {
		t.Errorf("effects %v, want it recorded", got)
	}
}

func TestRecordFailureIsAFailure(t *testing.T) {
	m := at(t, recording)
	m.Step(Event{Kind: RecordFailed, Run: 1, Reason: "no space left"})
	m.Step(Event{Kind: Ended, Run: 1, Exit: Exit{Code: 125}})
	if m.State() != Failed || m.note != "no space left" {
		t.Errorf("state %s, note %q", m.State(), m.note)
	}
}

// crashes lets the service live for ran and then end badly, again and again,
// and returns the delays before each restart and the state in the end.
func crashes(m *Machine, ran time.Duration, times int) (delays []time.Duration, end State) {
	now := epoch
	m.Step(Event{Kind: Start})
	for range times {
		m.Step(Event{Kind: Spawned, Run: m.run})
		m.Step(Event{Kind: Recorded, Run: m.run})
		now = now.Add(ran)
		for _, e := range m.Step(Event{Kind: Ended, Run: m.run, At: now, Ran: ran, Exit: Exit{Code: 1}}) {
			if e.Kind == ArmTimer {
				delays = append(delays, e.Delay)
				now = now.Add(e.Delay)
				m.Step(Event{Kind: Elapsed, Run: m.run})
			}
		}
		if m.State() == Failed {
			break
		}
	}
	return delays, m.State()
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
		{"after 1.3 s", 1300 * time.Millisecond, RestartOnFailure, 20, ms(200, 400, 800, 1600), Failed},
		{"after 9 s", 9 * time.Second, RestartOnFailure, 20, ms(200, 400, 800, 1600), Failed},
		{"after 20 s", 20 * time.Second, RestartOnFailure, 4, ms(200, 400, 800, 1600), Starting},
		{"healthy each time", 31 * time.Second, RestartOnFailure, 4, ms(0, 0, 0, 0), Starting},
		{"no restart", 0, RestartNo, 3, nil, Failed},
	} {
		m := NewMachine(tt.policy, 0)
		delays, end := crashes(m, tt.ran, tt.times)
		if !cmp.Equal(delays, tt.delays) || end != tt.end {
			t.Errorf("%s: delays %v, then %s; want %v, then %s", tt.name, delays, end, tt.delays, tt.end)
		}
	}
	m := NewMachine(RestartOnFailure, 0)
	if delays, _ := crashes(m, 20*time.Second, 40); delays[len(delays)-1] != longestDelay {
		t.Errorf("the longest delay is %v, want %v", delays[len(delays)-1], longestDelay)
	}
}

func TestAlwaysCountsAnExitWith0(t *testing.T) {
	m := NewMachine(RestartAlways, 0)
	m.Step(Event{Kind: Start})
	for range failureLimit {
		m.Step(Event{Kind: Spawned, Run: m.run})
		m.Step(Event{Kind: Recorded, Run: m.run})
		m.Step(Event{Kind: Ended, Run: m.run, At: epoch})
		m.Step(Event{Kind: Elapsed, Run: m.run})
	}
	if m.State() != Failed {
		t.Errorf("state %s, want failed: a loop of exits with 0 is a loop", m.State())
	}
}

// A server that cannot bind because of TIME_WAIT ends again and again through
// no fault of its own.
func TestFreeEndsAreNotCounted(t *testing.T) {
	m := NewMachine(RestartOnFailure, 0)
	m.Step(Event{Kind: Start})
	for range 3 * failureLimit {
		m.Step(Event{Kind: Spawned, Run: m.run})
		m.Step(Event{Kind: Recorded, Run: m.run})
		effects := m.Step(Event{Kind: Ended, Run: m.run, At: epoch, Exit: Exit{Code: 1}, Free: true, Reason: "TIME_WAIT"})
		if last := effects[len(effects)-1]; last.Kind != ArmTimer || last.Delay > longestFreeDelay {
			t.Fatalf("it is tried again with %+v", last)
		}
		if m.State() != Backoff || m.note != "TIME_WAIT" {
			t.Fatalf("state %s, note %q", m.State(), m.note)
		}
		m.Step(Event{Kind: Elapsed, Run: m.run})
	}
}

func TestNumberingGoesOn(t *testing.T) {
	m := NewMachine(RestartOnFailure, 41)
	if got := m.Step(Event{Kind: Start}); got[0].Run != 42 {
		t.Errorf("first run is %d, want 42", got[0].Run)
	}
}
