package daemon

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/locald/locald/internal/daemon/logs"
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
	for _, c := range chosen {
		if err := c.project.checkLogNames(c.names); err != nil {
			return err
		}
	}
	if len(chosen) == 1 {
		err = chosen[0].logs(ctx, s, req)
	} else {
		err = logsOfMany(ctx, s, req, chosen)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return s.End(nil)
}

// checkLogNames accepts a service that exists now or has left a log.
func (p *resident) checkLogNames(names []string) error {
	if len(names) == 0 {
		return nil
	}
	onDisk, err := p.logs.Services()
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return slices.Contains(onDisk, n) })
	if len(missing) == 0 {
		return nil
	}
	_, err = p.status(missing)
	return err
}

func (c selection) query(req ipc.Logs) logs.Query {
	return logs.Query{Services: c.names, Tail: req.Tail, Follow: req.Follow}
}

func (c selection) logs(ctx context.Context, s *ipc.Session, req ipc.Logs) error {
	return c.project.logs.Read(ctx, c.query(req), func(batch []logs.Line) error {
		return sendLines(s, c.project.name, batch)
	})
}

// logsOfMany first collects the past of all projects, to put it in order of
// time, and then follows each.
func logsOfMany(ctx context.Context, s *ipc.Session, req ipc.Logs, chosen []selection) error {
	if !req.Follow {
		return mergedPast(ctx, s, req, chosen)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex // one frame at a time
	errs := make([]error, len(chosen))
	for i, c := range chosen {
		wg.Go(func() {
			errs[i] = c.project.logs.Read(ctx, c.query(req), func(batch []logs.Line) error {
				mu.Lock()
				defer mu.Unlock()
				return sendLines(s, c.project.name, batch)
			})
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func mergedPast(ctx context.Context, s *ipc.Session, req ipc.Logs, chosen []selection) error {
	var all []ipc.Line
	for _, c := range chosen {
		err := c.project.logs.Read(ctx, c.query(req), func(batch []logs.Line) error {
			for _, l := range batch {
				all = append(all, wireLine(c.project.name, l))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	slices.SortStableFunc(all, func(a, b ipc.Line) int { return a.Time.Compare(b.Time) })
	if req.Tail >= 0 && len(all) > req.Tail {
		all = all[len(all)-req.Tail:]
	}
	return sendBatches(s, all)
}

func sendLines(s *ipc.Session, project string, batch []logs.Line) error {
	lines := make([]ipc.Line, 0, len(batch))
	for _, l := range batch {
		lines = append(lines, wireLine(project, l))
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

func wireLine(project string, l logs.Line) ipc.Line {
	return ipc.Line{
		Time: l.Time, Project: project, Service: l.Service, Run: l.Run, Stream: l.Stream,
		Line: strings.ToValidUTF8(string(l.Text), "\uFFFD"), Open: l.Open, Joins: l.Joins,
	}
}
