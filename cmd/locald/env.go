package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/bytestr"
)

func (a *app) envCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "env [SERVICE]",
		Short: "print the environment that a service gets",
		Long:  "Prints the environment that a service (or any command of the project) would get from this shell, quoted for a POSIX shell.",
		Args:  atMostOne("service"),
		RunE: func(_ *cobra.Command, args []string) error {
			service := ""
			if len(args) == 1 {
				service = args[0]
			}
			return a.env(service)
		},
	}
	a.jsonFlag(cmd)
	cmd.ValidArgsFunction = a.completeServices
	return cmd
}

func (a *app) env(service string) error {
	reply, err := a.envOf(service)
	if err != nil {
		return err
	}
	if a.json {
		values := make(map[string]bytestr.String, len(reply.Vars))
		for _, v := range reply.Vars {
			values[v.Name] = v.Value
		}
		return a.printJSON(values)
	}
	for _, w := range reply.Warnings {
		fmt.Fprintf(a.err, "locald: %s\n", w)
	}
	var b strings.Builder
	for _, v := range reply.Vars {
		b.WriteString(v.Name + "=" + shellQuote(string(v.Value)) + "\n")
	}
	_, err = fmt.Fprint(a.out, b.String())
	return err
}

// shellQuote makes a word that every POSIX shell reads back as it was.
func shellQuote(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%"
	if s != "" && strings.Trim(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
