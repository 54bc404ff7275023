package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"time"

	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/logs"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/wire"
)

// batchBytes bounds the text in one frame. Encoding can make it up to six times as long, which must
// stay below ipc.MaxFrame.
const batchBytes = 128 << 10

// logs streams lines. It reads the files: a client that reads slowly delays nobody but itself.
func (a *API) logs(
	ctx context.Context, req wire.LogsRequest, emit func(wire.LogEvent) error,
) (reply wire.LogsReply, err error) {
	chosen, err := a.resolve(ctx, req.Scope)
	if err != nil {
		return reply, err
	}
	for i, c := range chosen {
		if chosen[i].names, err = logNames(c.project, c.names); err != nil {
			return reply, err
		}
	}
	query, err := logQuery(a.e, req, chosen)
	if err != nil {
		return reply, err
	}
	if req.WhileUp {
		var stop context.CancelFunc
		query.Over, stop = rested(ctx, chosen)
		defer stop()
	}
	reader, err := logs.NewReader(query)
	if err != nil {
		return reply, wire.Usagef("%v", err)
	}
	err = reader.Read(ctx, func(batch []logs.Line) error { return emit(logEvent(reader, batch)) })
	switch {
	case errors.Is(err, logs.ErrTooFar):
		return reply, &wire.Error{
			Code: wire.CodeTimeout, Hint: "search from a time on: --since 1h, without -n",
			Msg: fmt.Sprintf("cannot find the last lines that match within %v of work: "+
				"they are too far back", query.Effort),
		}
	case err != nil && !errors.Is(err, context.Canceled):
		return reply, err
	}
	return wire.LogsReply{Cursor: string(reader.Cursor()), More: reader.Spent()}, nil
}

func logEvent(r *logs.Reader, batch []logs.Line) wire.LogEvent {
	event := wire.LogEvent{Lines: make([]wire.Line, 0, len(batch)), Cursor: string(r.Cursor())}
	for _, l := range batch {
		event.Lines = append(event.Lines, wireLine(l))
	}
	for _, d := range r.Dropped() {
		event.Dropped = append(event.Dropped, wire.Dropped{
			Project: d.Project, Service: d.Service, Segments: d.Segments,
		})
	}
	return event
}

// rested returns a channel that is closed when nothing of what is chosen is up or on its way any
// more. All that was printed is in the log by then.
func rested(ctx context.Context, chosen []selection) (<-chan struct{}, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		for _, c := range chosen {
			if !awaitRest(ctx, c) {
				return
			}
		}
		close(over)
	}()
	return over, cancel
}

// awaitRest reports false where ctx is done before.
func awaitRest(ctx context.Context, c selection) bool {
	for {
		snapshot, changed := c.project.Actor.Snapshot()
		if !slices.ContainsFunc(snapshot.Services, func(v supervisor.Service) bool {
			return finalOutcome(v) == "" && (len(c.names) == 0 || slices.Contains(c.names, v.Name))
		}) {
			c.project.Runs.AwaitNotes()
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// searchEffort is how long a request for lines may work before it has come to the end of the logs:
// several times what an ordinary expression takes for all that is kept of a large project.
const searchEffort = 10 * time.Second

func logQuery(e *engine.Engine, req wire.LogsRequest, chosen []selection) (logs.Query, error) {
	query := logs.Query{
		Tail: req.Tail, Run: req.Run, Since: req.Since, Until: req.Until, Follow: req.Follow,
		After: logs.Cursor(req.After), Effort: cmp.Or(e.Effort, searchEffort),
	}
	if req.Grep != "" {
		var err error
		if query.Match, err = linePattern(req.Grep); err != nil {
			return query, err
		}
	}
	for _, c := range chosen {
		query.From = append(
			query.From,
			logs.Part{Name: c.project.Name(), Project: c.project.Logs, Services: c.names},
		)
	}
	return query, nil
}

// logNames turns what a person typed into names of services that exist now or have left a log.
func logNames(p *engine.Project, typed []string) ([]string, error) {
	if len(typed) == 0 {
		return nil, nil
	}
	have, err := p.Logs.Services()
	if err != nil {
		return nil, err
	}
	_, spec, _ := p.ReadSpec() // of a project that cannot be read there are still the logs
	for _, v := range listed(spec, p.Snapshot()) {
		if !slices.Contains(have, v.Name) {
			have = append(have, v.Name)
		}
	}
	return expand(p, typed, have)
}

func wireLine(l logs.Line) wire.Line {
	return wire.Line{
		Time: l.Time, Project: l.Project, Service: l.Service, Run: l.Run,
		Stream: wire.Stream(l.Stream),
		Line:   strings.ToValidUTF8(string(l.Text), "\uFFFD"), Open: l.Open, Joins: l.Joins,
	}
}

// maxPattern is how long a regular expression may be: compiling takes time that grows with it.
const maxPattern = 1 << 10

// maxInstructions is how many steps a regular expression may take for one character. The longest
// line has 64 KiB, and nobody can interrupt the search in it.
const maxInstructions = 500

// linePattern compiles the regular expression (RE2) of a line that somebody
// looks for or waits for.
func linePattern(text string) (*regexp.Regexp, error) {
	if len(text) > maxPattern {
		return nil, wire.Usagef(
			"cannot use the regular expression: it has %d bytes, and may have %d", len(text),
			maxPattern,
		)
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err == nil { // before it is compiled, which takes the memory for all of its steps
		if err := checkEffort(parsed); err != nil {
			return nil, err
		}
		return regexp.Compile(text)
	}
	why := err.Error()
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		why = fmt.Sprintf("%s in %q", e.Code, e.Expr)
	}
	return nil, &wire.Error{
		Code: wire.CodeUsage,
		Msg:  fmt.Sprintf("cannot use the regular expression %q: %s", text, why),
		Hint: `put a backslash before a special character to take it literally, as in '\['; ` +
			`syntax: https://golang.org/s/re2syntax`,
	}
}

// checkEffort refuses what a few characters make large, such as (x{100}){10}.
func checkEffort(parsed *syntax.Regexp) error {
	n := leastSteps(parsed)
	if n <= maxInstructions {
		prog, err := syntax.Compile(parsed.Simplify())
		if err != nil {
			return err
		}
		n = len(prog.Inst)
	}
	if n > maxInstructions {
		return wire.Usagef("cannot use the regular expression: it takes up to %d steps for each "+
			"character, and may take %d: repeat less in it", n, maxInstructions)
	}
	return nil
}

// leastSteps is how many instructions an expression makes at the least.
func leastSteps(re *syntax.Regexp) int {
	n := 0
	for _, sub := range re.Sub {
		n += leastSteps(sub)
	}
	switch re.Op {
	case syntax.OpLiteral:
		n = len(re.Rune)
	case syntax.OpRepeat:
		n *= max(re.Min, re.Max, 1)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		n = 1
	}
	return min(n, 1<<30) // more are as many
}
