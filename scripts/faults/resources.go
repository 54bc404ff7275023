package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

var resourceRows = []row{
	{
		"R1", "the daemon may open 60 files",
		"what fits is started, the rest says why, commands are served, down works",
		fewDescriptors,
	},
	{
		"R2", "no process can be forked",
		"failed, with the reason; afterwards it works",
		noForks,
	},
	{
		"R3", "100 services in 10 projects",
		"up, down, and nothing left",
		hundred,
	},
	{
		"R4", "50 restarts of ten services",
		"descriptors and threads as before",
		restarts,
	},
}

// fewDescriptors leaves room for some services, and the daemon must keep enough of it to be talked
// to.
func fewDescriptors(s *scene) string {
	shop := s.project("shop", blocking(12))
	r := s.Run(shop, nil, "sh", "-c", "ulimit -n 60; exec locald up")
	refused := strings.Contains(r.Out, "file descriptors")
	if r.Code != 5 || !refused || !strings.Contains(r.Out, "ready") {
		s.Fatalf("%v", r)
	}
	for range 20 {
		s.ok(shop, "status")
	}
	up := strings.Count(r.Out, " ready ")
	return fmt.Sprintf("%d of 12 are up, the others say to raise the limit", up)
}

// noForks puts the daemon into a cgroup whose limit of processes is then cut to
// what it has.
func noForks(s *scene) string {
	group := filepath.Join("/sys/fs/cgroup", filepath.Base(s.Dir))
	if err := os.Mkdir(group, 0o755); err != nil {
		s.Skipf("no cgroup can be made: %v", err)
	}
	s.Cleanup(func() {
		s.Locald("/", "daemon", "stop")
		_ = os.Remove(group)
	})
	limit := filepath.Join(group, "pids.max")
	if _, err := os.Stat(limit); err != nil {
		s.Skipf("cgroups have no limit of processes here")
	}
	shop := s.shop()
	r := s.Run(shop, []string{"GROUP=" + group}, "sh", "-c",
		`echo $$ > "$GROUP/cgroup.procs" && exec locald daemon start`)
	if r.Code != 0 {
		s.Skipf("the daemon cannot be put into a cgroup: %v", r)
	}
	id := s.Daemon()
	tasks, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(id.PID), "task"))
	s.must(err)
	s.Write(limit, strconv.Itoa(len(tasks)+8)) // threads are processes to it
	many := s.project("many", blocking(30))
	r = s.Locald(many, "up")
	if r.Code != 5 || !strings.Contains(r.Out, "temporarily unavailable") {
		s.Fatalf("%v", r)
	}
	s.must(os.WriteFile(limit, []byte("max"), 0o644))
	s.ok(many, "up")
	return "failed: resource temporarily unavailable; up when there is room"
}

func hundred(s *scene) string {
	for p := range 10 {
		dir := s.project(fmt.Sprintf("p%d", p), listening(10))
		s.ok(dir, "allow", "--yes")
	}
	r := s.ok(s.Home, "up", "--all")
	status := s.status()
	ports := map[int]bool{}
	for _, p := range status.Projects {
		for _, v := range p.Services {
			if !v.Ready || ports[v.Port] {
				s.Fatalf("%s/%s: %+v", p.Name, v.Name, v)
			}
			ports[v.Port] = true
		}
	}
	return fmt.Sprintf("%d ready after %.1f s, each on a port of its own",
		len(ports), r.Took.Seconds())
}

// restarts compares after one round, when everything that is kept has been opened once.
func restarts(s *scene) string {
	shop := s.project("shop", listening(10))
	s.ok(shop, "up")
	s.ok(shop, "restart")
	fds, threads, err := s.Footprint()
	s.must(err)
	for range 50 {
		s.ok(shop, "restart")
	}
	moreFDs, moreThreads, err := s.Footprint()
	s.must(err)
	if moreFDs > fds+3 || moreThreads > threads+6 {
		s.Fatalf("descriptors %d, before %d; threads %d, before %d",
			moreFDs, fds, moreThreads, threads)
	}
	return fmt.Sprintf("descriptors %d → %d, threads %d → %d", fds, moreFDs, threads, moreThreads)
}
