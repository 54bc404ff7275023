package wire

import (
	"github.com/locald/locald/internal/bytestr"
)

// AtRequest says: this shell is now at Root, or (Root empty) in no project.
type AtRequest struct {
	PID   int            `json:"pid"`
	Start uint64         `json:"start"` // its start time, as procid reads it
	Root  bytestr.String `json:"root"`
	// Namespace is the PID namespace in which PID is meant, as procid reads it; absent outside of
	// containers.
	Namespace string  `json:"namespace,omitempty"`
	Env       Environ `json:"env,omitempty"`
}

// AtReply is what to tell the person at the prompt, line by line. Often nothing.
type AtReply struct {
	Say []string `json:"say,omitempty"`
}
