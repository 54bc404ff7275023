package daemon

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/locald/locald/internal/daemon/logs"
	"github.com/locald/locald/internal/daemon/supervisor"
	"github.com/locald/locald/internal/ipc"
)

// batchBytes bounds the text in one frame. Encoding can make it up to six
// times as long, which must stay below ipc.MaxFrame.
const batchBytes = 128 << 10

// opLogs streams lines. It reads the files: a client that reads slowly delays
// nobody but itself.
func (d *Daemon) opLogs(ctx context.Context, s *ipc.Session, q ipc.Request) error {
	var req ipc.Logs
	if err := q.Decode(&req); err != nil {
		return err
	}
	chosen, err := d.resolve(req.Scope)
	if err != nil {
		return err
	}
	for i, c := range chosen {
		if chosen[i].names, err = c.project.logNames(c.names); err != nil {
			return err
		}
	}
	query, err := logQuery(req, chosen)
	if err != nil {
		return err
	}
	if req.WhileUp {
		var stop context.CancelFunc
		query.Over, stop = rested(ctx, chosen)
		defer stop()
	}
	err = logs.Read(ctx, query, func(batch []logs.Line) error { return sendLines(s, batch) })
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return s.End(nil)
}

// rested returns a channel that is closed when nothing of what is chosen is up
// or on its way any more. All that was printed is in the log by then.
func rested(ctx context.Context, chosen []selection) (<-chan struct{}, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		for _, c := range chosen {
			for {
				snapshot, changed := c.project.actor.Snapshot()
				if !slices.ContainsFunc(snapshot.Services, func(v supervisor.Service) bool {
					return rest(v) == "" && (len(c.names) == 0 || slices.Contains(c.names, v.Name))
				}) {
					c.project.awaitNotes()
					break
				}
				select {
				case <-changed:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return over, cancel
}

func logQuery(req ipc.Logs, chosen []selection) (logs.Query, error) {
	query := logs.Query{Tail: req.Tail, Run: req.Run, Since: req.Since, Until: req.Until, Follow: req.Follow}
	if req.Grep != "" {
		var err error
		if query.Match, err = linePattern(req.Grep); err != nil {
			return query, err
		}
	}
	for _, c := range chosen {
		query.From = append(query.From, logs.Part{Name: c.project.name, Project: c.project.logs, Services: c.names})
	}
	return query, nil
}

// logNames turns what a person typed into names of services that exist now or
// have left a log.
func (p *resident) logNames(typed []string) ([]string, error) {
	if len(typed) == 0 {
		return nil, nil
	}
	onDisk, err := p.logs.Services()
	if err != nil {
		return nil, err
	}
	shown, err := p.status(nil)
	if err != nil {
		return nil, err
	}
	for _, s := range shown.Services {
		if !slices.Contains(onDisk, s.Name) {
			onDisk = append(onDisk, s.Name)
		}
	}
	return p.expand(typed, onDisk)
}

func sendLines(s *ipc.Session, batch []logs.Line) error {
	lines := make([]ipc.Line, 0, len(batch))
	for _, l := range batch {
		lines = append(lines, wireLine(l))
	}
	return sendBatches(s, lines)
}

// sendBatches cuts lines into frames that stay below the limit.
func sendBatches(s *ipc.Session, lines []ipc.Line) error {
	for len(lines) > 0 {
		n, size := 0, 0
		for n < len(lines) && (n == 0 || size+len(lines[n].Line) <= batchBytes) && n < 1000 {
			size += len(lines[n].Line)
			n++
		}
		if err := s.Event(ipc.LogEvent{Lines: lines[:n]}); err != nil {
			return err
		}
		lines = lines[n:]
	}
	return nil
}

func wireLine(l logs.Line) ipc.Line {
	return ipc.Line{
		Time: l.Time, Project: l.Project, Service: l.Service, Run: l.Run, Stream: l.Stream,
		Line: strings.ToValidUTF8(string(l.Text), "\uFFFD"), Open: l.Open, Joins: l.Joins,
	}
}
