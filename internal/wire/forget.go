package wire

import (
	"github.com/locald/locald/internal/bytestr"
)

// ForgetRequest drops projects: those named, every one that is gone, or the one around
// Dir. Unless Sure it only says which.
type ForgetRequest struct {
	Dir   bytestr.String `json:"dir"`
	Names []string       `json:"names,omitempty"`
	Gone  bool           `json:"gone,omitempty"`
	Sure  bool           `json:"sure,omitempty"`
}

// ForgetReply names what is dropped.
type ForgetReply struct {
	Projects []Forgotten `json:"projects"`
}

// Forgotten is one project that is dropped.
type Forgotten struct {
	Name string         `json:"name"`
	Root bytestr.String `json:"root"`
	Gone bool           `json:"gone"` // its directory or Procfile is
}
