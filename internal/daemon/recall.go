package daemon

import (
	"log/slog"
	"maps"
	"os"
	"slices"

	"github.com/locald/locald/internal/crashpoint"
	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/proc"
	"github.com/locald/locald/internal/daemon/state"
	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
)

// recall has an engine take over what the daemons before this one have left. Their processes are
// ended first.
func recall(e *engine.Engine, host *proc.Host, store *state.Store) error {
	records, troubles, err := store.Load()
	if err != nil {
		return err
	}
	lives, err := others()
	if err != nil {
		return err
	}
	for slug, r := range records {
		r = r.From(e.Place, lives)
		records[slug] = r
		for _, run := range r.Elsewhere {
			e.Log.Warn(
				"left alone: a run of another container or machine, or of a daemon that lives",
				"project", r.Name,
				"service", run.Service, "run", run.Number, "host", run.Host,
				"pid", run.Leader.PID,
			)
		}
	}
	sweep(host, records, e.Log)
	e.Recall(records, troubles)
	return nil
}

// others returns whether another daemon is alive. Of this data directory there is none, or we would
// not have the lock; but a directory can be copied, with all that is recorded in it.
func others() (lives func(procid.Identity) bool, err error) {
	table, err := procinfo.Table()
	if err != nil {
		return nil, err
	}
	now := procinfo.NewScan(table)
	return func(id procid.Identity) bool {
		p, listed := now.Find(id)
		return listed && !p.Zombie && id.PID != os.Getpid()
	}, nil
}

// sweep ends what is left of the runs in the records.
func sweep(host *proc.Host, records map[string]state.Record, log *slog.Logger) {
	var left []proc.Leftover
	for _, r := range records {
		for _, run := range r.Runs {
			l := proc.Leftover{
				Leader: run.Leader, Marker: run.Marker, Terminal: run.Terminal,
				Pipes:  run.Pipes,
				Leased: slices.Collect(maps.Values(r.Ports)),
			}
			if run.Listener != nil {
				l.Listener = *run.Listener
			}
			left = append(left, l)
		}
	}
	if len(left) == 0 {
		return
	}
	swept := host.Sweep(left)
	crashpoint.Reach(crashpoint.InSweep)
	log.Warn(
		"a daemon before this one ended without stopping its services", "runs", len(left),
		"killed", len(swept.Killed),
	)
	for _, s := range swept.Survivors {
		log.Error("a leftover cannot be killed", "pid", s.PID, "command", s.Command)
	}
	for _, s := range swept.Detached {
		log.Info(
			"left alive: started by a service, but it holds nothing of ours", "pid", s.PID,
			"command", s.Command,
		)
	}
}
