package proc

import (
	"slices"
	"sync"
	"syscall"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
)

// Leftover is what the record of a dead daemon says about one run.
type Leftover struct {
	Leader   procid.Identity
	Marker   string
	Terminal string
	Pipes    []string
	Leased   []int // of its project
	// Listener was found listening when the service became ready. It tells a program that blanked
	// its environment and with it the marker.
	Listener procid.Identity
}

// Swept is what a sweep did.
type Swept struct {
	Killed    []Info // were alive and are gone
	Survivors []Info // would not die: they hang in the kernel
	Detached  []Info // carry a marker but hold nothing of ours; left alive
}

// Sweep ends what is left of the runs of a dead daemon: SIGTERM, two seconds, SIGKILL, verified.
// Every signal goes through a descriptor whose process was compared with the record, so it reaches
// nobody else. Runs of another boot are skipped: nothing of them can be alive.
func (h *Host) Sweep(runs []Leftover) Swept {
	boot, err := procid.Boot()
	if err != nil {
		return Swept{}
	}
	// All at once, since each may take its whole grace, and the new daemon answers nobody until
	// this is over.
	var (
		wg  sync.WaitGroup
		mu  sync.Mutex
		out Swept
	)
	for _, run := range runs {
		if run.Leader.Boot != boot {
			continue
		}
		wg.Go(func() {
			one := h.sweepRun(run)
			mu.Lock()
			defer mu.Unlock()
			out.Killed = append(out.Killed, one.Killed...)
			out.Survivors = append(out.Survivors, one.Survivors...)
			out.Detached = append(out.Detached, one.Detached...)
		})
	}
	wg.Wait()
	return out
}

// sweepRun names what it finds before it ends it: afterwards there is nobody to ask for a command
// line.
func (h *Host) sweepRun(run Leftover) Swept {
	// The daemon had the other end of the terminal, and has died: what has the same path by now is
	// another one, perhaps that of a shell which inherited the marker.
	links := run.Pipes
	if link, ok := procinfo.Abandoned(run.Terminal); ok && run.Terminal != "" {
		links = append(slices.Clone(links), link)
	}
	t := newSweptTree(run, links, run.Leader.Alive() && h.ofRun(run.Leader.PID, run.Marker))
	if run.Listener.Alive() && h.ofRun(run.Listener.PID, run.Marker) {
		t.keep(run.Listener)
	}
	members, _ := t.members(h.scanner.Scan())
	found := describe(members)
	c := shutdown{host: h, tree: t}
	survivors, detached := c.run(stopRequest{syscall.SIGTERM, LeftoverGrace})
	return Swept{Killed: without(found, survivors), Survivors: survivors, Detached: detached}
}

// ofRun reports whether a process that a record names is of the run by its own testimony. A record
// can be wrong, or edited. Where the system shows no brands a process without a marker is believed
// to be what the record says.
func (h *Host) ofRun(pid int, marker string) bool {
	limit, inEnvironment := h.testimony(pid)
	if !showsBrands && inEnvironment() == "" {
		return true
	}
	return carries(marker, limit, inEnvironment)
}

// without returns the processes of all that are not among the others.
func without(all, not []Info) []Info {
	var out []Info
	for _, a := range all {
		kept := false
		for _, n := range not {
			kept = kept || n.PID == a.PID
		}
		if !kept {
			out = append(out, a)
		}
	}
	return out
}
