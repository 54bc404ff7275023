package logs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
)

// backward reads a log's records from its end to its beginning, a block at a time.
type backward struct {
	store  *store
	extent extent
	at     position // the record before this place is the next one
	file   *os.File // of at's segment, nil if it is not open
	block  *block
	from   int64 // where in the segment the block begins
	length int   // of the last record's line, with its newline
	parse  parser
}

func newBackward(s *store, e extent) *backward {
	return &backward{store: s, extent: e, at: e.end, block: takeBlock(), from: e.end.offset}
}

func (b *backward) close() {
	b.closeFile()
	b.block.release()
}

func (b *backward) closeFile() {
	if b.file != nil {
		b.file.Close()
		b.file = nil
	}
}

// prev returns the record before the last one that it returned, and where it begins. Its text is
// valid until the next call.
func (b *backward) prev() (record, position, bool, error) {
	for {
		line, found, err := b.line()
		if err != nil || !found {
			return record{}, position{}, false, err
		}
		if r, ok := b.parse.parse(line); ok {
			b.length = len(line) + 1
			return r, b.at, true, nil
		}
	}
}

// line returns the line that ends at b.at, and moves there.
func (b *backward) line() (line []byte, found bool, err error) {
	for {
		if n := int(b.at.offset - b.from); n > 0 {
			text := b.block[:n-1] // without its newline
			start := bytes.LastIndexByte(text, '\n') + 1
			if start > 0 || b.from == 0 {
				b.at.offset = b.from + int64(start)
				return text[start:], true, nil
			}
			if n == blockSize {
				b.at.offset = b.from // longer than any record: damage, which is skipped
			}
		}
		if more, err := b.load(); err != nil || !more {
			return nil, false, err
		}
	}
}

// load fills the block with what stands before b.at.
func (b *backward) load() (bool, error) {
	for b.at.offset == 0 || b.file == nil {
		segment, size := b.at.segment, b.at.offset
		if size == 0 {
			previous, ok := b.extent.before(segment)
			if !ok {
				return false, nil
			}
			segment, size = previous, math.MaxInt64
		}
		end, err := b.openSegment(segment)
		if err != nil {
			return false, err
		}
		b.at = position{segment, min(size, end)}
	}
	b.from = max(b.at.offset-blockSize, 0)
	if _, err := b.file.ReadAt(b.block[:b.at.offset-b.from], b.from); err != nil && err != io.EOF {
		return false, sentence("read", b.file.Name(), err)
	}
	return true, nil
}

// openSegment opens a segment and returns its size. One that is gone counts as empty.
func (b *backward) openSegment(number int) (int64, error) {
	b.closeFile()
	f, err := b.store.openSegment(number)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, sentence("read", b.store.path, err)
	}
	b.file = f
	info, err := f.Stat()
	if err != nil {
		return 0, sentence("read", f.Name(), err)
	}
	return info.Size(), nil
}
