package term

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what is printed now to the golden files")

// printed is what services may print, as the daemon gives it.
var printed = []LogLine{
	{Label: "shop/web", Text: "started as PID 4710 with PORT 20500", Notice: true},
	{Label: "shop/web", Text: "\x1b[32mGET\x1b[0m / \x1b[1m200"},
	{Label: "shop/web", Text: "a line of more than forty columns, which a narrow terminal wraps by itself"},
	{Label: "shop/worker", Text: "10 %", Open: true},
	{Label: "shop/worker", Text: "20 %", Open: true},
	{Label: "shop/web", Text: "between two states of a progress bar"},
	{Label: "shop/worker", Text: "100 %"},
	{Label: "shop/worker", Text: "a progress bar that is wider than forty columns: 1", Open: true},
	{Label: "shop/worker", Text: "a progress bar that is wider than forty columns: 2", Open: true},
	{Label: "shop/worker", Text: "a progress bar that is wider than forty columns: done"},
	{Label: "shop/db", Text: "password: ", Open: true},
	{Label: "shop/db", Text: "thanks", Joins: true},
	{Label: "shop/db", Text: "日本語 and e\u0301 and \U0001F600 and \uFFFD"},
	{Label: "shop/a-service-with-a-long-name", Text: ""},
	{Label: "shop/web", Text: "tab\tand the end"},
}

// TestLogsLookAsBefore compares what a terminal of some width is sent, and what a file is, with what was looked at.
func TestLogsLookAsBefore(t *testing.T) {
	t.Setenv("TERM", "xterm-256color")
	t.Setenv("NO_COLOR", "")
	for _, cols := range []uint16{40, 80, 120} {
		for _, stamps := range []bool{false, true} {
			name := fmt.Sprintf("logs-%d", cols)
			if stamps {
				name += "-stamps"
			}
			golden(t, name, onTerminal(t, cols, func(out *os.File) { show(t, out, stamps) }))
		}
	}
	golden(t, "logs-file", inFile(t, func(out *os.File) { show(t, out, false) }))
	t.Setenv("NO_COLOR", "1")
	golden(t, "logs-80-nocolor", onTerminal(t, 80, func(out *os.File) { show(t, out, false) }))
	t.Setenv("TERM", "dumb")
	golden(t, "logs-80-dumb", onTerminal(t, 80, func(out *os.File) { show(t, out, false) }))
}

func show(t *testing.T, out *os.File, stamps bool) {
	t.Helper()
	local := time.Local
	time.Local = time.UTC
	defer func() { time.Local = local }()
	logs := NewLogs(New(out))
	logs.Stamps = stamps
	for i, line := range printed {
		line.Time = time.Date(2026, 11, 24, 12, 0, i, 5e6, time.UTC)
		logs.Line(line)
		if err := logs.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := logs.Close(); err != nil {
		t.Fatal(err)
	}
}

// onTerminal returns what a terminal is sent.
func onTerminal(t *testing.T, cols uint16, write func(*os.File)) string {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	if err := pty.Setsize(slave, &pty.Winsize{Rows: 24, Cols: cols}); err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	go func() {
		all, _ := io.ReadAll(master) // it ends with EIO where others end with EOF
		got <- string(all)
	}()
	write(slave)
	slave.Close()
	return <-got
}

func inFile(t *testing.T, write func(*os.File)) string {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	write(f)
	all, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

// golden compares text, each line of it quoted, with a file.
func golden(t *testing.T, name, text string) {
	t.Helper()
	var quoted strings.Builder
	for line := range strings.Lines(text) {
		quoted.WriteString(strconv.QuoteToGraphic(line) + "\n")
	}
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(quoted.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), quoted.String()); diff != "" {
		t.Errorf("%s (-looked at, +now; if it is right: go test ./internal/term -update)\n%s", name, diff)
	}
}
