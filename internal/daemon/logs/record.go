package logs

import (
	"strconv"
	"time"
)

const (
	// maxText is the longest text of one record, in bytes. Longer lines are cut.
	maxText = 64 << 10

	stampLayout = "2006-01-02T15:04:05.000Z"
	stampLen    = len(stampLayout)
	maxHead     = stampLen + len(" 9223372036854775807 o= ")
)

// Source says where captured bytes come from. It is the first byte of a record's mark.
type Source byte

const (
	Output Source = 'o' // a terminal, or the standard output
	Stderr Source = 'e'

	notice Source = 'd' // the daemon's own voice
)

func (s Source) stream() string {
	switch s {
	case Stderr:
		return "stderr"
	case notice:
		return "locald"
	default:
		return "stdout"
	}
}

// kind says how a record is to be joined. It is the second byte of a record's mark.
type kind byte

const (
	whole   kind = '='  // a line
	begin   kind = '('  // an unfinished line begins
	proceed kind = '-'  // it goes on, still unfinished
	finish  kind = ')'  // it goes on and ends
	piece   kind = '\\' // a part of a line that is too long, shown as a line of its own
)

// record is one line of a segment.
type record struct {
	stamp  int64 // Unix time, milliseconds
	run    int
	source Source
	kind   kind
	text   []byte // part of the line that was parsed
}

// clock makes stamps: milliseconds that never go backwards, formatted once for all records that
// share one.
type clock struct {
	now  int64 // Unix time, milliseconds
	text [stampLen]byte
}

func (c *clock) advance(ms int64) {
	if ms <= c.now {
		return
	}
	c.now = ms
	var b [2 * stampLen]byte // AppendFormat needs more room than what it returns
	copy(c.text[:], time.UnixMilli(ms).UTC().AppendFormat(b[:0], stampLayout))
}

// appendHead appends all of a record that stands before its text. The last but one byte is the
// kind.
func appendHead(b []byte, c *clock, run int, src Source) []byte {
	b = append(b, c.text[:]...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(run), 10)
	return append(b, ' ', byte(src), byte(whole), ' ')
}

// parser reads records. It remembers the last stamp, since most records share theirs with the one
// before.
type parser struct {
	text  [stampLen]byte
	stamp int64
}

// parse reads one line without its newline. What is not a record (a file that was damaged or
// edited) is refused.
func (p *parser) parse(line []byte) (record, bool) {
	if len(line) < stampLen+len(" 1 o= ") || line[stampLen] != ' ' {
		return record{}, false
	}
	if string(line[:stampLen]) != string(p.text[:]) {
		stamp, ok := parseStamp(line[:stampLen])
		if !ok {
			return record{}, false
		}
		copy(p.text[:], line)
		p.stamp = stamp
	}
	run, rest, ok := parseRun(line[stampLen+1:])
	if !ok || len(rest) < len(" o= ") || rest[0] != ' ' || rest[3] != ' ' {
		return record{}, false
	}
	r := record{
		stamp: p.stamp, run: run, source: Source(rest[1]), kind: kind(rest[2]), text: rest[4:],
	}
	return r, r.valid()
}

func (r record) valid() bool {
	switch r.source {
	case Output, Stderr, notice:
	default:
		return false
	}
	switch r.kind {
	case whole, begin, proceed, finish, piece:
		return true
	default:
		return false
	}
}

func parseRun(b []byte) (run int, rest []byte, ok bool) {
	i := 0
	for ; i < len(b) && i < 18 && '0' <= b[i] && b[i] <= '9'; i++ {
		run = run*10 + int(b[i]-'0')
	}
	return run, b[i:], i > 0
}

// parseStamp reads stampLayout. It is written out because time.Parse takes ten times as long, and a
// search or a merge does it for every millisecond of the log.
func parseStamp(b []byte) (int64, bool) {
	if len(b) != stampLen || b[4] != '-' || b[7] != '-' || b[10] != 'T' || b[13] != ':' ||
		b[16] != ':' || b[19] != '.' || b[23] != 'Z' {
		return 0, false
	}
	ok := true
	number := func(from, to int) (n int) {
		for _, c := range b[from:to] {
			ok = ok && '0' <= c && c <= '9'
			n = n*10 + int(c-'0')
		}
		return n
	}
	year, month, day := number(0, 4), number(5, 7), number(8, 10)
	hour, minute, second, ms := number(11, 13), number(14, 16), number(17, 19), number(20, 23)
	if !ok || month < 1 || month > 12 || day < 1 || day > 31 ||
		hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	t := time.Date(
		year, time.Month(month), day, hour, minute, second, ms*int(time.Millisecond), time.UTC,
	)
	return t.UnixMilli(), t.Day() == day
}
