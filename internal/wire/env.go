package wire

import (
	"github.com/locald/locald/internal/bytestr"
)

// EnvRequest asks for the environment of one service, or of the project.
type EnvRequest struct {
	Dir    bytestr.String `json:"dir"`
	Target string         `json:"target,omitempty"`
	Env    Environ        `json:"env,omitempty"`
	// Lease gives the services that have no ports theirs now, for a command that is about to
	// run.
	Lease bool `json:"lease,omitempty"`
}

// EnvReply is sorted by name.
type EnvReply struct {
	Project  string         `json:"project"`
	Service  string         `json:"service,omitempty"`
	Root     bytestr.String `json:"root"`
	Vars     []Var          `json:"vars"`
	Warnings []string       `json:"warnings,omitempty"`
}

// Var is one variable and which source set it.
type Var struct {
	Name   string         `json:"name"`
	Value  bytestr.String `json:"value"`
	Source string         `json:"source"`
	// Overrode are the sources whose value this one hides, lowest first.
	Overrode []string `json:"overrode,omitempty"`
}
