package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/client"
	"github.com/locald/locald/internal/term"
	"github.com/locald/locald/internal/view"
	"github.com/locald/locald/internal/wire"
)

// orderOp is up, down or restart.
type orderOp = wire.Op[wire.OrderRequest, wire.OrderEvent, wire.OrderReply]

// orderFlags are what up, down and restart have in common.
type orderFlags struct {
	all, noWait, now, foreground, changed bool
	timeout                               time.Duration
}

func orderCommand(a *app, op orderOp, cmd *cobra.Command) *cobra.Command {
	var f orderFlags
	every := "every project"
	if op != wire.Down {
		every = "every project that is allowed"
	}
	cmd.Flags().BoolVar(&f.all, "all", false, every)
	cmd.Flags().BoolVar(&f.noWait, "no-wait", false, "do not wait until it is done")
	cmd.Flags().DurationVar(&f.timeout, "timeout", 60*time.Second, "how long to wait; 0 for ever")
	if op == wire.Up {
		cmd.Flags().BoolVar(&f.foreground, "foreground", false,
			"follow the logs; Ctrl-C or a failure stops everything")
	}
	if op == wire.Restart {
		cmd.Flags().BoolVar(&f.changed, "changed", false,
			"only services whose files have changed since they started")
	}
	if op == wire.Down {
		cmd.Flags().BoolVar(&f.now, "now", false, "kill at once (SIGKILL)")
	}
	a.jsonFlag(cmd)
	cmd.ValidArgsFunction = a.completeServices
	cmd.RunE = func(_ *cobra.Command, args []string) error { return giveOrder(a, op, f, args) }
	return cmd
}

func giveOrder(a *app, op orderOp, f orderFlags, targets []string) error {
	if f.timeout < 0 {
		return wire.Usagef("cannot wait for %v: --timeout takes a duration such as 30s", f.timeout)
	}
	dir, err := a.workingDir()
	if err != nil {
		return err
	}
	order := wire.OrderRequest{
		Scope: wire.Scope{Dir: dir, All: f.all, Targets: targets},
		Wait:  !f.noWait, TimeoutMS: f.timeout.Milliseconds(), Hurry: f.now, Changed: f.changed,
	}
	if op != wire.Down {
		order.Env = a.environment()
	}
	if f.foreground {
		if f.all || f.noWait || a.json {
			return wire.Usagef("cannot stay in the foreground with --all, --no-wait or --json")
		}
		return foreground(a, order)
	}
	return follow(a, op, order, f.all)
}

// follow makes a request whose answer is a stream of progress and then the results, and shows both.
func follow[Req any](
	a *app, op wire.Op[Req, wire.OrderEvent, wire.OrderReply], req Req, all bool,
) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	defer c.Close()
	shown := progress{out: a.err, states: make(map[string]string)}
	reply, err := client.Stream(c, op, req, shown.event)
	shown.clear()
	if err != nil {
		return err
	}
	return showOrder(a, all, reply)
}

// progress is one line that is drawn over, on a terminal only.
type progress struct {
	out    *term.Printer
	order  []string
	states map[string]string
	drawn  bool
}

func (p *progress) event(ev wire.OrderEvent) error {
	if _, known := p.states[ev.Service.Name]; !known {
		p.order = append(p.order, ev.Service.Name)
	}
	p.states[ev.Service.Name] = view.State(ev.Service)
	p.draw()
	return nil
}

func (p *progress) draw() {
	if !p.out.TTY {
		return
	}
	var parts []string
	for _, name := range p.order {
		parts = append(parts, name+" "+p.states[name])
	}
	line := strings.Join(parts, " · ")
	if runes := []rune(line); len(runes) > 78 {
		line = string(runes[:77]) + "…"
	}
	fmt.Fprintf(p.out.Writer, "\r\x1b[K%s", p.out.Paint(term.Quiet, line))
	p.drawn = true
}

func (p *progress) clear() {
	if p.drawn {
		fmt.Fprint(p.out.Writer, "\r\x1b[K")
	}
}

func showOrder(a *app, all bool, reply wire.OrderReply) error {
	if a.json {
		if err := a.printJSON(reply); err != nil {
			return err
		}
	} else {
		showResults(a, all, reply)
	}
	if reply.Code == "" {
		return nil
	}
	return exitStatus(reply.Code.ExitStatus())
}

func showResults(a *app, all bool, reply wire.OrderReply) {
	for _, w := range reply.Warnings {
		fmt.Fprintf(a.err, "locald: %s\n", w)
	}
	var rows [][]term.Cell
	for _, r := range reply.Results {
		rows = append(rows, view.ResultRow(r, all || view.Differ(reply.Results)))
	}
	if len(rows) == 0 {
		fmt.Fprintln(a.out, "nothing to do")
	}
	_ = a.out.Table("", rows)
	for _, r := range reply.Results {
		for _, line := range r.LastLines {
			a.out.Printed(r.Service.Name, line)
		}
		if r.Outcome == wire.OutcomeFailed && len(r.LastLines) > 0 {
			fmt.Fprintf(a.out, "more: locald logs %s\n", r.Service.Name)
		}
	}
	for _, r := range reply.Results {
		for _, l := range r.Left {
			fmt.Fprintf(a.err, "locald: %s\n", view.Left(r.Service.Name, l))
		}
	}
	if reply.Message != "" {
		fmt.Fprintf(a.err, "locald: %s\n", reply.Message)
	}
}

func upCommand(a *app) *cobra.Command {
	return orderCommand(a, wire.Up, &cobra.Command{
		Use:     "up [SERVICE...]",
		Aliases: []string{"start"},
		Short:   "start services and wait until they are ready",
		Long: "Starts the services of the project (or the named ones) and waits until they are\n" +
			"ready. Services that are up are left alone.\n\n" +
			"SERVICE=N starts N instances of a line of the Procfile, as in:\n" +
			"  locald up web=2,worker=1,all=1",
	})
}

func downCommand(a *app) *cobra.Command {
	return orderCommand(a, wire.Down, &cobra.Command{
		Use:     "down [SERVICE...]",
		Aliases: []string{"stop"},
		Short:   "stop services and wait until they are gone",
		Long: "Stops the services of the project (or the named ones): SIGTERM, and SIGKILL\n" +
			"after 10 s. They stay down until locald up, or until every shell has left and one\n" +
			"comes back.",
	})
}

func restartCommand(a *app) *cobra.Command {
	return orderCommand(a, wire.Restart, &cobra.Command{
		Use:   "restart [SERVICE...]",
		Short: "stop and start services, reading Procfile and .env again",
	})
}
