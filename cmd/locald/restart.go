package main

import (
	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/ipc"
)

func (a *app) restartCommand() *cobra.Command {
	return a.orderCommand(ipc.OpRestart, &cobra.Command{
		Use:   "restart [SERVICE...]",
		Short: "stop and start services, with Procfile and .env read anew",
	})
}
