package main

import (
	"testing"

	"github.com/locald/locald/internal/ipc"
)

func TestNextStep(t *testing.T) {
	web := func(state string) []ipc.Service { return []ipc.Service{{Name: "web", State: state}} }
	for _, c := range []struct {
		p    ipc.Project
		want string
	}{
		{ipc.Project{Trust: "unknown", Services: web("stopped")}, "locald allow"},
		{ipc.Project{Trust: "changed", Wanted: true, Services: web("running")}, "locald allow"},
		{ipc.Project{Trust: "allowed", Services: web("stopped")}, "locald up"},
		{ipc.Project{Trust: "allowed", Wanted: true, Services: web("running")}, "locald logs -f"},
		{ipc.Project{Trust: "allowed", Wanted: true, Services: web("failed")}, "locald logs web"},
		{ipc.Project{Trust: "denied", Services: web("stopped")}, "locald up"},
		{ipc.Project{Trust: "unsafe"}, "locald check"},
		{ipc.Project{Trust: "gone", Services: web("running")}, "locald check"},
		{ipc.Project{Trust: "allowed"}, "locald check"},
	} {
		if got := nextStep(c.p); got.command != c.want || got.why == "" {
			t.Errorf("%+v: %+v, want %s", c.p, got, c.want)
		}
	}
}
