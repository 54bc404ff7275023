// Package ports leases TCP ports: one per service, the same one every day, and never one port to
// two projects.
//
// Goroutines: none.
//
// Locks: Book.mu, taken alone. It is held while the system is asked whether ports are free, so that
// two projects never choose the same one.
package ports

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"sync"
)

// Range is where ports are taken from, both ends included. The default lies below the ephemeral
// range of every system (Linux 32768, macOS 49152), so that no outgoing connection ever sits on a
// lease.
type Range struct{ First, Last int }

// DefaultRange is the quiet range.
var DefaultRange = Range{20000, 29999}

// block is the distance between the first ports of two projects, so that the ports of one look
// alike.
const block = 10

// Book holds all leases of the user.
type Book struct {
	span Range
	free func(port int) error

	mu sync.Mutex
	ledger
}

// ledger is what is leased. The two maps say the same from either side.
type ledger struct {
	leases map[string]map[string]int // project root → service → port
	holder map[int]Holder
}

// Holder is whose a port is.
type Holder struct{ Project, Service string }

// NewBook returns an empty book. free tells whether the system lets a port be bound; Check is the
// real one.
func NewBook(span Range, free func(port int) error) *Book {
	return &Book{span: span, free: free, ledger: ledger{
		leases: make(map[string]map[string]int), holder: make(map[int]Holder),
	}}
}

// Adopt takes over the leases of a record. A port that another project has already is dropped: a
// new one will be leased for it.
func (b *Book) Adopt(project string, leases map[string]int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, service := range slices.Sorted(maps.Keys(leases)) {
		if _, taken := b.holder[leases[service]]; !taken {
			b.assign(project, service, leases[service])
		}
	}
}

// Pass hands a service's port to another one of the project that has none.
func (b *Book) Pass(project, from, to string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	port, has := b.leases[project][from]
	if _, already := b.leases[project][to]; !has || already {
		return
	}
	b.release(project, from)
	b.assign(project, to, port)
}

// Forget gives a project's ports back.
func (b *Book) Forget(project string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, port := range b.leases[project] {
		delete(b.holder, port)
	}
	delete(b.leases, project)
}

// Refusal is a port that was wished for and is another project's.
type Refusal struct {
	Service string
	Wished  int
	Holder  Holder
}

// Known returns the ports that a project's services have, those of services that it no longer
// declares included. The map is the caller's.
func (b *Book) Known(project string) map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := make(map[string]int, len(b.leases[project]))
	maps.Copy(known, b.leases[project])
	return known
}

// Lease returns the ports of a project's services, in the order of its Procfile. wishes are the
// ports that some of them ask for. What was leased before stays, save that a port outside the range
// is kept only while it is wished for. With an error, everything is as it was.
func (b *Book) Lease(project string, services []string, wishes map[string]int) (
	map[string]int, []Refusal, error,
) {
	b.mu.Lock()
	defer b.mu.Unlock()
	draft := b.draft(project)
	refused := draft.grantWishes(project, services, wishes)
	if err := draft.fill(project, draft.missing(project, services)); err != nil {
		return nil, nil, err
	}
	b.ledger = draft.ledger
	return b.ports(project, services), refused, nil
}

// Peek returns what Lease would, as far as that is known without choosing anything: the port that a
// service has and would keep, or the one that it wishes for and would get, else 0. It changes
// nothing and does not look at the system, so that whoever only wants to see may call it.
//
// There is no candidate in place of the 0: until it is leased, the next project could get it, and
// somebody would have been told an address that never answers.
func (b *Book) Peek(project string, services []string, wishes map[string]int) map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	draft := b.draft(project)
	draft.grantWishes(project, services, wishes)
	return draft.ports(project, services)
}

// draft is a book in which a project's leases can be changed without changing those of b. The lock
// of b is held; the draft is nobody else's and needs none.
func (b *Book) draft(project string) *Book {
	draft := &Book{span: b.span, free: b.free, ledger: ledger{
		leases: maps.Clone(b.leases), holder: maps.Clone(b.holder),
	}}
	if leases, ok := b.leases[project]; ok {
		draft.leases[project] = maps.Clone(leases)
	}
	return draft
}

func (b *Book) ports(project string, services []string) map[string]int {
	out := make(map[string]int, len(services))
	for _, s := range services {
		out[s] = b.leases[project][s]
	}
	return out
}

func (b *Book) missing(project string, services []string) (missing []string) {
	for _, s := range services {
		if _, ok := b.leases[project][s]; !ok {
			missing = append(missing, s)
		}
	}
	return missing
}

func (b *Book) grantWishes(project string, services []string, wishes map[string]int) []Refusal {
	var refused []Refusal
	for _, service := range services {
		wished := wishes[service]
		have, ok := b.leases[project][service]
		h, taken := b.holder[wished]
		denied := wished != 0 && taken && h.Project != project
		switch {
		case ok && have == wished:
			continue
		case denied:
			refused = append(refused, Refusal{service, wished, h})
			if ok && !b.inRange(have) {
				b.release(project, service)
			}
		case wished != 0:
			b.release(project, service)
			b.evict(wished)
			b.assign(project, service, wished)
		case ok && !b.inRange(have):
			b.release(project, service)
		}
	}
	return refused
}

// evict frees a port that another service of the same project had.
func (b *Book) evict(port int) {
	if h, taken := b.holder[port]; taken {
		b.release(h.Project, h.Service)
	}
}

// fill leases ports for services that have none: beside the project's others where there is room,
// else as a new run of adjacent ports.
func (b *Book) fill(project string, services []string) error {
	if len(services) == 0 {
		return nil
	}
	first, ok := b.findRun(b.startFor(project), len(services))
	if !ok {
		return fmt.Errorf("cannot lease %d ports: too few are free between %d and %d",
			len(services), b.span.First, b.span.Last)
	}
	for i, s := range services {
		b.assign(project, s, first+i)
	}
	return nil
}

// startFor is where the search starts: after the project's highest lease, or at a block chosen by
// the project's path, so that a lost record gives the same ports again.
func (b *Book) startFor(project string) int {
	highest := 0
	for _, port := range b.leases[project] {
		if b.inRange(port) {
			highest = max(highest, port)
		}
	}
	if highest != 0 {
		return highest + 1
	}
	h := fnv.New32a()
	h.Write([]byte(project))
	blocks := (b.span.Last - b.span.First + 1) / block
	return b.span.First + int(h.Sum32())%max(blocks, 1)*block
}

// findRun finds n adjacent ports that nobody holds and the system would bind. After the first try
// it moves from block to block, once round the range.
func (b *Book) findRun(start, n int) (int, bool) {
	size := b.span.Last - b.span.First + 1
	for tried := 0; tried <= size; {
		first := b.span.First + (start-b.span.First)%size
		if b.runFree(first, n) {
			return first, true
		}
		next := first - (first-b.span.First)%block + block
		tried += next - first
		start = next
	}
	return 0, false
}

func (b *Book) runFree(first, n int) bool {
	if first+n-1 > b.span.Last {
		return false
	}
	for port := first; port < first+n; port++ {
		if _, taken := b.holder[port]; taken || b.free(port) != nil {
			return false
		}
	}
	return true
}

func (b *Book) inRange(port int) bool { return port >= b.span.First && port <= b.span.Last }

func (b *Book) assign(project, service string, port int) {
	if b.leases[project] == nil {
		b.leases[project] = make(map[string]int)
	}
	b.leases[project][service] = port
	b.holder[port] = Holder{project, service}
}

func (b *Book) release(project, service string) {
	port, has := b.leases[project][service]
	if !has {
		return
	}
	delete(b.holder, port)
	delete(b.leases[project], service)
}
