package wire

import (
	"github.com/locald/locald/internal/bytestr"
)

// AttachRequest asks for the terminal of one service. The answer is a stream of
// AttachEvent; meanwhile the client may send Keys.
type AttachRequest struct {
	Dir    bytestr.String `json:"dir"`
	Target string         `json:"target"` // "web", or "shop/web" of any project
	Size   *Size          `json:"size,omitempty"`
}

// Size is how much a terminal shows, in characters.
type Size struct {
	Rows uint16 `json:"rows"`
	Cols uint16 `json:"cols"`
}

// Keys is what an attached client sends, as {"in": …}: what was typed, or the
// new size of its window.
type Keys struct {
	Typed bytestr.String `json:"typed,omitempty"`
	Size  *Size          `json:"size,omitempty"`
}

// AttachEvent is what the terminal shows next. The first one, without Shown,
// says which run it is.
type AttachEvent struct {
	Project string         `json:"project,omitempty"`
	Service string         `json:"service,omitempty"`
	Run     int            `json:"run,omitempty"`
	Shown   bytestr.String `json:"shown,omitempty"`
	Lost    int            `json:"lost,omitempty"` // so many bytes before it were read too slowly
}

// AttachReply says how the run ended.
type AttachReply struct {
	Exit *Exit `json:"exit"`
}
