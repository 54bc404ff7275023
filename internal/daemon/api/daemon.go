package api

import (
	"context"
	"os"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/wire"
)

// daemonStatus describes the daemon.
func (a *API) daemonStatus(context.Context, wire.None) (wire.DaemonReply, error) {
	reply := a.daemon.Describe()
	reply.Shells = []wire.Shell{}
	for _, s := range a.e.Shells() {
		reply.Shells = append(
			reply.Shells, wire.Shell{PID: s.PID, Start: s.Start, Root: bytestr.String(s.Root)},
		)
	}
	for _, p := range a.e.All() {
		if p.Snapshot().Wanted() {
			reply.Projects++
		}
		reply.Services += len(p.Up())
	}
	return reply, nil
}

// stop names what will be stopped and asks the daemon to end.
func (a *API) stop(_ context.Context, req wire.StopRequest) (wire.StopReply, error) {
	reply := wire.StopReply{PID: os.Getpid(), Stopped: []string{}}
	for _, p := range a.e.All() {
		for _, service := range p.Up() {
			reply.Stopped = append(reply.Stopped, p.Name()+"/"+service)
		}
	}
	a.daemon.Stop(req.Keep)
	return reply, nil
}
