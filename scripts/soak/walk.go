package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/testworld"
)

// procfile is what each project starts with: one that listens, one that does
// not, one that will not die and has a child that got away.
const procfile = `web: exec misbehave listen # $PORT
job: exec misbehave block
wild: exec misbehave escape blank port $PORT
`

const settings = `services.wild.ready = "alive"
services.wild.stop_timeout = "1s"
`

// walk is the world and what is expected of it.
type walk struct {
	*testworld.World
	chance *rand.Rand
	dirs   map[string]string          // project → directory
	wanted map[string]map[string]bool // project → service → up
	shell  int                        // PID of a process that stands for a shell
	wrong  []string
}

// kind is one kind of step.
type kind struct {
	name   string
	weight int
	take   func(*walk)
}

var kinds = []kind{
	{"up", 20, (*walk).up},
	{"down", 16, (*walk).down},
	{"restart", 12, (*walk).restart},
	{"crash of a service", 8, (*walk).crash},
	{"SIGKILL of the daemon", 12, (*walk).killDaemon},
	{"daemon restart", 3, (*walk).restartDaemon},
	{"files removed", 5, (*walk).removeFiles},
	{"SIGSTOP and SIGCONT of the daemon", 1, (*walk).pauseDaemon},
	{"edit of a Procfile", 6, (*walk).edit},
	{"a shell comes and goes", 8, (*walk).visit},
	{"two commands at once", 9, (*walk).race},
}

func newWalk(w *testworld.World, chance *rand.Rand) *walk {
	k := &walk{
		World: w, chance: chance,
		dirs: map[string]string{}, wanted: map[string]map[string]bool{},
	}
	for _, name := range []string{"alpha", "beta", "gamma", "visited"} {
		k.dirs[name] = w.Project(name, "Procfile", procfile, "locald.toml", settings)
		if name != "visited" { // what presence starts there is not in the model
			k.wanted[name] = map[string]bool{"web": false, "job": false, "wild": false}
		}
		w.Output(k.dirs[name], "locald", "allow", "--yes")
	}
	k.openShell()
	return k
}

// openShell starts what stands for a shell: anything with a PID that is none of locald's.
func (k *walk) openShell() {
	cmd := exec.Command("sleep", "100000")
	if err := cmd.Start(); err != nil {
		k.Fatalf("%v", err)
	}
	k.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	k.shell = cmd.Process.Pid
}

// step takes one step and returns what is not as it should be.
func (k *walk) step() (name string, wrong []string) {
	total := 0
	for _, s := range kinds {
		total += s.weight
	}
	at := k.chance.IntN(total)
	for _, s := range kinds {
		if at -= s.weight; at < 0 {
			k.wrong = nil
			s.take(k)
			return s.name, append(k.wrong, append(k.Check(), k.compare()...)...)
		}
	}
	return "", nil
}

func (k *walk) failf(format string, args ...any) {
	k.wrong = append(k.wrong, fmt.Sprintf(format, args...))
}

// compare wants each service to be what the model says.
func (k *walk) compare() (wrong []string) {
	status, err := k.Status()
	if err != nil {
		return []string{err.Error()}
	}
	for _, project := range sorted(k.wanted) {
		for _, service := range sorted(k.wanted[project]) {
			v, ok := status.Find(project, service)
			up := slices.Contains([]string{"starting", "running", "backoff"}, v.State)
			if ok && up != k.wanted[project][service] || !ok && k.wanted[project][service] {
				wrong = append(wrong, fmt.Sprintf("%s/%s is %q (%s), wanted is %v",
					project, service, v.State, v.Note, k.wanted[project][service]))
			}
		}
	}
	return wrong
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func pick[T any](k *walk, list []T) T { return list[k.chance.IntN(len(list))] }

// scope is a project of the model and some of its services, at times all.
func (k *walk) scope() (project string, names []string) {
	project = pick(k, sorted(k.wanted))
	for _, s := range sorted(k.wanted[project]) {
		if k.chance.IntN(2) == 0 {
			names = append(names, s)
		}
	}
	return project, names
}

// order gives a command and sets the model.
func (k *walk) order(verb string, up bool) {
	project, names := k.scope()
	if r := k.Locald(k.dirs[project], append([]string{verb}, names...)...); r.Code != 0 {
		k.failf("%s %s %v: %v", verb, project, names, r)
	}
	k.expect(project, names, up)
}

func (k *walk) expect(project string, names []string, up bool) {
	if len(names) == 0 {
		names = sorted(k.wanted[project])
	}
	for _, n := range names {
		k.wanted[project][n] = up
	}
}

func (k *walk) up()      { k.order("up", true) }
func (k *walk) down()    { k.order("down", false) }
func (k *walk) restart() { k.order("restart", true) }

// crash kills the leader of a live service, and has the service started again
// at once: five crashes in a minute would be given up, rightly.
func (k *walk) crash() {
	status, err := k.Status()
	if err != nil {
		k.failf("%v", err)
		return
	}
	project, _ := k.scope()
	for _, service := range sorted(k.wanted[project]) {
		v, ok := status.Find(project, service)
		if !ok || v.PID == 0 {
			continue
		}
		if id, err := procid.Of(v.PID); err == nil {
			k.Kill(id, syscall.SIGKILL)
		}
		if r := k.Locald(k.dirs[project], "restart", service); r.Code != 0 {
			k.failf("restart after a crash: %v", r)
		}
		return
	}
}

func (k *walk) killDaemon() { k.KillDaemon() }

func (k *walk) restartDaemon() {
	if r := k.Locald("/", "daemon", "restart"); r.Code != 0 {
		k.failf("%v", r)
	}
}

func (k *walk) removeFiles() {
	path := pick(k, []string{k.Socket(), k.Runtime, filepath.Join(k.Data(), "daemon.lock")})
	if err := os.RemoveAll(path); err != nil {
		k.failf("%v", err)
	}
}

func (k *walk) pauseDaemon() {
	id := k.Daemon()
	_ = syscall.Kill(id.PID, syscall.SIGSTOP)
	if r := k.Locald("/", "status"); r.Code != 8 {
		k.failf("status of a stopped daemon: %v", r)
	}
	_ = syscall.Kill(id.PID, syscall.SIGCONT)
}

// edit adds a service, or takes it away again, and brings the project up.
func (k *walk) edit() {
	project := pick(k, sorted(k.wanted))
	text := procfile
	if _, has := k.wanted[project]["extra"]; has {
		delete(k.wanted[project], "extra")
	} else {
		text += "extra: exec misbehave stubborn\n"
		k.wanted[project]["extra"] = true
	}
	k.Write(filepath.Join(k.dirs[project], "Procfile"), text)
	toml := settings
	if strings.Contains(text, "extra") {
		toml += "services.extra.stop_timeout = \"500ms\"\n"
	}
	k.Write(filepath.Join(k.dirs[project], "locald.toml"), toml)
	for _, verb := range [][]string{{"allow", "--yes"}, {"up"}} {
		if r := k.Locald(k.dirs[project], verb...); r.Code != 0 {
			k.failf("%v: %v", verb, r)
		}
	}
	k.expect(project, nil, true)
}

// visit has a shell enter the project that is not in the model, or leave it.
func (k *walk) visit() {
	root := pick(k, []string{"", k.dirs["visited"]})
	r := k.Run("/", []string{"LOCALD_DEBUG_AT_BUDGET=20s"}, "locald", "at", fmt.Sprint(k.shell), root)
	if r.Code != 0 {
		k.failf("at %q: %v", root, r)
	}
}

// race gives two commands for one project at once, each of which gets an
// answer, and then a third that decides.
func (k *walk) race() {
	project := pick(k, sorted(k.wanted))
	var wg sync.WaitGroup
	for range 2 {
		verb := pick(k, []string{"up", "down", "restart"})
		service := pick(k, sorted(k.wanted[project]))
		wg.Go(func() { k.Locald(k.dirs[project], verb, service) })
	}
	wg.Wait()
	up := k.chance.IntN(2) == 0
	verb := map[bool]string{true: "up", false: "down"}[up]
	if r := k.Locald(k.dirs[project], verb); r.Code != 0 {
		k.failf("%s: %v", verb, r)
	}
	k.expect(project, nil, up)
}
