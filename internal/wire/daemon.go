package wire

import (
	"time"

	"github.com/locald/locald/internal/bytestr"
)

// DaemonReply is what `locald daemon status --json` prints of a live daemon.
type DaemonReply struct {
	PID      int            `json:"pid"`
	Version  string         `json:"version"`
	Started  time.Time      `json:"started"`
	Socket   bytestr.String `json:"socket"`
	Log      bytestr.String `json:"log"`
	Data     bytestr.String `json:"data"`
	Projects int            `json:"projects"` // wanted
	Services int            `json:"services"` // alive
	Shells   []Shell        `json:"shells"`   // whose hooks it has heard
	Stopping bool           `json:"stopping,omitempty"`
	// Panics are the requests that ended in one. The daemon went on.
	Panics int64 `json:"panics,omitempty"`
}

// Shell is a live shell, and where it last said to be.
type Shell struct {
	PID   int            `json:"pid"`
	Start uint64         `json:"start"` // its start time, as procid reads it
	Root  bytestr.String `json:"root"`  // "" in no project
}

// StopRequest ends the daemon. Keep leaves wanted what is up, for the next
// daemon to start again.
type StopRequest struct {
	Keep bool `json:"keep,omitempty"`
}

// StopReply is sent when every service has ended; the connection closes when
// the daemon has gone.
type StopReply struct {
	PID     int      `json:"pid"`
	Stopped []string `json:"stopped"`
}
