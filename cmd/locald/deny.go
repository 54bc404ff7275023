package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/ipc"
)

func (a *app) denyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "deny [DIR]",
		Short: "never start a project by entering it, and say nothing of it",
		Args:  atMostOne("directory"),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				a.dir = args[0]
			}
			dir, err := a.workingDir()
			if err != nil {
				return err
			}
			var reply ipc.DenyReply
			if err := a.call(ipc.OpDeny, ipc.Deny{Dir: dir}, &reply); err != nil {
				return err
			}
			if a.json {
				return a.printJSON(reply)
			}
			fmt.Fprintf(a.out, "denied; entering %s starts nothing any more\n", tilde(printable(string(reply.Root))))
			if len(reply.Up) > 0 {
				fmt.Fprintf(a.out, "still up: %s · locald down\n", strings.Join(reply.Up, ", "))
			}
			return nil
		},
	}
	a.jsonFlag(cmd)
	return cmd
}
