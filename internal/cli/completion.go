package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/client"
	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/wire"
)

// completionBudget is what a person who pressed TAB does not notice.
const completionBudget = 50 * time.Millisecond

// completeServices offers the services of this project and, once a slash is
// typed, those of all others. It asks a daemon that runs and never starts one.
func (a *app) completeServices(
	_ *cobra.Command, _ []string, typed string,
) ([]string, cobra.ShellCompDirective) {
	elsewhere := strings.Contains(typed, "/")
	var names []string
	for _, p := range a.glance(elsewhere) {
		for _, s := range p.Services {
			if elsewhere {
				names = append(names, p.Name+"/"+s.Name)
			} else {
				names = append(names, s.Name)
			}
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeProjects offers the projects that the daemon knows.
func (a *app) completeProjects(
	*cobra.Command, []string, string,
) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, p := range a.glance(true) {
		names = append(names, p.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// glance is a status for completion: what does not come in time is not offered.
func (a *app) glance(all bool) []wire.Project {
	dir, err := a.workingDir()
	if err != nil {
		return nil
	}
	p, err := paths.Discover()
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), completionBudget)
	defer cancel()
	c, err := client.Dial(ctx, p)
	if err != nil {
		return nil
	}
	defer c.Close()
	var come []wire.Project
	_, _ = eachProject(c, wire.Scope{Dir: dir, All: all}, func(p wire.Project) error {
		come = append(come, p)
		return nil
	})
	return come
}
