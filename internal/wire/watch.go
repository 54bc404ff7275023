package wire

import "github.com/locald/locald/internal/bytestr"

// WatchEvent is what has become of the projects that are watched. Each is shown as a whole, as in a
// status: a client that keeps the last picture of each project, and drops the forgotten ones, has
// the whole truth. The first event has all of them, as far as they fit into a frame.
type WatchEvent struct {
	// Revision is 1 in the first event and one more in each that follows. How many changes an event
	// sums up is not told.
	Revision int64     `json:"revision"`
	Projects []Project `json:"projects"`
	// More says that the next event has what did not fit into this one.
	More      bool             `json:"more,omitempty"`
	Forgotten []bytestr.String `json:"forgotten,omitempty"` // their roots
}
