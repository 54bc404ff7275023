package logs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
)

// search returns the place behind which no record is early. All records before it must be, as when
// early asks for stamps, which ascend. It looks at a few places: first of the segments, then of one
// segment.
func (s *store) search(e extent, early func(record) bool) (position, error) {
	b := takeBlock()
	defer b.release()
	i, _ := slices.BinarySearch(e.older, e.end.segment)
	segments := append(slices.Clone(e.older[:i]), e.end.segment)
	low, high := 0, len(segments) // those before low begin early, those from high on do not
	for low < high {
		middle := low + (high-low)/2
		first, at, err := s.firstRecord(e, segments[middle:high], b)
		switch {
		case err != nil:
			return position{}, err
		case at >= 0 && early(first):
			low = middle + at + 1
		default:
			high = middle
		}
	}
	if low == 0 {
		return position{segment: segments[0]}, nil
	}
	offset, err := s.searchSegment(e, segments[low-1], early, b)
	return position{segments[low-1], offset}, err
}

// firstRecord returns the first record of the segments given and which of them it is in, or -1
// where there is none. Its text is not to be used.
func (s *store) firstRecord(e extent, segments []int, b *block) (record, int, error) {
	for i, number := range segments {
		p, size, err := s.probe(e, number, b)
		if err != nil {
			return record{}, -1, err
		}
		if size == 0 {
			continue
		}
		r, _, ok, err := p.record(0)
		p.file.Close()
		if err != nil {
			return record{}, -1, sentence("read", p.file.Name(), err)
		}
		if ok {
			return r, i, nil
		}
	}
	return record{}, -1, nil
}

func (s *store) searchSegment(
	e extent, number int, early func(record) bool, b *block,
) (int64, error) {
	p, size, err := s.probe(e, number, b)
	if err != nil || size == 0 {
		return 0, err
	}
	defer p.file.Close()
	low, high := int64(0), size
	for low < high { // what begins before low is early, what begins at high or after is not
		middle := low + (high-low)/2
		r, end, ok, err := p.record(middle)
		switch {
		case err != nil:
			return 0, sentence("read", p.file.Name(), err)
		case ok && early(r):
			low = end
		default:
			high = middle
		}
	}
	return low, nil
}

// probe opens a segment to look at single records, and returns how much of it there is. One that is
// gone counts as empty; of an empty one nothing is left open.
func (s *store) probe(e extent, number int, b *block) (probe, int64, error) {
	f, err := s.openSegment(number)
	if errors.Is(err, fs.ErrNotExist) {
		return probe{}, 0, nil
	}
	if err != nil {
		return probe{}, 0, sentence("read", s.path, err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return probe{}, 0, sentence("read", f.Name(), err)
	}
	size := info.Size()
	if number == e.end.segment {
		size = min(size, e.end.offset)
	}
	if size == 0 {
		f.Close()
	}
	return probe{file: f, size: size, block: b}, size, nil
}

// endsLine tells whether a line ends at a place, or a segment begins there.
func (s *store) endsLine(at position) (bool, error) {
	if at.offset == 0 {
		return true, nil
	}
	f, err := s.openSegment(at.segment)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, sentence("read", s.path, err)
	}
	defer f.Close()
	var last [1]byte
	if _, err := f.ReadAt(last[:], at.offset-1); err != nil && err != io.EOF {
		return false, sentence("read", f.Name(), err)
	}
	return last[0] == '\n', nil
}

// probe reads single records.
type probe struct {
	file  *os.File
	size  int64
	block *block
	parse parser
}

// record returns the first record that begins at or after a place, and its end.
func (p *probe) record(from int64) (r record, end int64, ok bool, err error) {
	start := max(from-1, 0) // a record begins behind a newline
	for _, size := range []int64{4 << 10, blockSize} {
		n, err := p.file.ReadAt(p.block[:min(size, p.size-start)], start)
		if err != nil && err != io.EOF {
			return record{}, 0, false, err
		}
		text := p.block[:n]
		i := 0
		if from > 0 {
			i = bytes.IndexByte(text, '\n') + 1
		}
		for from == 0 && i == 0 || i > 0 && i < n {
			length := bytes.IndexByte(text[i:], '\n')
			if length < 0 {
				break
			}
			r, ok := p.parse.parse(text[i : i+length])
			i += length + 1
			if ok {
				return r, start + int64(i), true, nil
			}
		}
		if int64(n) < size {
			break
		}
	}
	return record{}, 0, false, nil
}
