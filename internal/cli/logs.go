package cli

import (
	"errors"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/client"
	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/term"
	"github.com/locald/locald/internal/wire"
)

func logsCommand(a *app) *cobra.Command {
	var req wire.LogsRequest
	var words logTime
	show := term.NewLogs(a.out)
	cmd := &cobra.Command{
		Use:   "logs [SERVICE...]",
		Short: "show what services printed",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := words.read(&req, time.Now()); err != nil {
				return err
			}
			if words != (logTime{}) && !cmd.Flags().Changed("lines") {
				req.Tail = -1 // a selection by time, run or text is wanted whole
			}
			if req.Tail < -1 {
				return wire.Usagef("cannot show the last %d lines: "+
					"-n takes a number of lines, or -1 for all", req.Tail)
			}
			dir, err := a.workingDir()
			if err != nil {
				return err
			}
			req.Dir, req.Targets = dir, args
			if err := showLogs(a, req, show); err != errAbandoned {
				return err
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&req.Follow, "follow", "f", false, "keep printing new lines as they come")
	cmd.Flags().IntVarP(&req.Tail, "lines", "n", 200,
		"only the last `N` lines; -1 for all; all with --since, --until, --run or --grep")
	cmd.Flags().StringVar(&words.since, "since", "",
		"only from `TIME` on: 5m (ago), 15:04, \"2006-01-02 15:04\", RFC 3339")
	cmd.Flags().StringVar(&words.until, "until", "", "only up to `TIME`")
	cmd.Flags().StringVar(&words.run, "run", "",
		"only what was printed in `RUN`: last, or its number")
	cmd.Flags().StringVar(&words.grep, "grep", "",
		"only lines that match the regular expression `RE`")
	cmd.Flags().StringVar(&req.After, "after", "",
		"only what comes after `CURSOR`, which a search that took too long has told")
	cmd.Flags().BoolVarP(&show.Stamps, "timestamps", "t", false, "say when each line was printed")
	cmd.Flags().BoolVar(&show.NoPrefix, "no-prefix", false,
		"leave out the names of project and service")
	cmd.Flags().BoolVar(&req.All, "all", false, "every project")
	cmd.Flags().BoolVar(&a.json, "json", false, "print one JSON record per line")
	cmd.ValidArgsFunction = a.completeServices
	return cmd
}

// errAbandoned ends following when the reader has gone away.
var errAbandoned = errors.New("nobody reads the logs any more")

func showLogs(a *app, req wire.LogsRequest, show *term.Logs) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	defer c.Close()
	emit := func(ev wire.LogEvent) error {
		if a.json {
			return logRecords(a, ev.Lines)
		}
		for _, l := range ev.Lines { // so that the bars of one batch line up
			show.Measure(l.Project + "/" + l.Service)
		}
		for _, l := range ev.Lines {
			show.Line(term.LogLine{
				Time: l.Time, Label: l.Project + "/" + l.Service, Text: l.Line,
				Notice: l.Stream == wire.StreamLocald, Open: l.Open, Joins: l.Joins,
			})
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
	reply, err := client.Stream(c, wire.Logs, req, emit)
	if err == nil && reply.More {
		err = &wire.Error{
			Code: wire.CodeTimeout,
			Msg:  "cannot search everything at once: it takes too long, and there is more",
			Hint: "go on from here: the same command with --after " + plain.Quote(reply.Cursor),
		}
	}
	select {
	case <-abandoned:
		return errAbandoned
	default:
	}
	// First, so that what is wrong stands on a line of its own.
	if closeErr := show.Close(); err == nil {
		err = closeErr
	}
	if errors.Is(err, syscall.EPIPE) {
		return errAbandoned
	}
	return err
}

// logRecords prints JSON lines.
func logRecords(a *app, lines []wire.Line) error {
	enc := a.encoder()
	for _, l := range lines {
		if err := enc.Encode(l); err != nil {
			return err
		}
	}
	return nil
}
