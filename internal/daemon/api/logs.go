package api

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/logs"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/wire"
)

// batchBytes bounds the text in one frame. Encoding can make it up to six times as long, which must
// stay below ipc.MaxFrame.
const batchBytes = 128 << 10

// batchLines bounds the lines in one frame, which may be empty ones.
const batchLines = 1000

// logs streams lines. It reads the files: a client that reads slowly delays nobody but itself.
func (a *API) logs(
	ctx context.Context, req wire.LogsRequest, emit func(wire.LogEvent) error,
) (wire.None, error) {
	chosen, err := a.resolve(ctx, req.Scope)
	if err != nil {
		return wire.None{}, err
	}
	for i, c := range chosen {
		if chosen[i].names, err = logNames(c.project, c.names); err != nil {
			return wire.None{}, err
		}
	}
	query, err := logQuery(req, chosen)
	if err != nil {
		return wire.None{}, err
	}
	if req.WhileUp {
		var stop context.CancelFunc
		query.Over, stop = rested(ctx, chosen)
		defer stop()
	}
	err = logs.Read(ctx, query, func(batch []logs.Line) error { return sendLines(emit, batch) })
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return wire.None{}, err
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

func logQuery(req wire.LogsRequest, chosen []selection) (logs.Query, error) {
	query := logs.Query{
		Tail: req.Tail, Run: req.Run, Since: req.Since, Until: req.Until, Follow: req.Follow,
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

// sendLines cuts lines into frames that stay below the limit.
func sendLines(emit func(wire.LogEvent) error, batch []logs.Line) error {
	for len(batch) > 0 {
		var lines []wire.Line
		for size := 0; len(lines) < len(batch) && len(lines) < batchLines; {
			l := batch[len(lines)]
			if size += len(l.Text); size > batchBytes && len(lines) > 0 {
				break
			}
			lines = append(lines, wireLine(l))
		}
		if err := emit(wire.LogEvent{Lines: lines}); err != nil {
			return err
		}
		batch = batch[len(lines):]
	}
	return nil
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

// linePattern compiles the regular expression (RE2) of a line that somebody
// looks for or waits for.
func linePattern(text string) (*regexp.Regexp, error) {
	if len(text) > maxPattern {
		return nil, wire.Usagef(
			"cannot use the regular expression: it has %d bytes, and may have %d", len(text),
			maxPattern,
		)
	}
	re, err := regexp.Compile(text)
	if err == nil {
		return re, nil
	}
	why := err.Error()
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		why = fmt.Sprintf("%s in %q", e.Code, e.Expr)
	}
	return nil, &wire.Error{
		Code: wire.CodeUsage,
		Msg:  fmt.Sprintf("cannot use the regular expression %q: %s", text, why),
		Hint: `a character that has a meaning is taken as it is after a backslash, as in '\['; ` +
			`the syntax is that of https://golang.org/s/re2syntax`,
	}
}
