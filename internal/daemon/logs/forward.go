package logs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// forward reads a log's records from a place on, up to an end that its owner moves on. It is the
// only thing that knows how far a reader has got: the lines of the past and those that are followed
// come through the same one.
type forward struct {
	store  *store
	extent extent // up to where to read in this round

	at      position // the next byte to read from the file
	file    *os.File // of at's segment, nil if it is not open
	block   *block   // nil while there is nothing to read
	r, w    int      // what of block is unread
	gap     bool     // what followed at's segment was removed before it could be read
	skipped bool     // such a gap has been passed, and nobody was told yet
	left    place    // where it begins; only while skipped is set
	parse   parser

	length      int   // of the last record's line, with its newline
	prior, last int64 // stamps of the last record but one, and of the last one
}

// place is a position with what it can be recognized by in another life of the daemon, when
// segments may be numbered anew, or somebody may have deleted them.
type place struct {
	position
	stamp int64 // of the record before it, 0 if there is none
}

// unknown is the stamp of the record before a place that was not come to by reading.
const unknown = -1

// here is where what was not read yet begins.
func (f *forward) here() place {
	return place{position{f.at.segment, f.at.offset - int64(f.w-f.r)}, f.last}
}

// begin is where the last record begins.
func (f *forward) begin() place {
	at := f.here()
	return place{position{at.segment, at.offset - int64(f.length)}, f.prior}
}

// next returns the next record, or false at the end of this round. Its text is valid until reuse is
// called, which is before the memory it is in is overwritten.
func (f *forward) next(reuse func() error) (record, bool, error) {
	for {
		if i := f.newline(); i >= 0 {
			line := f.block[f.r : f.r+i]
			f.r += i + 1
			if r, ok := f.parse.parse(line); ok {
				f.length, f.prior, f.last = i+1, f.last, r.stamp
				return r, true, nil
			}
			continue
		}
		if !f.at.before(f.extent.end) {
			return record{}, false, nil
		}
		if err := reuse(); err != nil {
			return record{}, false, err
		}
		if more, err := f.load(); err != nil || !more {
			return record{}, false, err
		}
	}
}

func (f *forward) newline() int {
	if f.block == nil {
		return -1
	}
	return bytes.IndexByte(f.block[f.r:f.w], '\n')
}

// load reads on into the block, from the next segment where this one is through.
func (f *forward) load() (bool, error) {
	f.makeRoom()
	for f.at.before(f.extent.end) {
		if f.file == nil {
			if err := f.openSegment(); err != nil {
				return false, err
			}
			continue
		}
		room := int64(blockSize - f.w)
		if f.at.segment == f.extent.end.segment {
			room = min(room, f.extent.end.offset-f.at.offset)
		}
		n, err := f.file.ReadAt(f.block[f.w:f.w+int(room)], f.at.offset)
		if n > 0 {
			f.w += n
			f.at.offset += int64(n)
			return true, nil
		}
		if err != io.EOF {
			return false, sentence("read", f.file.Name(), err)
		}
		if f.at.segment == f.extent.end.segment {
			f.store.distrust(f.at.segment) // somebody emptied the file under its writer
			return false, nil
		}
		f.jump(f.extent.after(f.at.segment))
	}
	return false, nil
}

// makeRoom moves the beginning of a record that is not read yet to the start of the block.
func (f *forward) makeRoom() {
	if f.block == nil {
		f.block = takeBlock()
	}
	f.w = copy(f.block[:], f.block[f.r:f.w])
	f.r = 0
	if f.w == blockSize {
		f.w = 0 // longer than any record: damage, which is skipped
	}
}

func (f *forward) openSegment() error {
	file, err := f.store.openSegment(f.at.segment)
	switch {
	case err == nil && scarce(file):
		file.Close()
		return errScarce
	case err == nil:
		f.file = file
	case !errors.Is(err, fs.ErrNotExist):
		return sentence("read", f.store.path, err)
	case f.at.segment == f.extent.end.segment:
		f.miss()
		f.store.distrust(f.at.segment)
		f.at = f.extent.end
	default:
		f.miss()
		f.jump(f.extent.after(f.at.segment))
	}
	return nil
}

// reserve is how many descriptors those who read logs leave to services and commands, or an eighth
// where there are few: two hundred followers of ten services would take all of them.
const reserve = 64

var errScarce = errors.New("cannot read the logs: the file descriptors that the daemon may have " +
	"are nearly used up; end some of those who follow logs (locald logs -f)")

// scarce reports whether a file that has just been opened has one of the last numbers: the kernel
// gives the lowest that is free.
func scarce(f *os.File) bool {
	var limit syscall.Rlimit
	conn, err := f.SyscallConn()
	if err != nil || syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return false
	}
	last := false
	_ = conn.Control(func(fd uintptr) {
		last = uint64(fd)+min(reserve, uint64(limit.Cur)/8) >= uint64(limit.Cur)
	})
	return last
}

// miss notes that records are gone that stood from here on.
func (f *forward) miss() {
	if !f.skipped {
		f.skipped, f.left = true, f.here()
	}
}

func (f *forward) jump(segment int) {
	if f.gap {
		f.miss()
	}
	f.closeFile()
	f.gap = false
	f.at = position{segment: segment}
	f.r, f.w = 0, 0
}

// extend moves the end of the round. Segments that a slow reader had still before it may have been
// removed since.
func (f *forward) extend(e extent) {
	if f.at.segment == 0 {
		f.at, f.extent = e.first(), e
		return
	}
	next := f.at.segment + 1
	if f.at.segment < f.extent.end.segment {
		next = f.extent.after(f.at.segment)
	}
	if f.at.segment < e.end.segment && e.after(f.at.segment) > next {
		f.gap = true
	}
	f.extent = e
}

// seek moves to where a record begins. The file stays open when it is the same one.
func (f *forward) seek(to position) {
	if to.segment != f.at.segment {
		f.closeFile()
	}
	f.at = to
	f.r, f.w = 0, 0
	f.prior, f.last = unknown, unknown
}

// rest gives the block back until there is something to read again.
func (f *forward) rest() {
	if f.block != nil && f.r == f.w {
		f.block.release()
		f.block, f.r, f.w = nil, 0, 0
	}
}

func (f *forward) close() {
	f.at = f.here().position
	f.r, f.w = 0, 0
	f.rest()
	f.closeFile()
}

func (f *forward) closeFile() {
	if f.file != nil {
		f.file.Close()
		f.file = nil
	}
}
