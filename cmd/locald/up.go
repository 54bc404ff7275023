package main

import (
	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/ipc"
)

func (a *app) upCommand() *cobra.Command {
	return a.orderCommand(ipc.OpUp, &cobra.Command{
		Use:     "up [SERVICE...]",
		Aliases: []string{"start"},
		Short:   "start services and wait until they are ready",
		Long: "Starts the services of the project (or the named ones) and waits until they are ready.\nThose that are up stay as they are.\n\n" +
			"SERVICE=N starts N instances of a line of the Procfile, as in: up web=2,worker=1,all=1",
	})
}
