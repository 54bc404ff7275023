package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// idle looks at the daemon for a while with a hundred quiet services.
func (b *bench) idle() []row {
	if runtime.GOOS != "linux" {
		return nil // what is read here is in /proc
	}
	dir := b.project("quiet", listeners(100)...)
	b.locald(dir, "up")
	pid := fmt.Sprint(b.Daemon().PID)
	const settle, watch = 3 * time.Second, 10 * time.Second
	<-time.After(settle)
	before := switches(pid)
	<-time.After(watch)
	wakeups := float64(switches(pid)-before) / watch.Seconds()
	rss, threads := statusField(pid, "VmRSS:")/1024, statusField(pid, "Threads:")
	b.locald(dir, "down")
	return []row{
		{
			"idle, 100 services: wake-ups a second", fmt.Sprintf("%.1f", wakeups), "0", wakeups < 0.5,
			fmt.Sprintf("context switches of all threads over %v", watch),
		},
		{
			"idle, 100 services: RSS", fmt.Sprintf("%d MiB", rss), "≤ 20 MiB", rss <= 20,
			fmt.Sprintf("%d threads", threads),
		},
	}
}

func switches(pid string) (sum int) {
	tasks, _ := filepath.Glob("/proc/" + pid + "/task/*")
	for _, t := range tasks {
		for _, kind := range []string{"voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:"} {
			sum += field(t+"/status", kind)
		}
	}
	return sum
}

func statusField(pid, name string) int { return field("/proc/"+pid+"/status", name) }

func field(path, name string) (n int) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			_, _ = fmt.Sscan(rest, &n) // 0 where it is no number
		}
	}
	return n
}
