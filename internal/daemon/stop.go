package daemon

import (
	"context"
	"os"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/version"
)

// opDaemon describes the daemon.
func (d *Daemon) opDaemon(_ context.Context, s *ipc.Session, _ ipc.Request) error {
	reply := ipc.DaemonReply{
		PID: os.Getpid(), Version: version.String(), Started: d.started.UTC(),
		Socket: bytestr.String(d.address()), Log: bytestr.String(d.paths.DaemonLog()), Data: bytestr.String(d.paths.Data),
		Shells: d.shells.list(),
	}
	for _, p := range d.registry.all() {
		snapshot, _ := p.actor.Snapshot()
		if snapshot.Wanted() {
			reply.Projects++
		}
		for _, v := range snapshot.Services {
			if v.Live != nil {
				reply.Services++
			}
		}
	}
	return s.OK(reply)
}

// opStop names what will be stopped, asks the daemon to end, and keeps the
// connection until the process ends: its close is the proof.
func (d *Daemon) opStop(_ context.Context, s *ipc.Session, q ipc.Request) error {
	var req ipc.StopDaemon
	if err := q.Decode(&req); err != nil {
		return err
	}
	reply := ipc.StopReply{PID: os.Getpid(), Stopped: []string{}}
	for _, p := range d.registry.all() {
		snapshot, _ := p.actor.Snapshot()
		for _, v := range snapshot.Services {
			if v.Live != nil {
				reply.Stopped = append(reply.Stopped, p.name+"/"+v.Name)
			}
		}
	}
	d.askStop(req.Keep)
	if err := s.OK(reply); err != nil {
		return err
	}
	select {} // ended by the end of the process
}
