package main

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/term"
)

func (a *app) logsCommand() *cobra.Command {
	var req ipc.Logs
	cmd := &cobra.Command{
		Use:   "logs [SERVICE...]",
		Short: "show what services printed",
		RunE: func(_ *cobra.Command, args []string) error {
			dir, err := a.workingDir()
			if err != nil {
				return err
			}
			req.Dir, req.Targets = dir, args
			return a.logs(req)
		},
	}
	cmd.Flags().BoolVarP(&req.Follow, "follow", "f", false, "go on with what is printed from now on")
	cmd.Flags().IntVarP(&req.Tail, "lines", "n", 200, "only the last `N` lines; -1 for all")
	cmd.Flags().BoolVar(&req.All, "all", false, "every project")
	cmd.Flags().BoolVar(&a.json, "json", false, "print one JSON record per line")
	cmd.ValidArgsFunction = a.completeServices
	return cmd
}

func (a *app) logs(req ipc.Logs) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	defer c.Close()
	show := term.NewLogs(a.out)
	emit := func(raw json.RawMessage) error {
		var ev ipc.LogEvent
		if err := json.Unmarshal(raw, &ev); err != nil {
			return err
		}
		if a.json {
			return a.logRecords(ev.Lines)
		}
		for _, l := range ev.Lines { // so that the bars of one batch stand below each other
			show.Measure(l.Project + "/" + l.Service)
		}
		for _, l := range ev.Lines {
			show.Line(term.LogLine{Label: l.Project + "/" + l.Service, Text: l.Line, Notice: l.Stream == "locald", Open: l.Open, Joins: l.Joins})
		}
		return show.Flush()
	}
	abandoned := make(<-chan struct{})
	if req.Follow {
		abandoned = a.out.Abandoned()
		go func() {
			<-abandoned
			c.Close()
		}()
	}
	err = c.Stream(ipc.OpLogs, req, emit, nil)
	select {
	case <-abandoned: // who read this has seen enough
		return nil
	default:
	}
	if err != nil {
		return err
	}
	return show.Close()
}

// logRecords prints JSON lines.
func (a *app) logRecords(lines []ipc.Line) error {
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	for _, l := range lines {
		if err := enc.Encode(l); err != nil {
			return err
		}
	}
	return nil
}
