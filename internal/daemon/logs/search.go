package logs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
)

// search returns where the records begin that are stamped at or after a time. Stamps ascend, so it looks at a few
// places of the newest segment that begins before that time.
func (s *store) search(e extent, stamp int64) (position, error) {
	b := takeBlock()
	defer b.release()
	segment := e.end.segment
	for {
		offset, err := s.searchSegment(segment, stamp, b)
		if err != nil || offset > 0 {
			return position{segment, offset}, err
		}
		previous, ok := e.before(segment)
		if !ok {
			return position{segment: segment}, nil
		}
		segment = previous
	}
}

func (s *store) searchSegment(number int, stamp int64, b *block) (int64, error) {
	f, err := s.openSegment(number)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, sentence("read", s.path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, sentence("read", f.Name(), err)
	}
	p := probe{file: f, block: b}
	low, high := int64(0), info.Size()
	for low < high { // what begins before low is too early, what begins at high or after is not
		middle := low + (high-low)/2
		found, end, ok, err := p.record(middle)
		switch {
		case err != nil:
			return 0, sentence("read", f.Name(), err)
		case ok && found < stamp:
			low = end
		default:
			high = middle
		}
	}
	return low, nil
}

// probe reads single records.
type probe struct {
	file  *os.File
	block *block
	parse parser
}

// record returns the stamp and the end of the first record that begins at or after a place.
func (p *probe) record(from int64) (stamp, end int64, ok bool, err error) {
	start := max(from-1, 0) // a record begins behind a newline
	for _, size := range []int{4 << 10, blockSize} {
		n, err := p.file.ReadAt(p.block[:size], start)
		if err != nil && err != io.EOF {
			return 0, 0, false, err
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
				return r.stamp, start + int64(i), true, nil
			}
		}
		if n < size {
			break
		}
	}
	return 0, 0, false, nil
}
