package logs

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
)

// Cursor says what a reader was given so far: for every service how far its log was looked at. It
// is printable, needs no escaping in a URL or in JSON, and means something to this package alone.
// The empty one says that nothing was read.
//
// It holds some 20 bytes for a service, a few more while a line of it is unfinished.
type Cursor string

// cursorVersion is what every cursor begins with.
const cursorVersion = "1:"

// maxCursor is the longest cursor that is looked at: one of more than 10,000 services.
const maxCursor = 1 << 20

// checkLen is the length of the sum at the end. Cursors are copied by people and by programs that
// make mistakes, and one that is not whole must not be taken for another.
const checkLen = 4

// serviceID stands for a service of a project. Names would make a cursor longer than all the rest.
type serviceID [6]byte

// id is made of the names on the disk, which last as long as the log does.
func (l *Log) id() serviceID {
	dir, file := filepath.Split(l.store.path)
	sum := sha256.Sum256([]byte(filepath.Join(filepath.Base(dir), file)))
	return serviceID(sum[:])
}

// makeCursor writes marks in the order of their services, so that the same marks are one cursor:
//
//	newest stamp, then for each: id, segment, offset, age, flags and threads; then the sum
//
// Numbers are varints. The age is by how much the stamp is older than the newest one, plus 1; it is
// 0 where there is no stamp.
func makeCursor(marks map[serviceID]mark) Cursor {
	var newest int64
	for _, m := range marks {
		newest = max(newest, m.stamp)
	}
	b := binary.AppendUvarint(make([]byte, 0, 32+24*len(marks)), uint64(newest))
	order := slices.Collect(maps.Keys(marks))
	slices.SortFunc(order, func(a, b serviceID) int { return bytes.Compare(a[:], b[:]) })
	for _, id := range order {
		b = appendMark(append(b, id[:]...), marks[id], newest)
	}
	b = append(b, check(b)...)
	return cursorVersion + Cursor(base64.RawURLEncoding.EncodeToString(b))
}

func check(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:checkLen]
}

// What the flags say of the first thread. Those of the second are threadBits higher.
const (
	flagOpen = 1 << iota
	flagGiven
	flagPending

	threadBits = 3
)

func appendMark(b []byte, m mark, newest int64) []byte {
	age := uint64(0)
	if m.stamp > 0 {
		age = uint64(newest-m.stamp) + 1
	}
	for _, n := range []uint64{uint64(m.segment), uint64(m.offset), age} {
		b = binary.AppendUvarint(b, n)
	}
	b = append(b, m.threads[0].flags()|m.threads[1].flags()<<threadBits)
	for _, t := range m.threads {
		if t.open {
			b = binary.AppendUvarint(b, uint64(t.run))
		}
		if t.pending() {
			b = binary.AppendUvarint(b, uint64(m.segment-t.from.segment))
			b = binary.AppendUvarint(b, uint64(t.from.offset))
		}
	}
	return b
}

func (t thread) flags() (f byte) {
	if t.open {
		f |= flagOpen
	}
	if t.given {
		f |= flagGiven
	}
	if t.pending() {
		f |= flagPending
	}
	return f
}

// parse refuses what makeCursor has not made.
func (c Cursor) parse() (map[serviceID]mark, error) {
	marks, err := c.marks()
	if err != nil {
		shown := string(c)
		if len(shown) > 24 {
			shown = shown[:24] + "…"
		}
		return nil, fmt.Errorf("cannot use the cursor %q: %w", shown, err)
	}
	return marks, nil
}

var errCursorDamaged = errors.New("it is damaged, or not all of it")

func (c Cursor) marks() (map[serviceID]mark, error) {
	if len(c) > maxCursor {
		return nil, errors.New("it is too long")
	}
	version, text, ok := strings.Cut(string(c), ":")
	if !ok {
		return nil, errors.New("that is not what a cursor looks like")
	}
	if version+":" != cursorVersion {
		return nil, errors.New("another version of locald made it")
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < checkLen || strings.ContainsAny(text, "\r\n") { // base64 skips those
		return nil, errCursorDamaged
	}
	b, sum := b[:len(b)-checkLen], b[len(b)-checkLen:]
	if !bytes.Equal(sum, check(b)) {
		return nil, errCursorDamaged
	}
	d := decoder{rest: b}
	marks := d.marks()
	if d.failed {
		return nil, errCursorDamaged
	}
	return marks, nil
}

// decoder takes a cursor's bytes apart. What it returns once it has failed means nothing.
type decoder struct {
	rest   []byte
	failed bool
}

func (d *decoder) marks() map[serviceID]mark {
	marks := map[serviceID]mark{}
	newest := d.number(math.MaxInt64)
	for len(d.rest) > 0 && !d.failed {
		id := serviceID(d.take(len(serviceID{})))
		marks[id] = d.mark(newest)
	}
	return marks
}

func (d *decoder) mark(newest int64) mark {
	var m mark
	m.segment = int(d.number(math.MaxInt))
	m.offset = d.number(math.MaxInt64)
	d.failed = d.failed || m.segment < 1
	if age := d.number(newest); age > 0 {
		m.stamp = newest - age + 1
	}
	flags := d.take(1)[0]
	d.failed = d.failed || flags>>(2*threadBits) != 0
	for i := range m.threads {
		m.threads[i] = d.thread(flags>>(i*threadBits), m.position)
	}
	return m
}

func (d *decoder) thread(flags byte, at position) thread {
	t := thread{open: flags&flagOpen != 0, given: flags&flagGiven != 0}
	pending := flags&flagPending != 0
	d.failed = d.failed || !t.open && (t.given || pending)
	if t.open {
		t.run = int(d.number(math.MaxInt))
	}
	if pending {
		back := d.number(int64(at.segment))
		t.from = position{at.segment - int(back), d.number(math.MaxInt64)}
		d.failed = d.failed || !t.from.before(at) || t.from == position{}
	}
	return t
}

func (d *decoder) number(most int64) int64 {
	n, length := binary.Uvarint(d.rest)
	if length <= 0 || n > uint64(most) {
		d.failed = true
		return 0
	}
	d.rest = d.rest[length:]
	return int64(n)
}

func (d *decoder) take(n int) []byte {
	if len(d.rest) < n {
		d.failed = true
		d.rest = nil
		return make([]byte, n)
	}
	taken := d.rest[:n]
	d.rest = d.rest[n:]
	return taken
}

// maxCarried is how many services that a reader does not read stay in its cursor. There is no end
// to the services that there have been; the ones that were silent for longest are given up.
const maxCarried = 1000

// carry adds to marks those of services that were not read now.
func carry(marks, earlier map[serviceID]mark) {
	var others []serviceID
	for id := range earlier {
		if _, read := marks[id]; !read {
			others = append(others, id)
		}
	}
	slices.SortFunc(others, func(a, b serviceID) int {
		return cmp.Or(cmp.Compare(earlier[b].stamp, earlier[a].stamp), bytes.Compare(a[:], b[:]))
	})
	for _, id := range others[:min(len(others), maxCarried)] {
		marks[id] = earlier[id]
	}
}
