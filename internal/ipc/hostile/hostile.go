// Package hostile makes the most expensive requests that fit into one frame, for those who measure
// or test what such a frame costs the daemon. It is part of no program.
//
// Goroutines and locks: none.
package hostile

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/locald/locald/internal/ipc"
)

// Frame is one line that a client might send after its hello, or, where Instead is set, in place of
// that.
type Frame struct {
	Name    string
	Line    string
	Instead bool
}

// Hello is an ordinary one.
const Hello = `{"hello":{"proto_min":1,"proto_max":1,"version":"hostile","pid":1}}` + "\n"

// Frames are requests about the project in dir, each about as long as a frame may be.
func Frames(dir string) []Frame {
	var out []Frame
	for _, op := range []string{"up", "down", "restart", "status", "logs", "wait", "watch"} {
		for name, targets := range targets() {
			out = append(out, request(op, op+": "+name, dir, `"targets":`+targets+extra(op)))
		}
	}
	for _, op := range []string{"up", "env", "check", "allow"} {
		for name, env := range environments() {
			out = append(out, request(op, op+": "+name, dir, `"env":`+env))
		}
	}
	for _, pattern := range patterns() {
		quoted, _ := json.Marshal(pattern) // a string
		out = append(out,
			request("logs", "logs: a pattern", dir, `"tail":-1,"grep":`+string(quoted)),
			request(
				"wait", "wait: a pattern", dir,
				`"for":"log","timeout_ms":1,"match":`+string(quoted),
			),
		)
	}
	long := strings.Repeat("x", room)
	return append(out,
		request("forget", "forget: many names", dir, `"names":`+list(room/4, always("x"))),
		request(
			"forget", "forget: one name, often", dir, `"names":`+list(room/8, always("hostile")),
		),
		request("status", "status: a long directory", "/"+long, `"all":false`),
		request("status", "status: a deep directory", strings.Repeat("/x", room/2), `"all":false`),
		request(
			"status", "status: the deepest directory", strings.Repeat("/x", 2048), `"all":false`,
		),
		request("wait", "wait: a long goal", dir, `"for":"`+long+`"`),
		request("at", "at: a long root", dir, `"pid":1,"start":1,"root":"/`+long+`"`),
		request("attach", "attach: a long target", dir, `"target":"`+long+`"`),
		Frame{Name: "an unknown operation", Line: `{"op":"` + long + `"}` + "\n"},
		Frame{
			Name: "a long hello", Instead: true,
			Line: `{"hello":{"proto_max":1,"version":"` + long + `"}}` + "\n",
		},
		Frame{Name: "no JSON", Line: long + "\n", Instead: true},
		Frame{Name: "more than a frame", Line: long + long, Instead: true},
		deep("deep arrays", "["),
		deep("deep objects", `{"a":`),
		deep("arrays without a comma", "[]"),
		Frame{
			Name: "many members",
			Line: `{"op":"status","body":{` + strings.Repeat(`"a":1,`, room/6) + `"dir":"/"}}` +
				"\n",
		},
		Frame{
			Name: "many members around",
			Line: `{` + strings.Repeat(`"a":1,`, room/6) + `"op":"status"}` + "\n",
		},
		Frame{
			Name: "the body, often",
			Line: `{` + strings.Repeat(`"body":{},`, room/10) + `"op":"status"}` + "\n",
		},
	)
}

// room is what a frame has for its payload.
const room = ipc.MaxFrame - 4096

func request(op, name, dir, members string) Frame {
	quoted, _ := json.Marshal(dir) // a string
	return Frame{
		Name: name,
		Line: fmt.Sprintf(`{"op":%q,"body":{"dir":%s,%s}}`, op, quoted, members) + "\n",
	}
}

func extra(op string) string {
	if op == "wait" {
		return `,"for":"ready","timeout_ms":1`
	}
	return ""
}

// list is as many strings as fit.
func list(n int, each func(i int) string) string {
	var b strings.Builder
	b.WriteString("[")
	for i := range n {
		item := each(i)
		if b.Len()+len(item)+4 > room {
			break
		}
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString(`"` + item + `"`)
	}
	return b.String() + "]"
}

// always is for a list whose items are all the same.
func always(item string) func(int) string { return func(int) string { return item } }

// joined is so many of item with commas between them.
func joined(item string, n int) string {
	return strings.TrimSuffix(strings.Repeat(item+",", n), ",")
}

func targets() map[string]string {
	number := func(format string) func(int) string {
		return func(i int) string { return fmt.Sprintf(format, i) }
	}
	return map[string]string{
		"90,000 targets":               list(90_000, number("s%d")),
		"260,000 empty targets":        list(room/3, always("")),
		"targets of a project":         list(room/8, number("hostile/s%d")),
		"targets of unknown projects":  list(room/8, number("p%d/web")),
		"1,000 targets":                list(1000, number("s%d")),
		"1,000 long targets":           list(1000, number(strings.Repeat("x", 1000)+"%d")),
		"a formation, one line often":  `["` + joined("web=1", room/6) + `"]`,
		"a formation of 1,000 at once": `["` + joined("web=1", 1000) + `"]`,
		"commas":                       `["` + strings.Repeat(",", room) + `"]`,
		"a long target":                list(1, always(strings.Repeat("x", room-100))),
		"escapes":                      list(1, always(strings.Repeat(`\u003c`, room/6-50))),
	}
}

func environments() map[string]string {
	return map[string]string{
		"50,000 variables": list(50_000, func(i int) string {
			return fmt.Sprintf("V%d=%05d", i, i)
		}),
		"3,000 variables": list(3000, func(i int) string {
			return fmt.Sprintf("V%d=%s", i, strings.Repeat("v", 320))
		}),
		"no variables":       list(room/3, always("")),
		"one variable often": list(room/8, always("A=1")),
		"a long variable":    list(1, always("HOME="+strings.Repeat("x", room-100))),
		"long variables":     list(7, always("HOME="+strings.Repeat("x", 131_000))),
		"base64":             `[` + joined(`{"base64":"QT0x"}`, room/18) + `]`,
	}
}

// patterns are regular expressions that take long to compile or to match, of every length.
func patterns() []string {
	return []string{
		strings.Repeat("(a|b)*", room/8), strings.Repeat("(", 900), strings.Repeat("(x{100})", 100),
		"(x{10}){100}", strings.Repeat(`\pL`, 340), `(?i)` + strings.Repeat(`[\pL\pN]`, 120),
		strings.Repeat("(a?){30}", 30), "(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)$x",
		strings.Repeat("((", 200) + strings.Repeat("))*", 200),
	}
}

func deep(name, opening string) Frame {
	return Frame{
		Name: name,
		Line: `{"op":"status","body":` + strings.Repeat(opening, room/len(opening)) + "\n",
	}
}
