package logs

import "bytes"

// escape recognises control sequences (ECMA-48) byte by byte. It keeps only the parameters of a CSI
// sequence.
type escape struct {
	state  state
	length int // bytes taken since the sequence began
	params [maxColour]byte
	kept   int // how many of params are in use
}

type state byte

const (
	ground   state = iota // no sequence
	escaped               // after ESC
	charset               // after ESC and an intermediate byte
	csi                   // after CSI, until a final byte
	stringed              // after OSC, DCS, APC, PM or SOS, until ST or BEL
)

// outcome is what a byte of a sequence amounts to.
type outcome byte

const (
	dropped   outcome = iota // part of something that goes
	aborted                  // not part of the sequence, which is over
	colour                   // the end of a colour (SGR) sequence
	lineStart                // the end of a sequence that goes back to the line's start
)

const (
	maxColour = 64 // a longer colour sequence is none that a program would send

	// A sequence that does not end is given up after this, and the rest is text: a stray byte must
	// not swallow a log.
	maxSequence = 4 << 10
	maxString   = 1 << 20 // an image in a terminal's own format is one sequence
)

func (e *escape) start() {
	e.state, e.length, e.kept = escaped, 0, 0
}

// begin takes the byte after ESC.
func (e *escape) begin(c byte) outcome {
	e.start()
	return e.next(c)
}

func (e *escape) next(c byte) outcome {
	e.length++
	switch e.state {
	case csi:
		return e.nextCSI(c)
	case stringed:
		return e.nextString(c)
	case charset:
		return e.nextCharset(c)
	default:
		return e.nextEscaped(c)
	}
}

func (e *escape) nextEscaped(c byte) outcome {
	switch {
	case c == 0x1b:
		e.start()
	case c == '[':
		e.state = csi
	case bytes.IndexByte([]byte("]PX^_"), c) >= 0:
		e.state = stringed
	case 0x20 <= c && c <= 0x2f:
		e.state = charset
	case 0x30 <= c && c <= 0x7e:
		e.state = ground
	default:
		return e.abort()
	}
	return dropped
}

func (e *escape) nextCharset(c byte) outcome {
	switch {
	case 0x30 <= c && c <= 0x7e:
		e.state = ground
	case c < 0x20 || c > 0x2f || e.length > maxSequence:
		return e.abort()
	}
	return dropped
}

func (e *escape) nextCSI(c byte) outcome {
	switch {
	case 0x40 <= c && c <= 0x7e:
		e.state = ground
		return e.final(c)
	case c < 0x20 || c > 0x3f || e.length > maxSequence:
		return e.abort()
	}
	if e.kept < len(e.params) {
		e.params[e.kept] = c
		e.kept++
	}
	return dropped
}

func (e *escape) final(c byte) outcome {
	switch params := string(e.params[:e.kept]); {
	case c == 'm' && e.kept+len("\x1b[m") <= maxColour && numbersOnly(e.params[:e.kept]):
		return colour
	// The cursor goes to column 1, or the whole line is erased: spinners send the second before or
	// after the first.
	case c == 'G' && (params == "" || params == "0" || params == "1"),
		c == 'K' && params == "2":
		return lineStart
	}
	return dropped
}

// numbersOnly is false for private sequences that end like a colour but set a keyboard mode.
func numbersOnly(params []byte) bool {
	for _, c := range params {
		if c < '0' || c > ';' {
			return false
		}
	}
	return true
}

func (e *escape) nextString(c byte) outcome {
	switch {
	case c == 0x1b: // ST is ESC \, and any other sequence ends the string as well
		e.start()
	case c == 0x07, c == 0x18, c == 0x1a: // BEL, CAN, SUB
		e.state = ground
	case e.length > maxString:
		return e.abort()
	}
	return dropped
}

func (e *escape) abort() outcome {
	e.state = ground
	return aborted
}

// text returns the colour sequence that has just ended, in its seven bit form.
func (e *escape) text() []byte {
	b := make([]byte, 0, maxColour)
	b = append(b, "\x1b["...)
	b = append(b, e.params[:e.kept]...)
	return append(b, 'm')
}

// trailingColour returns the length of a colour sequence at the end of b, 0 where there is none.
func trailingColour(b []byte) int {
	if len(b) == 0 || b[len(b)-1] != 'm' {
		return 0
	}
	near := b[max(len(b)-maxColour, 0):]
	i := bytes.LastIndexByte(near, 0x1b)
	if i < 0 || bytes.IndexByte(near[i:], 'm') != len(near)-1-i {
		return 0
	}
	return len(near) - i
}
