package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/term"
)

// orderFlags are what up, down and restart have in common.
type orderFlags struct {
	all, noWait, now, foreground, changed bool
	timeout                               time.Duration
}

func (a *app) orderCommand(op string, cmd *cobra.Command) *cobra.Command {
	var f orderFlags
	cmd.Flags().BoolVar(&f.all, "all", false, "every project")
	cmd.Flags().BoolVar(&f.noWait, "no-wait", false, "do not wait until it is so")
	cmd.Flags().DurationVar(&f.timeout, "timeout", 60*time.Second, "how long to wait; 0 for ever")
	if op == ipc.OpUp {
		cmd.Flags().BoolVar(&f.foreground, "foreground", false, "follow the logs; Ctrl-C, or a failure, takes everything down again")
	}
	if op == ipc.OpRestart {
		cmd.Flags().BoolVar(&f.changed, "changed", false, "only what does not run as its files say now")
	}
	if op == ipc.OpDown {
		cmd.Flags().BoolVar(&f.now, "now", false, "SIGKILL at once")
	}
	a.jsonFlag(cmd)
	cmd.ValidArgsFunction = a.completeServices
	cmd.RunE = func(_ *cobra.Command, args []string) error { return a.order(op, f, args) }
	return cmd
}

func (a *app) order(op string, f orderFlags, targets []string) error {
	if f.timeout < 0 {
		return usage("cannot wait for %v: --timeout takes a duration such as 30s", f.timeout)
	}
	dir, err := a.workingDir()
	if err != nil {
		return err
	}
	order := ipc.Order{
		Scope: ipc.Scope{Dir: dir, All: f.all, Targets: targets},
		Wait:  !f.noWait, TimeoutMS: f.timeout.Milliseconds(), Hurry: f.now, Changed: f.changed,
	}
	if op != ipc.OpDown {
		order.Env = a.environment()
	}
	if f.foreground {
		if f.all || f.noWait || a.json {
			return usage("cannot stay in the foreground with --all, --no-wait or --json")
		}
		return a.foreground(order)
	}
	return a.await(op, order, f.all)
}

// await makes a request whose answer is a stream of progress and then the
// results, and shows both.
func (a *app) await(op string, body any, all bool) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	defer c.Close()
	shown := progress{out: a.err, states: make(map[string]string)}
	var reply ipc.OrderReply
	err = c.Stream(op, body, shown.event, &reply)
	shown.clear()
	if err != nil {
		return err
	}
	return a.showOrder(op, all, reply)
}

// progress is one line that is drawn over, on a terminal only.
type progress struct {
	out    *term.Printer
	order  []string
	states map[string]string
	drawn  bool
}

func (p *progress) event(raw json.RawMessage) error {
	var ev ipc.OrderEvent
	if err := json.Unmarshal(raw, &ev); err != nil {
		return err
	}
	if _, known := p.states[ev.Service.Name]; !known {
		p.order = append(p.order, ev.Service.Name)
	}
	p.states[ev.Service.Name] = stateWord(ev.Service)
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
	fmt.Fprintf(p.out, "\r\x1b[K%s", p.out.Paint(term.Quiet, line))
	p.drawn = true
}

func (p *progress) clear() {
	if p.drawn {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}

func (a *app) showOrder(op string, all bool, reply ipc.OrderReply) error {
	if a.json {
		if err := a.printJSON(reply); err != nil {
			return err
		}
	} else {
		a.showResults(op, all, reply)
	}
	if reply.Code == "" {
		return nil
	}
	return exitStatus(ipc.ExitCode(&ipc.Error{Code: reply.Code}))
}

func (a *app) showResults(op string, all bool, reply ipc.OrderReply) {
	for _, w := range reply.Warnings {
		fmt.Fprintf(a.err, "locald: %s\n", w)
	}
	var rows [][]term.Cell
	for _, r := range reply.Results {
		rows = append(rows, resultRow(r, all || differs(reply.Results)))
	}
	if len(rows) == 0 {
		fmt.Fprintln(a.out, "nothing to do")
	}
	_ = a.out.Table("", rows)
	for _, r := range reply.Results {
		for _, line := range r.LastLines {
			fmt.Fprintf(a.out, "%s %s\n", a.out.Paint(term.StyleOf(r.Service.Name), r.Service.Name+" |"), line)
		}
		if r.Outcome == "failed" && len(r.LastLines) > 0 {
			fmt.Fprintf(a.out, "more: locald logs %s\n", r.Service.Name)
		}
	}
	for _, r := range reply.Results {
		a.showLeft(r)
	}
	if reply.Message != "" {
		fmt.Fprintf(a.err, "locald: %s\n", reply.Message)
	}
}

// showLeft names what a stop did not end. One that left its session, holds
// nothing of the service and listens nowhere may be an editor with unsaved work.
func (a *app) showLeft(r ipc.Result) {
	for _, l := range r.Left {
		if l.Stuck {
			fmt.Fprintf(a.err, "locald: PID %d (%s) of %s cannot be killed: it hangs in the kernel\n", l.PID, l.Command, r.Service.Name)
			continue
		}
		fmt.Fprintf(a.err, "locald: left alive: PID %d (%s), which %s started and which holds nothing of it; to end it: kill %d\n", l.PID, l.Command, r.Service.Name, l.PID)
	}
}

// differs reports whether results are of more than one project.
func differs(results []ipc.Result) bool {
	for _, r := range results {
		if r.Project != results[0].Project {
			return true
		}
	}
	return false
}

// resultRow is the one line in which an order ends for a service.
func resultRow(r ipc.Result, withProject bool) []term.Cell {
	name := r.Service.Name
	if withProject {
		name = r.Project + "/" + name
	}
	word, style := r.Outcome, term.Good
	switch r.Outcome {
	case "failed":
		style = term.Bad
	case "waiting", "withdrawn", "elsewhere":
		word, style = stateWord(r.Service), term.Busy
	case "stopped":
		style = term.Quiet
	}
	if r.Was && style != nil && (r.Outcome == "ready" || r.Outcome == "stopped") {
		word += " already"
	}
	detail := r.Line
	if detail == "" {
		detail = noteOf(r.Service)
	}
	if detail == "" {
		detail = r.Service.URL
	}
	if detail == "" && r.Service.PID != 0 {
		detail = fmt.Sprintf("PID %d", r.Service.PID)
	}
	return []term.Cell{{Text: name}, {Text: word, Style: style}, {Text: detail}}
}
