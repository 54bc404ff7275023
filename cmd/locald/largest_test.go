package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/locald/locald/internal/ipc/hostile"
)

// TestLargestProject: nothing that looks at a project costs the daemon much, whatever the project
// has: as many services as may be, in a Procfile that is as long as it may be, looked at from an
// environment of as many variables as may be. The bar is as in TestHostileFrames.
func TestLargestProject(t *testing.T) {
	const most = time.Second
	w := newWorld(t)
	var procfile strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&procfile, "s%d: no%d %s\n", i, i, strings.Repeat("ng ", 26))
	}
	dir := w.Project("largest", "Procfile", procfile.String(), ".env", strings.Repeat("A=$A\n", 1000))
	w.Output(dir, "locald", "daemon", "start")
	var env []string
	env = append(env, "PATH="+strings.Repeat("/none:", 20_000))
	for i := range 2999 {
		env = append(env, fmt.Sprintf("V%d=%s", i, strings.Repeat("v", 200)))
	}
	variables, _ := json.Marshal(env) // strings
	pid := w.Daemon().PID
	for op, body := range map[string]string{
		"status": `"all":false`, "check": `"env":` + string(variables), "spec": `"env":` + string(variables),
		"env": `"target":"s999","env":` + string(variables), "allow": `"env":` + string(variables),
		"watch": `"all":false`, "logs": `"tail":-1,"grep":"x"`,
		"wait": `"for":"ready","timeout_ms":1`,
	} {
		f := hostile.Frame{
			Name: op, Line: fmt.Sprintf(`{"op":%q,"body":{"dir":%q,%s}}`, op, dir, body) + "\n",
		}
		before, measured := hostile.Spent(pid)
		answer, err := hostile.Send(w.Socket(), f, 30*time.Second)
		if err != nil {
			t.Error(err)
		}
		after, _ := hostile.Spent(pid)
		t.Logf("%8.1f ms  %s: %.80s", float64((after-before).Microseconds())/1000, op, answer)
		if cost := after - before; measured && cost > most {
			t.Errorf("%s: %v of the processor, want less than %v", op, cost, most)
		}
	}
}
