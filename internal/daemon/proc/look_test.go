package proc

import (
	"os"
	"slices"
	"testing"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
)

// said is evidence about processes that do not exist, by PID.
type said struct {
	gone, marked, branded, holding map[int]bool
	ports                          map[int][]int
	arguments                      map[int][]string
}

func (s said) Still(id procid.Identity) bool  { return !s.gone[id.PID] }
func (s said) Holds(pid int, _ []string) bool { return s.holding[pid] }
func (s said) Ports(pid int) []int            { return s.ports[pid] }
func (s said) Arguments(pid int) []string     { return s.arguments[pid] }
func (s said) Getenv(pid int, _ string) string {
	return map[bool]string{true: "m", false: "another"}[s.marked[pid]]
}

func (s said) RealtimeLimit(pid int) uint64 {
	if s.branded[pid] {
		return brandOf("m")
	}
	return procinfo.Unlimited
}

// Who takes part in the table below. The run's leader is the first of its session.
const (
	leader   = 100
	child    = 200 // of the leader
	grand    = 201 // of child
	former   = 300 // what the run had started is gone; its number may have come back
	adopted  = 400 // its parent is init
	tmux     = 500
	pane     = 501 // the shell in it
	typed    = 502 // what somebody has typed there
	stranger = 600
)

// row is a process in a session of its own, unless it is put into another.
func row(pid, parent int) procinfo.Process {
	id := procid.Identity{PID: pid, Start: uint64(pid)}
	return procinfo.Process{ID: id, Parent: parent, Group: pid, Session: pid}
}

func in(session int, p procinfo.Process) procinfo.Process {
	p.Session = session
	return p
}

func onTerminal(p procinfo.Process) procinfo.Process {
	p.Terminal = true
	return p
}

func started(at uint64, p procinfo.Process) procinfo.Process {
	p.ID.Start = at
	return p
}

func set(pids ...int) map[int]bool {
	out := make(map[int]bool)
	for _, pid := range pids {
		out[pid] = true
	}
	return out
}

// These are the rules of who is ours, each with what lies just outside of it.
func TestWhoBelongsToTheRun(t *testing.T) {
	back := started(9000, row(former, 1)) // has the number of one that the run had
	byHand := []procinfo.Process{
		row(tmux, 1), onTerminal(row(pane, tmux)), onTerminal(in(pane, row(typed, pane))),
	}
	shell := map[int][]string{pane: {"-zsh"}}
	for name, c := range map[string]struct {
		rows           []procinfo.Process // beside the leader's
		said           said
		ours, detached []int // beside the leader
	}{
		"in the session": {
			rows: []procinfo.Process{in(leader, row(adopted, 1))}, ours: []int{adopted},
		},
		"in the session, and older than it": {
			rows: []procinfo.Process{started(99, in(leader, row(adopted, 1)))},
		},
		"ourselves": {
			rows: []procinfo.Process{started(9000, in(leader, row(os.Getpid(), leader)))},
		},
		"descendants, the last of them first": {
			rows: []procinfo.Process{row(grand, child), row(child, leader)},
			ours: []int{child, grand},
		},
		"a child whose parent ends as the table is read": {
			rows: []procinfo.Process{row(child, leader), row(grand, child)},
			said: said{gone: set(child)}, ours: []int{child},
		},
		"the same, and it has the marker": {
			rows: []procinfo.Process{row(child, leader), row(grand, child)},
			said: said{gone: set(child), marked: set(grand)}, ours: []int{child, grand},
		},
		"a child of one that is no longer there": {rows: []procinfo.Process{row(stranger, former)}},
		"the same, and it has the brand": {
			rows: []procinfo.Process{row(adopted, former)},
			said: said{branded: set(adopted)}, ours: []int{adopted},
		},
		"the same, on a terminal of its own": {
			rows: []procinfo.Process{onTerminal(row(adopted, former))},
			said: said{branded: set(adopted)}, detached: []int{adopted},
		},
		"a number that came back, and its children": {
			rows: []procinfo.Process{back, started(9001, row(stranger, former))},
		},
		"a child on a terminal of its own, and its children": {
			rows: []procinfo.Process{
				onTerminal(row(child, leader)), onTerminal(in(child, row(grand, child))),
			},
			detached: []int{child},
		},
		"the same, and somebody uses it": {
			rows: []procinfo.Process{
				onTerminal(row(child, leader)), onTerminal(in(child, row(grand, child))),
			},
			said: said{arguments: map[int][]string{child: {"bash", "-norc"}}},
		},
		"a shell below su": {
			rows: []procinfo.Process{
				row(tmux, 1), onTerminal(row(pane, tmux)), onTerminal(in(pane, row(child, pane))),
				onTerminal(in(pane, row(typed, child))),
			},
			said: said{
				marked: set(pane, child, typed), ports: map[int][]int{typed: {20001}},
				arguments: map[int][]string{pane: {"su"}, child: {"bash"}},
			},
			detached: []int{pane},
		},
		"another marker, and the brand": {
			rows: []procinfo.Process{row(adopted, 1)},
			said: said{branded: set(adopted), holding: set(adopted)}, ours: []int{adopted},
		},
		"the marker alone": {
			rows: []procinfo.Process{row(adopted, 1)},
			said: said{marked: set(adopted)}, detached: []int{adopted},
		},
		"the marker and a port of its own, as a program that was opened": {
			rows:     []procinfo.Process{row(adopted, 1)},
			said:     said{marked: set(adopted), ports: map[int][]int{adopted: {63342}}},
			detached: []int{adopted},
		},
		"the marker and a leased port": {
			rows: []procinfo.Process{row(adopted, 1)},
			said: said{marked: set(adopted), ports: map[int][]int{adopted: {63342, 20001}}},
			ours: []int{adopted},
		},
		"a leased port alone": {
			rows: []procinfo.Process{row(stranger, 1)},
			said: said{ports: map[int][]int{stranger: {20001}}},
		},
		"the marker and what we gave it, and its child": {
			rows: []procinfo.Process{row(former, adopted), row(adopted, 1)},
			said: said{marked: set(adopted, former), holding: set(adopted)},
			ours: []int{former, adopted},
		},
		"what we gave it alone": {
			rows: []procinfo.Process{row(stranger, 1)}, said: said{holding: set(stranger)},
		},
		"a server typed in a shell that the run has started": {
			rows: byHand,
			said: said{
				marked: set(tmux, pane, typed), holding: set(typed),
				ports: map[int][]int{typed: {20001}}, arguments: shell,
			},
			detached: []int{tmux},
		},
		"the same, and the run has started the tmux itself": {
			rows: []procinfo.Process{row(tmux, leader), byHand[1], byHand[2]},
			said: said{
				marked: set(tmux, pane, typed), ports: map[int][]int{typed: {20001}},
				arguments: shell,
			},
			ours: []int{tmux},
		},
		"the same, not by a shell but by a program": {
			rows: byHand,
			said: said{
				marked: set(tmux, pane, typed), ports: map[int][]int{typed: {20001}},
				arguments: map[int][]string{pane: {"sh", "-c", "make serve"}},
			},
			ours: []int{typed}, detached: []int{tmux, pane},
		},
	} {
		t.Run(name, func(t *testing.T) {
			first := in(leader, row(leader, os.Getpid()))
			r := newTree(first.ID, Command{Marker: "m", Leased: []int{20000, 20001}}, nil)
			r.keep(procid.Identity{PID: former, Start: former})
			// Found by an earlier look, and no longer a descendant: that does not count.
			r.last = map[int]uint64{stranger: stranger}
			l := r.look(procinfo.NewScan(append(c.rows, first)), c.said)
			detached := pids(l.testify())
			ours := pids(r.found(l))
			if !slices.Equal(ours, append([]int{leader}, c.ours...)) {
				t.Errorf("ours are %v, want the leader and %v", ours, c.ours)
			}
			if !slices.Equal(detached, c.detached) {
				t.Errorf("detached are %v, want %v", detached, c.detached)
			}
			if len(r.kept) != 1 && !slices.Contains(c.ours, former) {
				t.Errorf("kept are %v, of whom one lives", r.kept)
			}
		})
	}
}

func pids(ids []procid.Identity) []int {
	var out []int
	for _, id := range ids {
		out = append(out, id.PID)
	}
	return out
}

// The session of a dead daemon's run counts while its leader is there, and no longer: nobody keeps
// its number from others.
func TestSessionOfASweptRun(t *testing.T) {
	first, other := in(leader, row(leader, 1)), in(leader, row(adopted, 1))
	for name, c := range map[string]struct {
		pinned bool
		rows   []procinfo.Process
		gone   map[int]bool
		want   []int
	}{
		"confirmed":             {true, []procinfo.Process{first, other}, nil, []int{leader, adopted}},
		"not confirmed":         {false, []procinfo.Process{first, other}, nil, nil},
		"its number came back":  {true, []procinfo.Process{started(9, first), other}, nil, nil},
		"it ended meanwhile":    {true, []procinfo.Process{first, other}, set(leader), []int{leader}},
		"it is not in the list": {true, []procinfo.Process{other}, nil, nil},
	} {
		r := newSweptTree(Leftover{Leader: first.ID, Marker: "m"}, nil, c.pinned)
		l := r.look(procinfo.NewScan(c.rows), said{gone: c.gone})
		if got := pids(r.found(l)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// What belongs when the run is being ended goes on to do so when its parents have gone.
func TestKeptOutliveTheirParents(t *testing.T) {
	first := in(leader, row(leader, 1))
	r := newTree(first.ID, Command{Marker: "m"}, nil)
	r.keep(r.found(r.look(procinfo.NewScan([]procinfo.Process{first, row(child, leader)}), said{}))...)
	orphaned := procinfo.NewScan([]procinfo.Process{row(child, 1)})
	if got := pids(r.found(r.look(orphaned, said{}))); !slices.Equal(got, []int{child}) {
		t.Errorf("%v, want the child", got)
	}
	r.ended([]procid.Identity{row(child, 1).ID})
	if got := r.found(r.look(orphaned, said{})); len(got) != 0 {
		t.Errorf("%v have ended", got)
	}
}

// A number that comes back within one tick of the clock has the same start time.
func TestFreshOnesAreAskedAgain(t *testing.T) {
	young := started(procid.Now()+1000, in(leader, row(child, leader)))
	first := in(leader, row(leader, 1))
	r := newTree(first.ID, Command{Marker: "m"}, nil)
	r.found(r.look(procinfo.NewScan([]procinfo.Process{first, young}), said{}))
	if r.isFresh(leader) || !r.isFresh(child) {
		t.Errorf("fresh are %v, want %d only", r.fresh, child)
	}
}

func TestUsedByHand(t *testing.T) {
	for _, args := range [][]string{
		{"-zsh"},
		{"-bash"},
		{"bash"},
		{"/bin/bash", "--login"},
		{"/usr/bin/fish"},
		{"zsh", "-il"},
		{"bash", "--rcfile", "/tmp/rc"},
		{"bash", "-norc"},
		{"bash", "-noprofile", "-norc", "-i"},
		{"rbash"},
		{"-rbash"},
		{"ksh93"},
		{"busybox", "sh"},
		{"bash", "-rcfile", "x", "-i"},
		{"-odd"},
		{"/bin/bash", "--init-file", "/usr/share/code/i.sh"},
		{"fish", "-C", "echo hi"},
		{"bash", "-o", "vi"},
		{"sh", "+m"},
		{"login", "-pf", "me"},
		{"-sh", "-c", "odd, but a login shell"},
	} {
		if !usedByHand(args) {
			t.Errorf("%q is not taken for a person's", args)
		}
	}
	for _, args := range [][]string{
		nil,
		{},
		{""},
		{"node", "server.js"},
		{"sh", "-c", "npm start"},
		{"bash", "-lc", "make"},
		{"bash", "serve.sh"},
		{"zsh", "-f", "serve.zsh", "-i"},
		{"fish", "--command=make"},
		{"bash", "-o", "pipefail", "-c", "make"},
		{"tmux"},
		{"/usr/sbin/sshd", "-D"},
		{"-"},
		{"busybox", "httpd"},
		{"bash", "-norc", "serve.sh"},
		{"shopkeeper"},
		{"bash", "-xec", "make"},
	} {
		if usedByHand(args) {
			t.Errorf("%q is taken for a person's", args)
		}
	}
}
