package view

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/term"
	"github.com/locald/locald/internal/wire"
)

var update = flag.Bool("update", false, "write what is shown now to the golden files")

// noon is when everything here is looked at.
var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) *time.Time {
	t := noon.Add(-d)
	return &t
}

func code(n int) *wire.Exit { return &wire.Exit{Code: &n} }

// services are one in each state that a person can meet.
var services = []wire.Service{
	{Name: "web", State: wire.Running, Ready: true, PID: 7, Port: 20340, URL: "http://127.0.0.1:20340", Started: ago(3 * time.Second)},
	{Name: "api", State: wire.Running, Ready: true, PID: 8, Started: ago(90 * time.Minute), Restarts: 2, Changed: []string{"command", "TOKEN"}},
	{Name: "old", State: wire.Running, Ready: true, PID: 9, Started: ago(50 * time.Hour), Changed: []string{"Procfile"}},
	{Name: "vite", State: wire.Starting, PID: 10, Port: 20341, Listening: []int{5173}, Started: ago(5 * time.Minute), Note: "vite listens on 5173, not on its PORT 20341; add to its line: --port $PORT"},
	{Name: "job", State: wire.Exited, Exit: code(0)},
	{Name: "worker", State: wire.Failed, Exit: code(1), Note: "exited with 1, 5 times within a minute"},
	{Name: "queue", State: wire.Backoff, Note: "exited with 2; next start in 3s"},
	{Name: "db", State: wire.Stopping, PID: 11, Started: ago(time.Minute)},
	{Name: "mail", State: wire.Stopped},
}

func TestServiceRows(t *testing.T) {
	var rows [][]term.Cell
	for _, s := range services {
		rows = append(rows, ServiceRow(s, noon))
	}
	golden(t, "services", rows)
}

func TestResultRows(t *testing.T) {
	var rows [][]term.Cell
	for i, outcome := range []wire.Outcome{
		wire.OutcomeReady, wire.OutcomeStopped, wire.OutcomeExited, wire.OutcomeElsewhere, wire.OutcomeExited,
		wire.OutcomeFailed, wire.OutcomeWaiting, wire.OutcomeWithdrawn, wire.OutcomePrinted,
	} {
		r := wire.Result{Project: "shop", Service: services[i], Outcome: outcome, Was: i < 2}
		if outcome == wire.OutcomePrinted {
			r.Line = "listening on 25"
		}
		rows = append(rows, ResultRow(r, i%2 == 1))
	}
	golden(t, "results", rows)
}

func TestChangeRows(t *testing.T) {
	rows, note := Changes([]wire.Change{
		{Name: "web", Command: "npm start"},
		{Name: "worker", Command: "python worker.py", Change: wire.MarkNew},
		{Name: "db", Command: "redis-server", Change: wire.MarkGone},
		{Name: "api", Command: "evil\x1b[2K\rgood", Change: wire.MarkOther, Was: "good"},
	})
	if note != "" {
		t.Errorf("of four it is said: %s", note)
	}
	golden(t, "changes", rows)
}

// odd are commands that a glance could be mistaken about.
var odd = []wire.Change{
	{Name: "web", Command: "npm run dev -- --port $PORT"},
	{Name: "padded", Command: bytestr.String("rm -rf ~" + strings.Repeat(" ", 90) + "web:  npm start"), Change: wire.MarkNew},
	{Name: "hidden", Command: "cat\u3164 \u202etxt.exe\u200b\t\xff"},
	{Name: "lookalike", Command: "c\u0430t notes; echo привет", Change: wire.MarkOther, Was: "cat notes; echo привет"},
	{Name: "forged", Command: `echo \u{3164} ␣ … 12 more bytes …`, Change: wire.MarkGone},
	{Name: "long", Command: "docker run --rm --name shop -p 127.0.0.1:$PORT:80 -v $PWD:/srv -e LEVEL=debug registry.example/shop:latest serve"},
	{Name: "wide", Command: bytestr.String("echo " + strings.Repeat("日本語", 12))},
	{Name: "endless", Command: bytestr.String("true " + strings.Repeat("x", 12000) + "; rm -rf ~")},
}

// TestReviewLooks is for whoever changes how commands are shown, to look at.
func TestReviewLooks(t *testing.T) {
	rows, _ := Changes(odd)
	for _, columns := range []int{60, 200} {
		for name, color := range map[string]bool{"": true, "-nocolor": false} {
			var shown bytes.Buffer
			out := term.Printer{Writer: &shown, TTY: true, Color: color, Columns: columns}
			if err := out.Table("", rows); err != nil {
				t.Fatal(err)
			}
			compareGolden(t, fmt.Sprintf("review-%d%s", columns, name), shown)
		}
	}
}

// TestChangesComeFirst: of a thousand services those that differ must be on the screen.
func TestChangesComeFirst(t *testing.T) {
	many := make([]wire.Change, 1000)
	for i := range many {
		many[i] = wire.Change{Name: fmt.Sprintf("s%d", i), Command: "true"}
	}
	if rows, note := Changes(many); len(rows) != 1000 || note != "these are 1000 services" {
		t.Errorf("of 1,000 that nobody has seen, %d are shown: %s", len(rows), note)
	}
	many[500].Change, many[999].Change = wire.MarkOther, wire.MarkGone
	rows, note := Changes(many)
	if len(rows) != 3 || note != "998 more are as you allowed them" || rows[0][1].Text != "s500:" || rows[2][1].Text != "s999:" {
		t.Errorf("of 1,000 with two changes, %d are shown: %s", len(rows), note)
	}
}

// golden compares rows, as they stand in colour on a terminal, with what was looked at.
func golden(t *testing.T, name string, rows [][]term.Cell) {
	t.Helper()
	var shown bytes.Buffer
	out := term.Printer{Writer: &shown, TTY: true, Color: true, Columns: 80}
	if err := out.Table("  ", rows); err != nil {
		t.Fatal(err)
	}
	compareGolden(t, name, shown)
}

func compareGolden(t *testing.T, name string, shown bytes.Buffer) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, shown.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), shown.String()); diff != "" {
		t.Errorf("%s (-looked at, +now; if it is right: go test ./internal/view -update)\n%s", name, diff)
	}
}

func TestTrustNote(t *testing.T) {
	for trust, want := range map[wire.Trust]string{
		wire.TrustAllowed:    "",
		wire.TrustUnreadable: "",
		wire.TrustUnknown:    "not allowed yet · locald allow",
		wire.TrustChanged:    "changed since allowed · locald allow",
		wire.TrustDenied:     "denied",
		wire.TrustUnsafe:     "unsafe",
		wire.TrustGone:       `its directory or Procfile is gone · locald forget '$(a\x1bb)'`,
	} {
		if got := TrustNote(wire.Project{Name: `$(a\x1bb)`, Trust: trust}); got != want {
			t.Errorf("%s: %q, want %q", trust, got, want)
		}
	}
}

func TestPresence(t *testing.T) {
	p := wire.Project{Shells: []wire.Present{{PID: 7, Name: "zsh"}, {PID: 9, Name: "fish"}}}
	stop := &wire.AutoStop{Services: []string{"web"}, AfterMS: (30 * time.Minute).Milliseconds()}
	for _, c := range []struct {
		change func(*wire.Project)
		want   []string
	}{
		{func(*wire.Project) {}, []string{"here: zsh 7, fish 9"}},
		{func(p *wire.Project) { p.AutoStop = stop }, []string{"here: zsh 7, fish 9", "auto_stop: web, 30m after the last shell has left"}},
		{func(p *wire.Project) {
			gone := *stop
			at := noon.Add(90 * time.Second)
			p.Shells, gone.At = nil, &at
			p.AutoStop = &gone
		}, []string{"auto_stop: nobody is here; web in 1m"}},
	} {
		shown := p
		c.change(&shown)
		if diff := cmp.Diff(c.want, Presence(shown, noon)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 59 * time.Second: "59s", time.Minute: "1m", 59*time.Minute + 59*time.Second: "59m",
		time.Hour: "1h00m", 47*time.Hour + 59*time.Minute: "47h59m", 48 * time.Hour: "2d",
	} {
		if got := Age(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

func TestPlace(t *testing.T) {
	for want, f := range map[string]wire.Finding{
		"":             {},
		"Procfile: ":   {File: "Procfile"},
		"Procfile:3: ": {File: "Procfile", Line: 3},
	} {
		if got := Place(f); got != want {
			t.Errorf("%+v: %q, want %q", f, got, want)
		}
	}
}

func TestLeft(t *testing.T) {
	stuck := Left("web", wire.LeftProcess{PID: 7, Command: "cat", Stuck: true})
	if want := "PID 7 (cat) of web cannot be killed: it hangs in the kernel"; stuck != want {
		t.Errorf("%q, want %q", stuck, want)
	}
	alive := Left("web", wire.LeftProcess{PID: 7, Command: "code ."})
	if want := "left alive: PID 7 (code .), started by web and detached from it; to end it: kill 7"; alive != want {
		t.Errorf("%q, want %q", alive, want)
	}
}

// What has no mark says why, where a person would look for one.
func TestUnmarked(t *testing.T) {
	same := []wire.Entry{{File: ".env", Name: "PATH", Reason: "decides"}}
	other := []wire.Entry{{File: ".env", Name: "PATH", Reason: "decides", Change: "~"}}
	for want, r := range map[string]wire.AllowReply{
		"":            {Trust: wire.TrustChanged, Compared: true, Entries: other},
		"older":       {Trust: wire.TrustChanged, Entries: same},
		"only commen": {Trust: wire.TrustChanged, Compared: true, Entries: same},
	} {
		if got := Unmarked(r); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("said %q, want %q", got, want)
		}
	}
}
