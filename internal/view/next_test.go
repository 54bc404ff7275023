package view

import (
	"testing"

	"github.com/locald/locald/internal/wire"
)

func TestNextStep(t *testing.T) {
	web := func(state wire.State) []wire.Service { return []wire.Service{{Name: "web", State: state}} }
	for _, c := range []struct {
		p    wire.Project
		want string
	}{
		{wire.Project{Trust: "unknown", Services: web("stopped")}, "locald allow"},
		{wire.Project{Trust: "changed", Wanted: true, Services: web("running")}, "locald allow"},
		{wire.Project{Trust: "allowed", Services: web("stopped")}, "locald up"},
		{wire.Project{Trust: "allowed", Wanted: true, Services: web("running")}, "locald logs -f"},
		{wire.Project{Trust: "allowed", Wanted: true, Services: web("failed")}, "locald logs web"},
		{wire.Project{Trust: "denied", Services: web("stopped")}, "locald up"},
		{wire.Project{Trust: "unsafe"}, "locald check"},
		{wire.Project{Trust: "gone", Services: web("running")}, "locald check"},
		{wire.Project{Trust: "allowed"}, "locald check"},
	} {
		if got := Next(c.p); got.Command != c.want || got.Why == "" {
			t.Errorf("%+v: %+v, want %s", c.p, got, c.want)
		}
	}
}
