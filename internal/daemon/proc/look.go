package proc

import (
	"slices"
	"sync"
)

// look is one look at the system's processes. It is shared by all runs that
// wanted one at the time: with fifty services to stop, fifty scans of every
// process would take longer than the stop. What costs a file each is read only
// when asked for, and then once.
type look struct {
	entries []entry
	err     error

	mu      sync.Mutex
	markers map[int]string
	brands  map[int]uint64
	links   map[int][]string
	sockets *Sockets
}

// marker is the run marker of a process, "" where it has none.
func (l *look) marker(pid int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	m, ok := l.markers[pid]
	if !ok {
		m = markerOf(pid)
		l.markers[pid] = m
	}
	return m
}

// brand is the brand of a process, 0 where it has none.
func (l *look) brand(pid int) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.brands[pid]
	if !ok {
		b = processBrand(pid)
		l.brands[pid] = b
	}
	return b
}

// ports are those on which a process listens.
func (l *look) ports(pid int) []int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sockets == nil {
		s, err := ReadSockets()
		if err != nil {
			s = &Sockets{}
		}
		l.sockets = s
	}
	return l.sockets.Of(pid)
}

// holds reports whether a process has one of the links open.
func (l *look) holds(pid int, links []string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	open, ok := l.links[pid]
	if !ok {
		open = openLinks(pid)
		l.links[pid] = open
	}
	return slices.ContainsFunc(open, func(o string) bool { return slices.Contains(links, o) })
}

// lookout takes looks. Whoever asks gets one that was begun after they asked;
// all who ask while one is being taken share the next.
type lookout struct {
	reserve *reserve

	mu   sync.Mutex
	busy bool
	next *pending
}

type pending struct {
	done chan struct{}
	look *look
}

func (o *lookout) look() *look {
	o.mu.Lock()
	if o.next == nil {
		o.next = &pending{done: make(chan struct{})}
	}
	mine := o.next
	if !o.busy {
		o.busy = true
		go o.work()
	}
	o.mu.Unlock()
	<-mine.done
	return mine.look
}

// work takes looks until nobody waits for one.
func (o *lookout) work() {
	for {
		o.mu.Lock()
		p := o.next
		o.next = nil
		o.busy = p != nil
		o.mu.Unlock()
		if p == nil {
			return
		}
		var entries []entry
		err := o.reserve.use(func() (err error) {
			entries, err = table()
			return err
		})
		p.look = &look{
			entries: entries, err: err,
			markers: make(map[int]string), brands: make(map[int]uint64), links: make(map[int][]string),
		}
		close(p.done)
	}
}
