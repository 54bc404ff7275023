package wire

import (
	"time"

	"github.com/locald/locald/internal/bytestr"
)

// The versions of the protocol that this build speaks.
const (
	ProtoMin = 1
	ProtoMax = 1
)

// Hello is the first frame in each direction, as {"hello": …}.
type Hello struct {
	// The client says what it speaks, the daemon (Proto) what will be spoken.
	ProtoMin int    `json:"proto_min,omitempty"`
	ProtoMax int    `json:"proto_max,omitempty"`
	Proto    int    `json:"proto,omitempty"`
	Version  string `json:"version"`
	PID      int    `json:"pid"`
	// Data is the data directory. A client that names another one than the
	// daemon's is refused: it has found somebody else's socket.
	Data    bytestr.String `json:"data,omitempty"`
	Started *time.Time     `json:"started,omitempty"` // the daemon's start
	Log     bytestr.String `json:"log,omitempty"`     // the daemon's own log
	// Stopping: the daemon is on its way out and does nothing that is asked of it any more. It
	// closes the connection when it ends.
	Stopping bool `json:"stopping,omitempty"`
}
