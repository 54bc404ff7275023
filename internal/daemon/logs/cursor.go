package logs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
)

// cursor reads a log's records forwards, up to an end that its owner moves on. It is the only thing that knows how far
// a reader has got: the lines of the past and those that are followed come through the same cursor.
type cursor struct {
	store  *store
	extent extent // up to where to read in this round

	at      position // the next byte to read from the file
	file    *os.File // of at's segment, nil if it is not open
	block   *block   // nil while there is nothing to read
	r, w    int      // what of block is unread
	gap     bool     // what followed at's segment was removed before it could be read
	skipped bool     // such a gap has been passed, and nobody was told yet
	parse   parser
}

// next returns the next record, or false at the end of this round. Its text is valid until reuse is called, which is
// before the memory it is in is overwritten.
func (c *cursor) next(reuse func() error) (record, bool, error) {
	for {
		if i := c.newline(); i >= 0 {
			line := c.block[c.r : c.r+i]
			c.r += i + 1
			if r, ok := c.parse.parse(line); ok {
				return r, true, nil
			}
			continue
		}
		if !c.at.before(c.extent.end) {
			return record{}, false, nil
		}
		if err := reuse(); err != nil {
			return record{}, false, err
		}
		if more, err := c.load(); err != nil || !more {
			return record{}, false, err
		}
	}
}

func (c *cursor) newline() int {
	if c.block == nil {
		return -1
	}
	return bytes.IndexByte(c.block[c.r:c.w], '\n')
}

// load reads on into the block, from the next segment where this one is through.
func (c *cursor) load() (bool, error) {
	c.makeRoom()
	for c.at.before(c.extent.end) {
		if c.file == nil {
			if err := c.openSegment(); err != nil {
				return false, err
			}
			continue
		}
		room := int64(blockSize - c.w)
		if c.at.segment == c.extent.end.segment {
			room = min(room, c.extent.end.offset-c.at.offset)
		}
		n, err := c.file.ReadAt(c.block[c.w:c.w+int(room)], c.at.offset)
		if n > 0 {
			c.w += n
			c.at.offset += int64(n)
			return true, nil
		}
		if err != io.EOF {
			return false, sentence("read", c.file.Name(), err)
		}
		if c.at.segment == c.extent.end.segment {
			c.store.distrust(c.at.segment) // somebody emptied the file under its writer
			return false, nil
		}
		c.jump(c.extent.after(c.at.segment))
	}
	return false, nil
}

// makeRoom moves the beginning of a record that is not read yet to the start of the block.
func (c *cursor) makeRoom() {
	if c.block == nil {
		c.block = takeBlock()
	}
	c.w = copy(c.block[:], c.block[c.r:c.w])
	c.r = 0
	if c.w == blockSize {
		c.w = 0 // longer than any record: damage, which is skipped
	}
}

func (c *cursor) openSegment() error {
	f, err := c.store.openSegment(c.at.segment)
	switch {
	case err == nil:
		c.file = f
	case !errors.Is(err, fs.ErrNotExist):
		return sentence("read", c.store.path, err)
	case c.at.segment == c.extent.end.segment:
		c.skipped = true
		c.store.distrust(c.at.segment)
		c.at = c.extent.end
	default:
		c.skipped = true
		c.jump(c.extent.after(c.at.segment))
	}
	return nil
}

func (c *cursor) jump(segment int) {
	c.closeFile()
	c.skipped, c.gap = c.skipped || c.gap, false
	c.at = position{segment: segment}
	c.r, c.w = 0, 0
}

// extend moves the end of the round. Segments that a slow reader had still before it may have been removed since.
func (c *cursor) extend(e extent) {
	if c.at.segment == 0 {
		c.at, c.extent = e.first(), e
		return
	}
	next := c.at.segment + 1
	if c.at.segment < c.extent.end.segment {
		next = c.extent.after(c.at.segment)
	}
	if c.at.segment < e.end.segment && e.after(c.at.segment) > next {
		c.gap = true
	}
	c.extent = e
}

// seek moves to where a record begins. The file stays open when it is the same one.
func (c *cursor) seek(to position) {
	if to.segment != c.at.segment {
		c.closeFile()
	}
	c.at = to
	c.r, c.w = 0, 0
}

// rest gives the block back until there is something to read again.
func (c *cursor) rest() {
	if c.block != nil && c.r == c.w {
		c.block.release()
		c.block, c.r, c.w = nil, 0, 0
	}
}

func (c *cursor) close() {
	c.r, c.w = 0, 0
	c.rest()
	c.closeFile()
}

func (c *cursor) closeFile() {
	if c.file != nil {
		c.file.Close()
		c.file = nil
	}
}
