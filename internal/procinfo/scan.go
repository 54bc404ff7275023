package procinfo

import (
	"slices"
	"sync"

	"github.com/locald/locald/internal/procid"
)

// Scan is one look at the system's processes. It is shared by all who wanted one at the time: with
// fifty services to stop, fifty scans of every process would take longer than the stop. What costs
// a file each is read only when asked for, and then once.
//
// The methods answer for a process that has ended, or that is not ours to look into, as for one
// that has nothing.
type Scan struct {
	Processes []Process
	// Err says that the system would not be looked at. Processes is then empty, which does not mean
	// that there are none.
	Err error

	begun uint64 // as a start time
	rows  func() map[int]int
	retry func(read func() error) error

	mu        sync.Mutex
	variables map[variable]string
	limits    map[int]uint64
	links     map[int][]string
	arguments map[int][]string
	sockets   *Sockets
}

// NewScan is the scan of a table that was read by the caller.
func NewScan(processes []Process) *Scan {
	s := &Scan{
		Processes: processes,
		begun:     procid.Now(),
		retry:     func(read func() error) error { return read() },
		variables: make(map[variable]string),
		limits:    make(map[int]uint64),
		links:     make(map[int][]string),
		arguments: make(map[int][]string),
	}
	s.rows = sync.OnceValue(func() map[int]int {
		rows := make(map[int]int, len(s.Processes))
		for i, p := range s.Processes {
			rows[p.ID.PID] = i
		}
		return rows
	})
	return s
}

// Row is the index in Processes of the one that has a number.
func (s *Scan) Row(pid int) (i int, listed bool) {
	i, listed = s.rows()[pid]
	return i, listed
}

// Find returns the row of a process that is in the table. One that merely has its number is not.
func (s *Scan) Find(id procid.Identity) (p Process, listed bool) {
	i, taken := s.Row(id.PID)
	if !taken || s.Processes[i].ID.Start != id.Start {
		return Process{}, false
	}
	return s.Processes[i], true
}

// Fresh reports whether a process has started so late that, for all that its start time says, it
// may be another one than a row of this scan names: its number can have come back since, within one
// tick of the clock.
func (s *Scan) Fresh(id procid.Identity) bool { return id.Start >= s.begun }

// Still reports whether a process of the table is there now, after all of the table was read. What
// any row says of its number it then says of this process.
func (s *Scan) Still(id procid.Identity) bool {
	var start uint64
	err := s.retry(func() (err error) {
		start, err = procid.StartTime(id.PID)
		return err
	})
	return err == nil && start == id.Start
}

// Arguments are those that a process was started with, its name first.
func (s *Scan) Arguments(pid int) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return once(s, s.arguments, pid, func() ([]string, error) {
		raw, err := arguments(pid)
		args := make([]string, 0, len(raw))
		for _, a := range trimTitle(raw) {
			args = append(args, string(a))
		}
		return args, err
	})
}

// variable names one variable of one process.
type variable struct {
	pid  int
	name string
}

// Getenv is the value of a variable in the environment that a process was started with, "" where it
// has none.
func (s *Scan) Getenv(pid int, name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return once(s, s.variables, variable{pid, name}, func() (string, error) {
		return Getenv(pid, name)
	})
}

// RealtimeLimit is a process's soft limit of RLIMIT_RTTIME, 0 where the system does not show it.
func (s *Scan) RealtimeLimit(pid int) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return once(s, s.limits, pid, func() (uint64, error) { return RealtimeLimit(pid) })
}

// Holds reports whether a process has one of the links open.
func (s *Scan) Holds(pid int, links []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.openLinks(pid), func(open string) bool {
		return slices.Contains(links, open)
	})
}

// Ports are those on which a process listens. A socket table that cannot be read shows none: who
// asks must not conclude more from no port than to let a process live.
func (s *Scan) Ports(pid int) []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sockets == nil {
		_ = s.retry(func() (err error) {
			s.sockets, err = ReadSockets()
			return err
		})
	}
	if s.sockets == nil {
		return nil // the next one who asks tries again
	}
	return s.portsOf(pid)
}

// openLinks is OpenLinks, once. The lock is held.
func (s *Scan) openLinks(pid int) []string {
	return once(s, s.links, pid, func() ([]string, error) { return OpenLinks(pid) })
}

// once reads what is not yet known about a process and remembers it. What could not be read is not
// remembered: it may be the next time. The lock is held.
func once[K comparable, V any](s *Scan, known map[K]V, key K, read func() (V, error)) V {
	if v, ok := known[key]; ok {
		return v
	}
	var v V
	err := s.retry(func() (err error) {
		v, err = read()
		return err
	})
	if err == nil || withheld(err) {
		known[key] = v
	}
	return v
}

// Scanner takes scans. Whoever asks gets one that was begun after they asked; all who ask while one
// is being taken share the next. The zero value is ready.
type Scanner struct {
	// Retry, if set, calls read, and may call it once more after an error: for those who keep
	// descriptors back for the day on which there are no others.
	Retry func(read func() error) error

	mu   sync.Mutex
	busy bool
	next *pending
}

// pending is a scan that somebody waits for: scan is set when done is closed.
type pending struct {
	done chan struct{}
	scan *Scan
}

// Scan waits for a scan that is begun after the call.
func (s *Scanner) Scan() *Scan {
	s.mu.Lock()
	if s.next == nil {
		s.next = &pending{done: make(chan struct{})}
	}
	mine := s.next
	if !s.busy {
		s.busy = true
		go s.work()
	}
	s.mu.Unlock()
	<-mine.done
	return mine.scan
}

// work takes scans until nobody waits for one.
func (s *Scanner) work() {
	for {
		s.mu.Lock()
		p := s.next
		s.next = nil
		s.busy = p != nil
		s.mu.Unlock()
		if p == nil {
			return
		}
		p.scan = s.take()
		close(p.done)
	}
}

// take reads the table; everything else is read when it is asked for.
func (s *Scanner) take() *Scan {
	scan := NewScan(nil)
	if s.Retry != nil {
		scan.retry = s.Retry
	}
	scan.Err = scan.retry(func() (err error) {
		scan.Processes, err = Table()
		return err
	})
	return scan
}
