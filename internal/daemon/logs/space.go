package logs

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// space is what the logs of all projects take on the disk. It is measured anew each time, since
// directories come and go: a few hundred files, once for each segment that is written.
type space struct {
	dir   string // has a directory for each project
	limit int64  // bytes
}

// closedSegment is one that may be removed.
type closedSegment struct {
	path    string
	size    int64
	written time.Time // last; never after that of the service's next one, whatever the clock did
}

// trim removes the oldest segments until the rest is within the limit. Each service's newest one
// stays.
func (s space) trim() {
	projects, err := os.ReadDir(s.dir)
	if err != nil {
		return // this is done again after the next segment
	}
	var total int64
	var closed []closedSegment
	for _, p := range projects {
		if !p.IsDir() {
			continue
		}
		size, more := measure(filepath.Join(s.dir, p.Name()))
		total += size
		closed = append(closed, more...)
	}
	slices.SortStableFunc(
		closed, func(a, b closedSegment) int { return a.written.Compare(b.written) },
	)
	for _, c := range closed {
		if total <= s.limit {
			return
		}
		if err := os.Remove(c.path); err == nil || errors.Is(err, fs.ErrNotExist) {
			total -= c.size
		}
	}
}

// measure returns what a project's segments take, and which of them may be removed.
func measure(dir string) (total int64, closed []closedSegment) {
	type numbered struct {
		closedSegment
		number int
	}
	entries, _ := os.ReadDir(dir) // what can be listed of it
	services := map[string][]numbered{}
	for _, e := range entries {
		service, number, ok := parseSegmentName(e.Name())
		if !ok {
			continue
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		total += info.Size()
		if number > 0 || info.Size() > 0 { // one that was just begun does not count as the newest
			path := filepath.Join(dir, e.Name())
			services[service] = append(services[service], numbered{
				closedSegment{path, info.Size(), info.ModTime()}, number,
			})
		}
	}
	for _, segments := range services {
		// Newest first; the one that is being written has number 0.
		slices.SortFunc(segments, func(a, b numbered) int {
			return cmp.Compare(uint(b.number-1), uint(a.number-1))
		})
		latest := segments[0].written
		for _, c := range segments[1:] {
			if c.written.After(latest) {
				c.written = latest
			}
			latest = c.written
			closed = append(closed, c.closedSegment)
		}
	}
	// Of segments with one time the higher numbers come first above, and must go last.
	slices.Reverse(closed)
	return total, closed
}
