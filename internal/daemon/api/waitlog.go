package api

import (
	"context"
	"errors"
	"regexp"

	"github.com/locald/locald/internal/daemon/logs"
	"github.com/locald/locald/internal/wire"
)

// lineSearch looks for a line in what one run prints, from its beginning.
type lineSearch struct {
	run    int
	ended  bool // nothing is added any more
	cancel context.CancelFunc

	over chan struct{} // closed at the end of the search
	line string        // what was found, without colours; set before over is closed
	err  error         // errFound, or why it ended without
}

var errFound = errors.New("the line was found")

// searchLine reads the log in a goroutine until a line matches, or to its end
// where the run has ended. It wakes the wait at the end.
func searchLine(
	ctx context.Context, log *logs.Project, service string, run int, ended bool, w *waiting,
) *lineSearch {
	ctx, cancel := context.WithCancel(ctx)
	s := &lineSearch{run: run, ended: ended, cancel: cancel, over: make(chan struct{})}
	go func() {
		defer cancel()
		from := []logs.Part{{Project: log, Services: []string{service}}}
		query := logs.Query{From: from, Tail: -1, Run: run, Follow: !ended}
		s.err = logs.Read(ctx, query, s.matcher(w.line))
		close(s.over)
		w.pulse.beat()
	}()
	return s
}

// matcher looks at what the service printed, not at what is said about it. What
// is there of an unfinished line counts: a prompt ends in no newline.
func (s *lineSearch) matcher(want *regexp.Regexp) func([]logs.Line) error {
	open := make(map[string][]byte) // stream → its unfinished line
	return func(batch []logs.Line) error {
		for _, l := range batch {
			if wire.Stream(l.Stream) == wire.StreamLocald {
				continue
			}
			text := l.Text
			if l.Joins {
				text = append(open[l.Stream], l.Text...)
			}
			delete(open, l.Stream)
			if l.Open {
				open[l.Stream] = append([]byte(nil), text...)
			}
			if line := plainText(text); want.MatchString(line) {
				s.line = line
				return errFound
			}
		}
		return nil
	}
}

// result is what is known by now, nothing where there is no search. An end
// without the line is not an error. What it returns was true at one instant: asking
// twice may give the end of the search and miss what it found.
func (s *lineSearch) result() (found, over bool, err error) {
	if s == nil {
		return false, false, nil
	}
	select {
	case <-s.over:
	default:
		return false, false, nil
	}
	switch {
	case errors.Is(s.err, errFound):
		return true, true, nil
	case errors.Is(s.err, context.Canceled), errors.Is(s.err, context.DeadlineExceeded):
		return false, true, nil
	}
	return false, true, s.err
}

func (s *lineSearch) isOf(run int, ended bool) bool {
	return s != nil && s.run == run && s.ended == ended
}

// stop ends a search that is no longer of interest; there may be none.
func (s *lineSearch) stop() {
	if s != nil {
		s.cancel()
	}
}
