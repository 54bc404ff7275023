package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/term"
	"github.com/locald/locald/internal/wire"
)

// envFlags say how an environment is shown.
type envFlags struct {
	explain, values bool
}

func envCommand(a *app) *cobra.Command {
	var f envFlags
	cmd := &cobra.Command{
		Use:   "env [SERVICE]",
		Short: "print the environment that a service gets",
		Long: "Prints the environment that a service (or any command of the project) would get\n" +
			"from this shell, quoted for a POSIX shell.",
		Args: atMostOne("service"),
		RunE: func(_ *cobra.Command, args []string) error {
			service := ""
			if len(args) == 1 {
				service = args[0]
			}
			return printEnv(a, service, f)
		},
	}
	cmd.Flags().BoolVar(&f.explain, "explain", false,
		"say which file and line set each variable, and what that hides, without the values")
	cmd.Flags().BoolVar(&f.values, "show-values", false,
		"with --explain, on a terminal: the values too")
	a.jsonFlag(cmd)
	cmd.ValidArgsFunction = a.completeServices
	return cmd
}

func printEnv(a *app, service string, f envFlags) error {
	switch {
	case f.values && !f.explain:
		return wire.Usagef("cannot read the command line: --show-values goes with --explain; " +
			"without --explain, values are shown anyway")
	case f.values && (!a.out.TTY || a.json):
		return wire.Usagef("cannot show values here: --show-values works on a terminal only")
	}
	reply, err := envOf(a, service, false)
	if err != nil {
		return err
	}
	if !a.json {
		for _, w := range reply.Warnings {
			fmt.Fprintf(a.err, "locald: %s\n", w)
		}
	}
	switch {
	case f.explain:
		return explainEnv(a, reply.Vars, f.values)
	case a.json:
		values := make(map[string]bytestr.String, len(reply.Vars))
		for _, v := range reply.Vars {
			values[v.Name] = v.Value
		}
		return a.printJSON(values)
	}
	var b strings.Builder
	for _, v := range reply.Vars {
		b.WriteString(v.Name + "=" + plain.Word(string(v.Value)) + "\n")
	}
	_, err = fmt.Fprint(a.data(), b.String())
	return err
}

// sourceShell is where most variables come from, and the least interesting.
const sourceShell = "shell"

// explained is one variable in --explain --json.
type explained struct {
	Name     string   `json:"name"`
	Source   string   `json:"source"`
	Overrode []string `json:"overrode"`
}

// explainEnv says where each variable comes from, those of the shell last.
func explainEnv(a *app, vars []wire.Var, values bool) error {
	slices.SortStableFunc(vars, func(x, y wire.Var) int {
		return cmp.Compare(rank(x), rank(y))
	})
	if a.json {
		out := []explained{}
		for _, v := range vars {
			out = append(out, explained{v.Name, v.Source, append([]string{}, v.Overrode...)})
		}
		return a.printJSON(out)
	}
	var rows [][]term.Cell
	for _, v := range vars {
		over := ""
		if len(v.Overrode) > 0 {
			over = "over " + strings.Join(v.Overrode, ", ")
		}
		row := []term.Cell{{Text: v.Name}, {Text: v.Source}, {Text: over, Style: term.Quiet}}
		if values {
			row = append(row, term.Cell{Text: plain.Word(plain.Text(string(v.Value)))})
		}
		rows = append(rows, row)
	}
	return a.out.Table("", rows)
}

func rank(v wire.Var) int {
	if v.Source == sourceShell {
		return 1
	}
	return 0
}
