package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// The daemon has secrets in memory and leaves no core dump. Its services may leave what their user
// has set, and its user can look into the daemon as before.
func TestCoreDumps(t *testing.T) {
	t.Parallel()
	for _, limits := range []string{
		"ulimit -S -c 0", "ulimit -S -c unlimited || exit 75", "ulimit -S -c 64 || exit 75",
		"ulimit -S -c 64 && ulimit -H -c 128 || exit 75",
	} {
		t.Run(limits, func(t *testing.T) {
			w := ordinaryWorld(t)
			const look = `grep '^Max core' /proc/self/limits`
			shop := w.Project("shop", "Procfile", "job: "+look+"; exec service block\n")
			r := w.Run(shop, nil, "sh", "-c", limits+"; "+look)
			if r.Code == 75 {
				t.Skip("the hard limit on core dumps is too low here: ulimit -H -c unlimited")
			}
			users := r.Out
			w.Output(shop, "sh", "-c", limits+"; exec "+w.Program("locald")+" up")
			services := w.AwaitLog(shop, regexp.MustCompile("Max core .*"), "job")
			if !strings.HasSuffix(strings.TrimSpace(services), strings.TrimSpace(users)) {
				t.Errorf("a service has %q, its user %q", services, users)
			}
			proc := fmt.Sprintf("/proc/%d/", w.Daemon().PID)
			var daemons string
			for line := range strings.Lines(text(t, proc+"limits")) {
				if strings.HasPrefix(line, "Max core") {
					daemons = line
				}
			}
			have, want := strings.Fields(daemons), strings.Fields(users)
			if len(have) < 6 || have[4] != min(have[5], "1") || have[5] != want[5] {
				t.Errorf("the daemon has %q, its user %q", daemons, users)
			}
			w.Output(shop, "ls", proc+"fd")
			w.Output(shop, "cat", proc+"environ")
		})
	}
}

func text(t *testing.T, path string) string {
	t.Helper()
	all, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}
