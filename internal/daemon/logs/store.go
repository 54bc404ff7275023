package logs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/locald/locald/internal/crashpoint"
)

// position is a place in a service's log. Segments are numbered upwards and a number is never used
// twice.
type position struct {
	segment int
	offset  int64
}

func (p position) before(q position) bool {
	return p.segment < q.segment || p.segment == q.segment && p.offset < q.offset
}

// extent is what there is to read.
type extent struct {
	older []int    // numbers of the closed segments, ascending; never changed, only replaced
	end   position // where the last whole record ends
}

// first is where the log begins.
func (e extent) first() position {
	if len(e.older) > 0 {
		return position{segment: e.older[0]}
	}
	return position{segment: e.end.segment}
}

// after returns the next segment that exists.
func (e extent) after(segment int) int {
	if i, _ := slices.BinarySearch(e.older, segment+1); i < len(e.older) {
		return e.older[i]
	}
	return e.end.segment
}

// before returns the last segment that exists below this one.
func (e extent) before(segment int) (int, bool) {
	i, _ := slices.BinarySearch(e.older, segment)
	if i == 0 {
		return 0, false
	}
	return e.older[i-1], true
}

// store is the segments of one service. Its writer is one at a time (Log sees to that); readers are
// any number.
type store struct {
	service string
	path    string // of the segment that is being written
	limits  Limits
	space   space // what this service's log shares with all others
	open    func(path string) (segmentFile, error)

	file segmentFile // nil until the first append and after a failed one
	// stale says that a reader found that the current segment is not on the disk as it was written.
	stale atomic.Bool

	mu      sync.Mutex
	scanned bool
	extent  extent
}

func newStore(dir, service string, limits Limits) *store {
	path := filepath.Join(dir, escapeName(service)+segmentSuffix)
	space := space{dir: filepath.Dir(dir), limit: limits.TotalBytes}
	return &store{service: service, path: path, limits: limits, space: space, open: openForAppend}
}

// look returns what there is to read. The first call lists the directory.
func (s *store) look() (extent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.scan(); err != nil {
		return extent{}, err
	}
	return s.extent, nil
}

// survey is look for a reader that begins: segments that were removed behind this store's back are
// nothing that it has missed.
func (s *store) survey() (extent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.scan(); err != nil {
		return extent{}, err
	}
	s.extent.older = slices.DeleteFunc(slices.Clone(s.extent.older), func(number int) bool {
		_, err := os.Lstat(s.numbered(number))
		return errors.Is(err, fs.ErrNotExist)
	})
	return s.extent, nil
}

// openSegment opens a segment for reading. It holds the lock so that no rotation renames the file
// meanwhile.
func (s *store) openSegment(number int) (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if number == s.extent.end.segment {
		return openForRead(s.path)
	}
	return openForRead(s.numbered(number))
}

// distrust is told of a segment that is not on the disk as it was written. If that is where lines
// go, they go to a new one from now on.
func (s *store) distrust(number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if number == s.extent.end.segment {
		s.stale.Store(true)
	}
}

func (s *store) numbered(number int) string {
	return filepath.Join(filepath.Dir(s.path), segmentName(s.service, number))
}

// append writes whole records and returns how many bytes of them are safely there, which is at a
// record's end even when it fails.
func (s *store) append(p []byte) (written int, err error) {
	for len(p) > 0 {
		if err := s.ready(); err != nil {
			return written, err
		}
		fit := s.fit(p)
		if fit == 0 {
			if err := s.rotate(); err != nil {
				return written, err
			}
			continue
		}
		n, err := s.write(p[:fit])
		written += n
		if err != nil {
			return written, err
		}
		p = p[n:]
	}
	return written, nil
}

// write appends to the current segment. What a failed write left of a record is cut off again, and
// the file is given up: the next append opens it afresh, and finds out what is there.
func (s *store) write(p []byte) (int, error) {
	n, err := s.file.Write(p)
	if err == nil {
		s.grow(n)
		return n, nil
	}
	n = bytes.LastIndexByte(p[:n], '\n') + 1
	size := s.extent.end.offset + int64(n)
	truncateErr := s.file.Truncate(size)
	s.file.Close()
	s.file = nil
	s.grow(n)
	return n, errors.Join(sentence("write to", s.path, err), truncateErr)
}

func (s *store) grow(n int) {
	s.mu.Lock()
	s.extent.end.offset += int64(n)
	s.mu.Unlock()
}

// fit returns how many bytes of p, all of them whole records, belong into the current segment. A
// record that is longer than a segment has one of its own.
func (s *store) fit(p []byte) int {
	size := s.extent.end.offset
	room := s.limits.SegmentBytes - size
	if int64(len(p)) <= room {
		return len(p)
	}
	if room > 0 {
		if n := bytes.LastIndexByte(p[:room], '\n') + 1; n > 0 {
			return n
		}
	}
	if size == 0 {
		return bytes.IndexByte(p, '\n') + 1
	}
	return 0
}

// ready makes sure that there is a file to append to, and that it is the one readers see.
func (s *store) ready() error {
	if s.file != nil {
		if s.stale.CompareAndSwap(true, false) || !s.file.intact(s.extent.end.offset) {
			return s.rotate()
		}
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.rescan(); err != nil {
		return err
	}
	f, err := s.open(s.path)
	if err != nil {
		return sentence("open", s.path, err)
	}
	// Cuts off a record that a crash left half written.
	if err := f.Truncate(s.extent.end.offset); err != nil {
		f.Close()
		return sentence("truncate", s.path, err)
	}
	s.file = f
	s.stale.Store(false)
	return nil
}

// rotate closes the current segment and begins the next, and makes sure that all logs together are
// not too large.
func (s *store) rotate() error {
	err := s.beginSegment()
	s.space.trim()
	return err
}

// beginSegment closes the current segment and begins the next. Readers that have the old one open
// read it to its end; others find it under its number.
func (s *store) beginSegment() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := os.Rename(s.path, s.numbered(s.extent.end.segment))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return sentence("rotate", s.path, err)
	}
	crashpoint.Reach(crashpoint.InRotation)
	older := slices.Clone(s.extent.older)
	if err == nil {
		older = append(older, s.extent.end.segment)
	}
	s.file.Close()
	s.file = nil
	s.extent = extent{older: s.expire(older), end: position{segment: s.extent.end.segment + 1}}
	f, err := s.open(s.path)
	if err != nil {
		return sentence("create", s.path, err)
	}
	s.file = f
	return nil
}

// expire removes the closed segments that are one too many and returns those that stay.
func (s *store) expire(older []int) []int {
	for len(older) > s.limits.Segments-1 {
		// A segment that cannot be removed is tried again when the log is opened next.
		os.Remove(s.numbered(older[0]))
		older = older[1:]
	}
	return older
}

func (s *store) scan() error {
	if s.scanned {
		return nil
	}
	return s.rescan()
}

// rescan finds out what is on the disk. A segment that is shorter than what was written to it has
// been replaced or emptied by somebody; it gets a new number, so that no reader takes it for the
// one it was reading.
func (s *store) rescan() error {
	older, err := s.list()
	if err != nil {
		return sentence("list the logs in", filepath.Dir(s.path), err)
	}
	size, err := committed(s.path)
	if err != nil {
		return sentence("read", s.path, err)
	}
	number := s.extent.end.segment
	if s.scanned && size < s.extent.end.offset {
		number++
	}
	if len(older) > 0 {
		number = max(number, older[len(older)-1]+1)
	}
	s.extent = extent{older: older, end: position{segment: max(number, 1), offset: size}}
	s.scanned = true
	return nil
}

// list returns the numbers of the closed segments, ascending.
func (s *store) list() ([]int, error) {
	entries, err := os.ReadDir(filepath.Dir(s.path))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var numbers []int
	for _, e := range entries {
		service, number, ok := parseSegmentName(e.Name())
		if ok && service == s.service && number > 0 {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// committed returns where the last whole line of a file ends, 0 where there is no file.
func committed(path string) (int64, error) {
	f, err := openForRead(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	b := takeBlock()
	defer b.release()
	for end := info.Size(); end > 0; {
		from := max(end-blockSize, 0)
		n, err := f.ReadAt(b[:end-from], from)
		if err != nil && err != io.EOF {
			return 0, err
		}
		if i := bytes.LastIndexByte(b[:n], '\n'); i >= 0 {
			return from + int64(i) + 1, nil
		}
		end = from
	}
	return 0, nil
}

func (s *store) close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file = nil
	return err
}
