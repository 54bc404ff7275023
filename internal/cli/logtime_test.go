package cli

import (
	"testing"
	"time"
	_ "time/tzdata" // a machine without it is no reason to skip

	"github.com/locald/locald/internal/wire"
)

func TestMoment(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 10, 26, 14, 30, 0, 0, zone) // the day after a night with 25 hours
	tests := map[string]string{
		"":                          "0001-01-01T00:00:00Z",
		"5m":                        "2026-10-26T14:25:00+01:00",
		"0s":                        "2026-10-26T14:30:00+01:00",
		"1h30m":                     "2026-10-26T13:00:00+01:00",
		"36h":                       "2026-10-25T02:30:00+01:00",
		"14:30":                     "2026-10-26T14:30:00+01:00",
		"14:31":                     "2026-10-25T14:31:00+01:00",
		"00:00":                     "2026-10-26T00:00:00+01:00",
		"14:29:59":                  "2026-10-26T14:29:59+01:00",
		"14:29:59.123":              "2026-10-26T14:29:59.123+01:00",
		"2026-10-20":                "2026-10-20T00:00:00+02:00",
		"2026-10-20 08:15":          "2026-10-20T08:15:00+02:00",
		"2026-10-20 08:15:01.5":     "2026-10-20T08:15:01.5+02:00",
		"2026-10-20T08:15":          "2026-10-20T08:15:00+02:00",
		"2026-10-20T08:15:01Z":      "2026-10-20T08:15:01Z",
		"2026-10-20T08:15:01+05:00": "2026-10-20T08:15:01+05:00",
	}
	for text, want := range tests {
		got, err := moment("--since", text, now)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if s := got.Format(time.RFC3339Nano); s != want {
			t.Errorf("%q is %s, want %s", text, s, want)
		}
	}
	for _, text := range []string{"yesterday", "-5m", "5", "24:00", "2026-13-01", "10 minutes", " "} {
		got, err := moment("--since", text, now)
		if wire.ExitCode(err) != 2 {
			t.Errorf("%q is %s, %v", text, got, err)
		}
	}
}

func TestLogWords(t *testing.T) {
	now := time.Date(2026, 11, 24, 14, 30, 0, 0, time.UTC)
	var req wire.LogsRequest
	if err := (logTime{since: "1h", until: "5m", run: "3", grep: "a+"}).read(&req, now); err != nil {
		t.Fatal(err)
	}
	if req.Run != 3 || req.Grep != "a+" || !req.Since.Equal(now.Add(-time.Hour)) || !req.Until.Equal(now.Add(-5*time.Minute)) {
		t.Errorf("%+v", req)
	}
	for name, words := range map[string]logTime{
		"no time":    {since: "soon"},
		"no end":     {until: "soon"},
		"end before": {since: "5m", until: "1h"},
		"no run":     {run: "first"},
		"run 0":      {run: "0"},
		"run below":  {run: "-1"},
	} {
		if err := words.read(new(wire.LogsRequest), now); wire.ExitCode(err) != 2 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
