package main

import (
	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/ipc"
)

func (a *app) downCommand() *cobra.Command {
	return a.orderCommand(ipc.OpDown, &cobra.Command{
		Use:     "down [SERVICE...]",
		Aliases: []string{"stop"},
		Short:   "stop services and wait until they are gone",
		Long:    "Stops the services of the project (or the named ones): SIGTERM, and SIGKILL after 10 s.\nThey stay down while a shell is in the project, until: locald up",
	})
}
