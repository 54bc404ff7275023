package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/paths"
)

// completionBudget is what a person who pressed TAB does not notice.
const completionBudget = 50 * time.Millisecond

// completeServices offers the services of this project. It asks a daemon that
// runs and never starts one.
func (a *app) completeServices(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	reply, err := a.glance()
	if err == nil {
		for _, p := range reply.Projects {
			for _, s := range p.Services {
				names = append(names, s.Name)
			}
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) glance() (ipc.StatusReply, error) {
	var reply ipc.StatusReply
	dir, err := a.workingDir()
	if err != nil {
		return reply, err
	}
	p, err := paths.Discover()
	if err != nil {
		return reply, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), completionBudget)
	defer cancel()
	c, err := ipc.Dial(ctx, p)
	if err != nil {
		return reply, err
	}
	defer c.Close()
	err = c.Call(ipc.OpStatus, ipc.Scope{Dir: dir}, &reply)
	return reply, err
}
