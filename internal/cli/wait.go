package cli

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/wire"
)

func waitCommand(a *app) *cobra.Command {
	var req wire.WaitRequest
	var goal string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "wait [SERVICE...]",
		Short: "wait until services are ready, have ended or have printed a line",
		Long: "Waits until services are ready, or for something else:\n" +
			"  --for ready    a service that has ended with 0 counts too\n" +
			"  --for exit     they have ended by themselves\n" +
			"  --for log=RE   they have printed a line that the regular expression RE matches,\n" +
			"                 in their current run\n" +
			"It starts nothing. One that fails ends the wait at once, with 5; one that is down,\n" +
			"with 3.",
		RunE: func(_ *cobra.Command, args []string) error {
			if timeout < 0 {
				return wire.Usagef("cannot wait for %v: --timeout takes a duration such as 30s",
					timeout)
			}
			dir, err := a.workingDir()
			if err != nil {
				return err
			}
			req.Dir, req.Targets, req.TimeoutMS = dir, args, timeout.Milliseconds()
			req.For = wire.Goal(goal)
			if match, ok := strings.CutPrefix(goal, string(wire.WaitLog)+"="); ok {
				req.For, req.Match = wire.WaitLog, match
			}
			return follow(a, wire.Wait, req, req.All)
		},
	}
	cmd.Flags().StringVar(&goal, "for", string(wire.WaitReady),
		"what to wait for: ready, exit or log=`RE`")
	cmd.Flags().DurationVar(&timeout, "timeout", 60*time.Second, "how long to wait; 0 for ever")
	cmd.Flags().BoolVar(&req.All, "all", false, "every project that is up")
	a.jsonFlag(cmd)
	cmd.ValidArgsFunction = a.completeServices
	return cmd
}
