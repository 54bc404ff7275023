package engine

import (
	"testing"
	"time"
)

func TestPauseBetweenLooks(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		waits           bool
		age, cost, want time.Duration
	}{
		{true, 0, 0, ms},
		{true, 100 * ms, 0, 5 * ms},
		{true, 4 * time.Minute, 0, 5 * time.Second},
		{true, 100 * ms, 100 * time.Microsecond, 5 * ms},
		{true, 100 * ms, 40 * ms, 400 * ms},                    // a look that runs lsof
		{true, 4 * time.Minute, time.Second, 10 * time.Second}, // however slow it is
		{false, 0, 0, aliveIsReady},
		{false, 900 * ms, 40 * ms, 100 * ms}, // it is ready by then, whatever the last look cost
		{false, aliveIsReady, 0, 50 * ms},    // the look at its time has failed: it must not spin
		{false, 2 * time.Second, 40 * ms, 400 * ms},
	} {
		now := time.Now()
		a := &awaited{run: &Run{waits: c.waits}, alive: aliveIsReady, since: now.Add(-c.age)}
		if got, looks := a.pause(now, c.cost); got != c.want || !looks {
			t.Errorf("waits %v, age %v, cost %v: %v, want %v", c.waits, c.age, c.cost, got, c.want)
		}
	}
}

func TestLookingEnds(t *testing.T) {
	a := &awaited{run: &Run{waits: true}, alive: aliveIsReady, since: time.Now()}
	if _, looks := a.pause(a.since.Add(lookFor+time.Second), 0); looks {
		t.Error("a service that does not listen is looked at for ever")
	}
	b := newProber(nil, 0)
	b.waiting = []*awaited{a}
	if d, ok := b.pause(a.since.Add(time.Hour)); ok {
		t.Errorf("the next look comes in %v", d)
	}
	b.asked = true
	if d, ok := b.pause(a.since.Add(time.Hour)); !ok || d != 0 {
		t.Errorf("somebody asks, and the next look comes in %v (%v)", d, ok)
	}
}
