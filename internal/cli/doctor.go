package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/doctor"
	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/term"
)

func doctorCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "say what is wrong with the machine and the set-up",
		Long: "Examines the hook, the daemon, directories and limits. It changes nothing and\n" +
			"does not start the daemon. Exits with 1 if there is a problem.",
		Args: none,
		RunE: func(*cobra.Command, []string) error {
			p, err := paths.Discover()
			if err != nil {
				return err
			}
			findings := doctor.Examine(doctor.Real(p), p)
			if a.json {
				err = a.printJSON(map[string][]doctor.Finding{"findings": findings})
			} else {
				err = showFindings(a, findings)
			}
			if err == nil && count(findings, doctor.Problem) > 0 {
				err = exitStatus(1)
			}
			return err
		},
	}
	a.jsonFlag(cmd)
	return cmd
}

func count(findings []doctor.Finding, state string) (n int) {
	for _, f := range findings {
		if f.State == state {
			n++
		}
	}
	return n
}

var findingStyles = map[string]term.Style{
	doctor.OK: term.Good, doctor.Warning: term.Busy, doctor.Problem: term.Bad,
	doctor.Unknown: term.Quiet,
}

func showFindings(a *app, findings []doctor.Finding) error {
	for _, f := range findings {
		fmt.Fprintf(a.out, "%s  %s  %s\n",
			a.out.Paint(findingStyles[f.State], term.Pad(f.State, len(doctor.Problem))),
			term.Pad(f.ID, len("runtime-directory")), plain.Text(f.Evidence))
		if f.Remedy != "" {
			fmt.Fprintf(a.out, "         → %s\n", plain.Text(f.Remedy))
		}
	}
	problems, warnings := count(findings, doctor.Problem), count(findings, doctor.Warning)
	if problems+warnings == 0 {
		_, err := fmt.Fprintln(a.out, "nothing is wrong")
		return err
	}
	_, err := fmt.Fprintf(a.out, "problems: %d, warnings: %d\n", problems, warnings)
	return err
}
