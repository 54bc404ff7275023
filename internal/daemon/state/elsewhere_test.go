package state

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/locald/locald/internal/procid"
)

// A record goes from one place to another and back, and to the next boot.
func TestRecordFromAnotherPlace(t *testing.T) {
	host := procid.Place{Boot: "a", Machine: "m", Host: "box"}
	container := procid.Place{Boot: "a/pid:[7]", Machine: "n"}
	run := func(number int, at procid.Place) Run {
		return Run{
			Number: number, Leader: procid.Identity{Boot: at.Boot, PID: 10 + number, Start: 5},
			Marker: "m", Machine: at.Machine, Host: at.Host,
		}
	}
	written := Record{
		Wanted: []string{"web", "job"}, Entered: []string{"web"},
		Runs: map[string]Run{"web": run(1, host), "job": run(2, host)},
	}
	aside := Record{
		Runs: map[string]Run{}, Wanted: []string{}, Entered: []string{},
		Elsewhere: []Elsewhere{
			{Service: "job", Run: run(2, host), Wanted: true},
			{Service: "web", Run: run(1, host), Wanted: true, Entered: true},
		},
	}
	const living = 4711
	ofALivingDaemon := run(1, host)
	ofALivingDaemon.Daemon = procid.Identity{Boot: host.Boot, PID: living, Start: 1}
	inContainer := aside
	inContainer.Runs = map[string]Run{"web": run(3, container)}
	inContainer.Wanted = []string{"web"}
	for name, c := range map[string]struct {
		r    Record
		here procid.Place
		want Record
	}{
		"its own place":            {written, host, written},
		"a container":              {written, container, aside},
		"the container, once more": {aside, container, aside},
		"its own place, after the container": {inContainer, host, Record{
			Wanted: []string{"job", "web"}, Entered: []string{"web"},
			Runs:      map[string]Run{"job": run(2, host), "web": run(1, host)},
			Elsewhere: []Elsewhere{{Service: "web", Run: run(3, container), Wanted: true}},
		}},
		"a copy of it": {
			Record{Wanted: []string{"web"}, Runs: map[string]Run{"web": ofALivingDaemon}},
			host,
			Record{
				Runs:      map[string]Run{},
				Elsewhere: []Elsewhere{{Service: "web", Run: ofALivingDaemon, Wanted: true}},
			},
		},
		"the next boot": {written, procid.Place{Boot: "b", Machine: "m"}, written},
		"the next boot, in a container that nothing tells from others": {
			written, procid.Place{Boot: "b/pid:[7]"}, written,
		},
		"another machine": {written, procid.Place{Boot: "b", Machine: "o"}, aside},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewStore(t.TempDir())
			c.r.Root = "/shop"
			if err := s.Save("shop-1", c.r); err != nil {
				t.Fatal(err)
			}
			read, troubles, err := s.Load()
			if err != nil || len(troubles) > 0 {
				t.Fatal(err, troubles)
			}
			c.want.Root, c.want.Schema = "/shop", Schema
			got := read["shop-1"].From(c.here, func(d procid.Identity) bool { return d.PID == living })
			if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("the record (-want +got):\n%s", diff)
			}
		})
	}
}
