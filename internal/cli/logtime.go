package cli

import (
	"strconv"
	"time"

	"github.com/locald/locald/internal/wire"
)

// logTime selects lines of a log, as a person writes them.
type logTime struct{ since, until, run, grep string }

// read puts them into the request. What makes no sense is said here, before a daemon is asked or
// started.
func (w logTime) read(req *wire.LogsRequest, now time.Time) error {
	var err error
	if req.Since, err = moment("--since", w.since, now); err != nil {
		return err
	}
	if req.Until, err = moment("--until", w.until, now); err != nil {
		return err
	}
	if w.since != "" && w.until != "" && req.Until.Before(req.Since) {
		return wire.Usagef("cannot show lines since %q until %q: the end is before the beginning",
			w.since, w.until)
	}
	if req.Run, err = runNumber(w.run); err != nil {
		return err
	}
	req.Grep = w.grep
	return nil
}

// layouts are the times that are taken, beside an age. Those without a zone are local time.
var layouts = []string{
	"2006-01-02", "2006-01-02 15:04", "2006-01-02 15:04:05",
	"2006-01-02T15:04", "2006-01-02T15:04:05", time.RFC3339,
}

// moment reads a time; "" is none. A time of day is the last one that has been.
func moment(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if age, err := time.ParseDuration(text); err == nil && age >= 0 {
		return now.Add(-age), nil
	}
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	for _, layout := range []string{"15:04", "15:04:05"} {
		t, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		today := func(day int) time.Time {
			return time.Date(now.Year(), now.Month(), day, t.Hour(), t.Minute(), t.Second(),
				t.Nanosecond(), now.Location())
		}
		if at := today(now.Day()); !at.After(now) {
			return at, nil
		}
		return today(now.Day() - 1), nil
	}
	return time.Time{}, &wire.Error{
		Code: wire.CodeUsage,
		Msg:  "cannot use " + flag + " " + strconv.Quote(text) + ": it is not a time",
		Hint: `it takes an age such as 5m or 1h30m, a time such as 15:04 or 15:04:05, ` +
			`a day such as 2006-01-02, both as in "2006-01-02 15:04", or RFC 3339`,
	}
}

// runNumber reads a run; "" is any.
func runNumber(text string) (int, error) {
	switch n, err := strconv.Atoi(text); {
	case text == "":
		return 0, nil
	case text == "last":
		return -1, nil
	case err == nil && n > 0:
		return n, nil
	}
	return 0, wire.Usagef("cannot use --run %q: it takes last, or the number of a run such as 3",
		text)
}
